from __future__ import annotations

import json
from typing import Any

import pytest

from anchore_gate.model.result import GateRun
from anchore_gate.report import reporter
from anchore_gate.report.reporter import ReportOptions
from tests.support import runs

RUNS = {
    "every kind": runs.every_kind(),
    "hostile": runs.run_of(runs.hostile_result()),
    "nothing": runs.run_of(),
    "twice": runs.run_of(runs.rich_result(), runs.rich_result()),
}


def rendered(run: GateRun) -> list[Any]:
    told: list[Any] = json.loads("".join(reporter("codequality").render(run, ReportOptions())))
    return told


@pytest.mark.parametrize("run", RUNS.values(), ids=RUNS)
def test_every_issue_has_what_gitlab_reads_and_its_own_fingerprint(run: GateRun) -> None:
    told = rendered(run)
    assert len({issue["fingerprint"] for issue in told}) == len(told) > 0
    for issue in told:
        assert issue["severity"] in {"info", "minor", "major", "critical", "blocker"}
        assert issue["description"]
        assert issue["check_name"]
        assert issue["location"]["lines"]["begin"] >= 1
        assert not issue["location"]["path"].startswith("/")


def test_a_clean_image_has_no_issue() -> None:
    assert rendered(runs.run_of(runs.clean_result())) == []


def test_no_verdict_no_answer_and_a_denied_image_are_blockers() -> None:
    run = runs.run_of(runs.no_verdict(), runs.denied_result(), runs.rich_result())
    told = [issue["description"] for issue in rendered(run) if issue["severity"] == "blocker"]
    assert "no verdict (timeout)" in told[0]
    assert "denylisted" in told[1]
    assert "no malware scan was run" in told[2]


def test_what_an_image_list_excuses_is_information() -> None:
    told = [i for i in rendered(runs.run_of(runs.excused_result())) if i["check_name"] != "verdict"]
    assert {issue["severity"] for issue in told} == {"info"}


def test_the_last_issue_says_how_many_more() -> None:
    told = rendered(runs.many(5_004))
    assert len(told) == 5_001
    assert told[-1]["description"].startswith("4 more findings")
