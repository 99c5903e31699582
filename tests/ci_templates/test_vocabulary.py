"""One vocabulary, three spellings: every template says the same words with the same defaults."""

from __future__ import annotations

import importlib.util
import json
import re
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from ruamel.yaml import YAML

from anchore_gate.cli.check import GROUPS
from anchore_gate.cli.options import BY_NAME, OPTIONS, Setting, settle
from anchore_gate.model.result import GateRun
from anchore_gate.report.outputs import outputs
from anchore_gate.report.reporter import ReportOptions

TEMPLATES = Path(__file__).parents[2] / "ci-templates"
DOCUMENT = json.loads((TEMPLATES / "inputs.json").read_text())
INPUTS: dict[str, dict[str, Any]] = {one["name"]: one for one in DOCUMENT["inputs"]}


def camel(name: str) -> str:
    first, *rest = name.split("-")
    return first + "".join(word.capitalize() for word in rest)


def yaml_inputs(place: str) -> dict[str, dict[str, Any]]:
    """The declared inputs of a template."""
    document = next(iter(YAML(typ="safe", pure=True).load_all((TEMPLATES / place).read_text())))
    found: dict[str, dict[str, Any]] = document.get("spec", document)["inputs"]
    return found


@pytest.fixture(scope="module")
def fill() -> ModuleType:
    """The program that writes the words into the templates."""
    spec = importlib.util.spec_from_file_location("fill", TEMPLATES / "fill.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_template_has_the_words_as_the_data_file_has_them(fill: ModuleType) -> None:
    stale = [place for place in fill.PLACES if fill.filled(place) != (TEMPLATES / place).read_text()]
    assert stale == [], "run: python ci-templates/fill.py"
    template = TEMPLATES / "gitlab" / "anchore-gate.yml"
    assert (TEMPLATES / fill.COMPONENT).read_text() == template.read_text(), (
        "run: python ci-templates/fill.py"
    )


def test_every_option_of_check_is_a_word_or_left_out_with_a_reason() -> None:
    credentials = {one["name"] for one in DOCUMENT["credentials"]}
    known = set(INPUTS) | credentials | set(DOCUMENT["left_out"])
    assert {option.name for option in OPTIONS if option.group in GROUPS} == known
    assert credentials >= {option.name for option in OPTIONS if option.is_secret}


def test_the_command_line_knows_every_word_with_the_same_choices_and_defaults() -> None:
    for one in DOCUMENT["inputs"] + DOCUMENT["credentials"]:
        option = BY_NAME[one["name"]]
        default = "false" if option.kind == "flag" else option.default
        said = (one["variable"], one["kind"], tuple(one["choices"]), one["default"], one["help"])
        assert said == (option.variable, option.kind, option.choices, default, option.help)


def test_a_template_that_is_told_nothing_changes_no_setting() -> None:
    given = {one["variable"]: one["given"] for one in INPUTS.values()}
    file = {"fail-on": Setting("warn", "f.toml"), "timeout": Setting("60", "f.toml")}
    settings = settle({}, given, file, GROUPS)
    said = {option.name for option in OPTIONS if settings.origin(option.name) == option.variable}
    assert said == {"report-dir"}  # the template has to know where the reports are
    assert (settings.text("fail-on"), settings.text("timeout")) == ("warn", "60")


def test_github_has_the_same_words_and_defaults() -> None:
    inputs = yaml_inputs("github/action.yml")
    credentials = {one["name"] for one in DOCUMENT["credentials"]}
    assert set(inputs) - set(DOCUMENT["templates"]["github"]) == set(INPUTS) | credentials
    assert all(inputs[name]["default"] == one["given"] for name, one in INPUTS.items())


def test_gitlab_has_the_same_words_and_defaults() -> None:
    inputs = yaml_inputs("gitlab/anchore-gate.yml")
    extra = set(DOCUMENT["templates"]["gitlab"])
    assert set(inputs) - extra == {name.replace("-", "_") for name in INPUTS}
    for name, one in INPUTS.items():
        said = inputs[name.replace("-", "_")]
        words = ["true", "false"] if one["kind"] == "flag" else one["choices"]
        assert said["default"] == one["given"]
        assert said.get("options") == (["", *words] if words else None)


def test_jenkins_has_the_same_words_and_defaults() -> None:
    text = (TEMPLATES / "jenkins" / "vars" / "anchoreGate.groovy").read_text()
    section = text.split("Map defaults = [", 1)[1].split("\n    ]", 1)[0]
    words = dict(re.findall(r"^ +(\w+): '?([^',]*)'?,", section, re.MULTILINE))
    extra = set(DOCUMENT["templates"]["jenkins"]) | {"onError"}
    assert set(words) - extra == {camel(name) for name in INPUTS if name != "on-error"}
    assert all(words[camel(name)] == one["given"] for name, one in INPUTS.items() if name != "on-error")


def test_the_action_gives_every_output_that_the_gate_writes() -> None:
    document = YAML(typ="safe", pure=True).load((TEMPLATES / "github" / "action.yml").read_text())
    run = GateRun(results=(), version="1", started_at=datetime(2026, 1, 1, tzinfo=timezone.utc))
    assert list(document["outputs"]) == [name for name, _ in outputs(run, ReportOptions())]


@pytest.mark.parametrize("template", ["github/action.yml", "gitlab/anchore-gate.yml"])
def test_no_input_reaches_a_script_as_text(template: str) -> None:
    text = (TEMPLATES / template).read_text()
    scripts = re.findall(r"^ *(?:- )?(?:run: .*|anchore-gate check.*|pip install.*)$", text, re.MULTILINE)
    assert scripts
    assert not [line for line in scripts if "inputs" in line]


def test_the_action_finds_its_files_in_a_job_with_a_container() -> None:
    text = (TEMPLATES / "github" / "action.yml").read_text()
    told_by_the_host = re.findall(r"\$\{\{[^}]*(?:runner\.temp|github\.(?:action_path|workspace))", text)
    assert told_by_the_host == []


def test_the_groovy_help_names_every_parameter() -> None:
    told = (TEMPLATES / "jenkins" / "vars" / "anchoreGate.txt").read_text()
    names = [camel(name) for name in INPUTS if name != "on-error"] + DOCUMENT["templates"]["jenkins"]
    assert [name for name in names if f"<dt>{name}</dt>" not in told] == []


def words_of(value: Any, marker: str) -> Iterator[str]:
    """The words that an example gives to a template: the mapping beside what names it."""
    if isinstance(value, list):
        for item in value:
            yield from words_of(item, marker)
    elif isinstance(value, dict):
        if marker in f"{value.get('uses')}{value.get('file')}{value.get('local')}":
            yield from value.get("with") or value["inputs"]
        for item in value.values():
            yield from words_of(item, marker)


@pytest.mark.parametrize(
    ("pattern", "place"), [("github-*.yml", "github/action.yml"), ("gitlab-*.yml", "gitlab/anchore-gate.yml")]
)
def test_the_examples_use_no_word_that_a_template_does_not_know(pattern: str, place: str) -> None:
    known = set(yaml_inputs(place))
    for path in (TEMPLATES.parent / "examples" / "pipelines").glob(pattern):
        document = YAML(typ="safe", pure=True).load(path.read_text())
        used = set(words_of(document, f"ci-templates/{place.split('/action')[0]}"))
        assert used, path.name
        assert used <= known, path.name
