from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from anchore_gate.errors import ReportError
from anchore_gate.model.result import GateRun
from anchore_gate.report import reporter
from anchore_gate.report.github import speak
from anchore_gate.report.reporter import ReportOptions
from tests.support import runs


def rendered(run: GateRun) -> list[str]:
    return "".join(reporter("github").render(run, ReportOptions())).splitlines()


def test_at_most_ten_of_a_kind_and_the_last_says_how_many_more() -> None:
    told = rendered(runs.many(100))
    assert len(told) == 10
    assert told[0].startswith(
        "::error file=docker/Dockerfile,line=1,title=registry.example%3A5000/team/app%3A1.2"
    )
    assert told[-1] == "::error title=anchore_gate::92 more: see the summary"


def test_a_warning_is_no_error_and_a_clean_image_says_nothing() -> None:
    assert [told[:9] for told in rendered(runs.run_of(runs.warned_result()))] == ["::warning"] * 2
    assert rendered(runs.run_of(runs.clean_result())) == []


def test_where_nothing_fails_a_run_there_is_no_error() -> None:
    run = runs.run_of(replace(runs.rich_result(), fail_on=None), runs.excused_result())
    assert not any(told.startswith("::error") for told in rendered(run))


def test_why_rules_could_not_say_is_told_once_behind_the_verdict() -> None:
    verdict, told = rendered(runs.run_of(runs.unanswered_result()))
    assert "0 stop, 0 warn, 0 set aside, 2 problems" in verdict
    assert told.startswith("::error ")
    assert told.endswith("unanswered%3A1%3A no answer::rules m0, m1 could not say: no malware scan was run")


@pytest.mark.parametrize("run", [runs.run_of(runs.no_verdict()), runs.run_of()], ids=["timeout", "nothing"])
def test_no_verdict_is_an_error(run: GateRun) -> None:
    assert rendered(run)[0].startswith("::error ")


def test_hostile_text_is_one_command_a_line() -> None:
    for told in rendered(runs.run_of(runs.hostile_result(), replace(runs.no_verdict(), name=runs.HOSTILE))):
        assert told.startswith(("::error file=", "::warning file="))
        parameters = told.removeprefix("::").partition("::")[0]
        assert parameters.count(",") == 2
        assert "%0A=cmd" not in told  # the image's own percent sign is escaped


def test_outputs_and_summary_go_where_the_variables_say(tmp_path: Path) -> None:
    files = {name: str(tmp_path / name) for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
    (tmp_path / "GITHUB_OUTPUT").write_text("earlier=1\n")
    options = ReportOptions(paths=(("junit", "out/junit.xml"), ("json", "a\nverdict=pass")))
    text = speak(runs.every_kind(), files, options)
    assert text.startswith("::error ")
    pairs = dict(row.split("=", 1) for row in (tmp_path / "GITHUB_OUTPUT").read_text().splitlines())
    assert pairs["earlier"] == "1"
    assert pairs["verdict"] == "timeout"
    assert pairs["exit-code"] == "3"
    assert pairs["stop-count"] == "4"
    assert pairs["junit-path"] == "out/junit.xml"
    assert pairs["json-path"] == "a verdict=pass"
    assert (tmp_path / "GITHUB_STEP_SUMMARY").read_text().startswith("<!-- anchore-gate:summary -->")


def test_a_summary_that_is_full_gets_one_line_more(tmp_path: Path) -> None:
    summary = tmp_path / "summary"
    summary.write_text("x" * 950_000)
    speak(runs.every_kind(), {"GITHUB_STEP_SUMMARY": str(summary)})
    assert summary.read_text().endswith("x\nanchore_gate: no room for this summary, see its report\n")


def test_without_variables_nothing_is_written() -> None:
    assert speak(runs.run_of(runs.clean_result()), {}) == ""


def test_a_file_that_cannot_be_written_is_said_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match="cannot write"):
        speak(runs.every_kind(), {"GITHUB_OUTPUT": str(tmp_path)})


def test_dotenv_is_what_gitlab_reads() -> None:
    options = ReportOptions(paths=(("junit", "ü/junit.xml"), ("json", "x" * 4_000), ("sarif", "a.sarif")))
    text = "".join(reporter("dotenv").render(runs.every_kind(), options))
    pairs = dict(row.split("=", 1) for row in text.splitlines())
    assert len(pairs) <= 20
    assert len(text) < 5_000
    assert pairs["ANCHORE_GATE_VERDICT"] == "timeout"
    assert pairs["ANCHORE_GATE_SARIF_PATH"] == "a.sarif"
    assert pairs["ANCHORE_GATE_JUNIT_PATH"] == pairs["ANCHORE_GATE_JSON_PATH"] == ""
