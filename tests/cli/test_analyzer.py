"""What is looked for in files, said in the config file."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from anchore_gate.cli import main
from anchore_gate.policy.settings import AnalyzerSettings, with_table
from tests.policy.support import bundle, rule
from tests.support.images import docker_archive, make_layer

MANUAL = Path(__file__).parents[2] / "docs" / "policies.md"
TABLE = """
[analyzer.secrets.expressions]
SLACK_TOKEN = 'xox[bp]-'
[analyzer.contents.expressions]
PASSWORD = '.*password'
[analyzer.retrieve]
files = ["/etc/passwd"]
"""
RULES = (
    rule("secret_scans", "content_regex_checks", "WARN", content_regex_name="SLACK_TOKEN"),
    rule("files", "content_regex_match", "WARN", regex_name="PASSWORD"),
    rule("retrieved_files", "content_not_available", "WARN", path="/etc/app"),
    rule("retrieved_files", "content_regex", "WARN", path="/etc/app", regex="xox", check="match"),
)


@pytest.fixture
def checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The words of a check here."""
    monkeypatch.chdir(tmp_path)
    image = docker_archive(tmp_path / "a.tar", [make_layer({"etc/app": "xoxb-1\nthe password\n"})])
    (tmp_path / "policy.json").write_text(json.dumps(bundle(*RULES)))
    return ["check", f"docker-archive:{image}", "--policy", "policy.json", "--format", "json=r.json"]


def messages() -> list[str]:
    return sorted(one["message"] for one in json.loads(Path("r.json").read_text())["results"][0]["findings"])


@pytest.mark.parametrize("name", [".anchore-gate.toml", "pyproject.toml"])
def test_the_config_file_says_what_is_looked_for(checked: list[str], name: str) -> None:
    text = TABLE if name.startswith(".") else TABLE.replace("[analyzer", "[tool.anchore-gate.analyzer")
    Path(name).write_text(text)

    assert main(checked) == 0
    assert messages() == [
        "Cannot locate file in the image analysis",
        "Content regex 'xox' check 'match' found in retrieved file '/etc/app'",
        "File content analyzer found regexp match in container: file=/etc/app regexp=PASSWORD=.*password",
        "Secret content search analyzer found regexp match in container: file=/etc/app regexp=SLACK_TOKEN=xox[bp]-",
    ]


def test_without_it_only_the_defaults_are(checked: list[str]) -> None:
    assert main(checked) == 0
    assert messages() == ["Content regex 'xox' check 'match' found in retrieved file '/etc/app'"]


def test_a_flag_wins_over_the_tables_size(checked: list[str]) -> None:
    Path(".anchore-gate.toml").write_text(
        f"{TABLE}[analyzer.secrets]\nmax-size = 3\n".replace("xox[bp]-", "x")
    )

    assert main(checked) == 0
    assert not any("SLACK" in one for one in messages())
    assert main([*checked, "--secrets-max-size", "100"]) == 0
    assert any("SLACK" in one for one in messages())


@pytest.mark.parametrize("words", [["config", "show"], None], ids=["config show", "check"])
def test_a_wrong_key_ends_in_one_line(
    checked: list[str], words: list[str] | None, capsys: pytest.CaptureFixture[str]
) -> None:
    Path(".anchore-gate.toml").write_text("[analyzer.secrets.expressions]\nBAD = '('\n")

    assert main(words or checked) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert ".anchore-gate.toml: analyzer.secrets.expressions.BAD: does not compile" in line


def test_config_show_tells_every_key(checked: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    Path(".anchore-gate.toml").write_text(TABLE)

    assert main(["config", "show"]) == 0
    shown = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["analyzer.secrets.expressions.SLACK_TOKEN", "xox[bp]-", ".anchore-gate.toml"] in shown
    assert ["analyzer.retrieve.files", "/etc/passwd", ".anchore-gate.toml"] in shown


def test_the_manuals_example_is_one() -> None:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    [text] = re.findall("```toml\n(.*?)```", MANUAL.read_text(encoding="utf-8"), re.DOTALL)
    table: dict[str, Any] = tomllib.loads(text)

    found = with_table(table["analyzer"], base=AnalyzerSettings.default())

    assert found.secrets[-1].name == "SLACK_TOKEN"
    assert found.contents[0].name == "PASSWORD"
    assert found.malware
