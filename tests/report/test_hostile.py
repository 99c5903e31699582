"""Whatever an image says, every format stays whole, short and harmless."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from pathlib import Path

import pytest

from anchore_gate.model.evaluation import Action
from anchore_gate.report import format_names, reporter
from anchore_gate.report.reporter import ReportOptions
from anchore_gate.report.writer import plan_reports
from tests.support import runs

# C0 and C1 but tab and line ends; what reorders or hides text; what is no character.
UNFIT = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufffe]"
)
KINDS = [*((name, "") for name in format_names()), ("nist", "evidence.html"), ("nist", "evidence.json")]


def written(folder: Path, name: str, file: str) -> str:
    """The report of a hostile image, as a file holds it."""
    target = folder / (file or name)
    plan_reports([(name, target)], None).write(
        runs.run_of(runs.hostile_result(), runs.no_verdict()), ReportOptions()
    )
    return target.read_bytes().decode("utf-8")


@pytest.mark.parametrize(("name", "file"), KINDS)
def test_no_character_hides_reorders_or_steers(name: str, file: str, tmp_path: Path) -> None:
    unfit = set(UNFIT.findall(written(tmp_path, name, file)))
    assert unfit <= ({"\ufffe"} if (file or name).endswith("json") else set())  # JSON tells what was said


@pytest.mark.parametrize(("name", "file"), KINDS)
def test_a_message_of_a_megabyte_is_whole_in_the_json_result_alone(
    name: str, file: str, tmp_path: Path
) -> None:
    text = written(tmp_path, name, file)
    if name == "json":
        assert "x" * 1_000_000 in text
    else:
        assert len(text) < 110_000


@pytest.mark.parametrize(("name", "file"), KINDS)
def test_no_line_commands_a_ci_system(name: str, file: str, tmp_path: Path) -> None:
    lines = [line.lstrip() for line in written(tmp_path, name, file).splitlines()]
    commands = [line for line in lines if line.startswith(("::", "##["))]
    assert all(re.match(r"::(error|warning) (file|title)=", line) for line in commands)
    assert bool(commands) is (name == "github")


@pytest.mark.parametrize(
    "said",
    [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "|calc",
        "%0A",
        "\t=1",
        "\r=1",
        "\n=1",
        "  =1",
        "\u202e=1",
        "\x00=1",
        "\u200b@x",
    ],
)
@pytest.mark.parametrize("column", ["package", "version", "path", "message", "trigger_id", "image"])
def test_no_cell_is_a_formula(said: str, column: str) -> None:
    of, found, name = runs.package(), runs.finding(), "registry.example/app:1"
    match column:
        case "package":
            of = replace(of, name=said)
        case "version":
            of = replace(of, version=said)
        case "path":
            found = replace(found, path=said)
        case "message":
            found = replace(found, message=said)
        case "trigger_id":
            found = replace(found, trigger_id=said)
        case _:
            name = said
    outcome = runs.outcome("files", "content", Action.STOP, replace(found, package=of))
    text = "".join(reporter("csv").render(runs.run_of(runs.result(outcome, name=name)), ReportOptions()))
    row = next(csv.DictReader(io.StringIO(text, newline="")))
    assert row[column].startswith("'")
    assert row[column].endswith(said[-1])
