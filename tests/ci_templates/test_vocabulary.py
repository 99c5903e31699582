"""One vocabulary, three spellings: every template says the same words with the same defaults."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from anchore_gate.cli.options import BY_NAME
from anchore_gate.image.dockerfile import load_dockerfile

TEMPLATES = Path(__file__).parents[2] / "ci-templates"
DOCUMENT = json.loads((TEMPLATES / "inputs.json").read_text())
INPUTS: dict[str, dict[str, Any]] = {one["name"]: one for one in DOCUMENT["inputs"]}


def camel(name: str) -> str:
    first, *rest = name.split("-")
    return first + "".join(word.capitalize() for word in rest)


def yaml_inputs(text: str, indent: str) -> dict[str, str]:
    """Names and defaults of an `inputs:` section, as these templates write it."""
    found: dict[str, str] = {}
    name = ""
    section = text.split("inputs:\n", 1)[1]
    for line in section.splitlines():
        if line.strip() and not line.startswith(indent):
            break
        if match := re.fullmatch(indent + r"([a-z][a-z_-]*):", line):
            name = match[1]
            found[name] = ""
        elif match := re.fullmatch(indent + r"  default: (.*)", line):
            found[name] = match[1].strip('"')
    return found


def test_the_command_line_knows_every_word_with_the_same_choices() -> None:
    for name, one in INPUTS.items():
        if name != "images":
            assert one["variable"] == BY_NAME[name].variable
            assert tuple(one["choices"]) == BY_NAME[name].choices


def test_the_command_line_has_the_same_defaults() -> None:
    differing = {"report-dir"}  # on a person's machine nothing is written unless asked
    for name, one in INPUTS.items():
        if name not in {"images", *differing} and BY_NAME[name].kind != "flag":
            assert one["default"] == BY_NAME[name].default, name


def test_github_has_the_same_words_and_defaults() -> None:
    inputs = yaml_inputs((TEMPLATES / "github" / "action.yml").read_text(), "  ")
    extra = set(DOCUMENT["templates"]["github"])
    assert set(inputs) - extra == set(INPUTS)
    assert all(inputs[name] == one["default"] for name, one in INPUTS.items())


def test_gitlab_has_the_same_words_and_defaults() -> None:
    inputs = yaml_inputs((TEMPLATES / "gitlab" / "anchore-gate.yml").read_text(), "    ")
    extra = set(DOCUMENT["templates"]["gitlab"])
    assert set(inputs) - extra == {name.replace("-", "_") for name in INPUTS}
    assert all(inputs[name.replace("-", "_")] == one["default"] for name, one in INPUTS.items())


def test_jenkins_has_the_same_words_and_defaults() -> None:
    text = (TEMPLATES / "jenkins" / "vars" / "anchoreGate.groovy").read_text()
    section = text.split("Map defaults = [", 1)[1].split("\n    ]", 1)[0]
    words = dict(re.findall(r"^ +(\w+): '?([^',]*)'?,", section, re.MULTILINE))
    extra = set(DOCUMENT["templates"]["jenkins"]) | {"onError"}
    assert set(words) - extra == {camel(name) for name in INPUTS if name != "on-error"}
    assert all(words[camel(name)] == one["default"] for name, one in INPUTS.items() if name != "on-error")


@pytest.mark.parametrize("template", ["github/action.yml", "gitlab/anchore-gate.yml"])
def test_no_input_reaches_a_script_as_text(template: str) -> None:
    text = (TEMPLATES / template).read_text()
    scripts = re.findall(r"^ *(?:- )?(?:run: .*|anchore-gate check.*|pip install.*)$", text, re.MULTILINE)
    assert scripts
    assert not [line for line in scripts if "inputs" in line]


def test_the_groovy_help_names_every_parameter() -> None:
    told = (TEMPLATES / "jenkins" / "vars" / "anchoreGate.txt").read_text()
    names = [camel(name) for name in INPUTS if name != "on-error"] + DOCUMENT["templates"]["jenkins"]
    assert [name for name in names if f"<dt>{name}</dt>" not in told] == []


def test_the_page_on_ci_has_every_word() -> None:
    page = (TEMPLATES.parent / "docs" / "ci.md").read_text()
    rows = re.findall(r"^\| ([a-z-]+) \| ([a-z_]+) \| (\w+)[^|]*\| `(\w+)` \| ([^|]*) \|", page, re.MULTILINE)
    assert [(name, variable, default) for name, _, _, variable, default in rows] == [
        (name, one["variable"], one["default"] or "-") for name, one in INPUTS.items()
    ]
    assert all(
        gitlab == name.replace("-", "_") and jenkins == camel(name) for name, gitlab, jenkins, *_ in rows
    )


def test_the_gates_own_dockerfile_is_what_it_asks_of_others() -> None:
    written = load_dockerfile(TEMPLATES.parent / "Dockerfile").instructions
    keywords = [one.keyword for one in written]
    assert "ADD" not in keywords
    assert [one.value for one in written if one.keyword == "USER"] == ["gate"]
    assert not [one for one in written if one.keyword == "EXPOSE"]
