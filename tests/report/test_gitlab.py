from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from anchore_gate.model.evaluation import Action
from anchore_gate.model.result import GateRun
from anchore_gate.model.vulnerability import Severity
from anchore_gate.report import reporter
from anchore_gate.report.reporter import ReportOptions
from tests.support import runs

VECTORS = Path(__file__).parents[1] / "vectors/gitlab"
RUNS = {
    "every kind": runs.every_kind(),
    "hostile": runs.run_of(runs.hostile_result()),
    "nothing": runs.run_of(),
    "twice": runs.run_of(runs.rich_result(), runs.rich_result()),
}


def rendered(run: GateRun) -> Any:
    return json.loads("".join(reporter("gitlab").render(run, ReportOptions())))


@pytest.mark.parametrize("run", RUNS.values(), ids=RUNS)
def test_the_report_keeps_to_gitlabs_format(run: GateRun) -> None:
    schema = json.loads((VECTORS / "container-scanning-subset.schema.json").read_text())
    told = rendered(run)
    jsonschema.validate(told, schema)
    ids = [row["id"] for row in told["vulnerabilities"]]
    assert len(set(ids)) == len(ids)


def test_what_was_set_aside_is_left_out_and_counted() -> None:
    told = rendered(runs.run_of(runs.rich_result()))
    assert [row["identifiers"][0]["value"] for row in told["vulnerabilities"]] == ["CVE-2024-0001"]
    assert "1 vulnerabilities were set aside" in told["scan"]["messages"][0]["value"]


def test_what_stands_for_one_rule_and_not_for_another_is_kept() -> None:
    hit = runs.match()
    aside = runs.finding(match=hit, suppressed=runs.allowlisted())
    built = runs.result(
        runs.outcome("vulnerabilities", "package", Action.STOP, aside),
        runs.outcome("vulnerabilities", "denylist", Action.STOP, runs.finding(match=hit)),
    )
    assert len(rendered(runs.run_of(replace(built, matches=(hit,))))["vulnerabilities"]) == 1


def test_a_match_no_rule_asked_about_is_reported_too() -> None:
    told = rendered(runs.run_of(replace(runs.clean_result(), matches=(runs.match(),))))
    (row,) = told["vulnerabilities"]
    assert row["solution"] == "Upgrade openssl from 3.0.11-1~deb12u1 to 3.0.11-1~deb12u2"
    assert row["severity"] == "High"
    assert row["cvss_vectors"][0]["vendor"] == "nvd"


def test_the_vulnerability_data_is_named() -> None:
    messages = rendered(runs.run_of(runs.clean_result()))["scan"]["messages"]
    assert "database built: 2026-03-01 04:00 UTC (8 hours old)" in messages[-1]["value"]


def test_negligible_is_low() -> None:
    hit = runs.match(by=runs.vulnerability(severity=Severity.NEGLIGIBLE))
    told = rendered(runs.run_of(replace(runs.clean_result(), matches=(hit,))))
    assert told["vulnerabilities"][0]["severity"] == "Low"


def test_an_image_without_verdict_is_a_failed_scan() -> None:
    scan = rendered(runs.run_of(runs.clean_result(), runs.no_verdict()))["scan"]
    assert scan["status"] == "failure"
    assert {
        "level": "fatal",
        "value": "ghcr.io/acme/slow:2: no verdict (timeout): the deadline of 600 s passed",
    } in (scan["messages"])
    assert rendered(runs.run_of())["scan"]["status"] == "failure"
    assert rendered(runs.run_of(runs.clean_result()))["scan"]["status"] == "success"


def test_the_worst_come_first_and_what_does_not_fit_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("anchore_gate.report.gitlab._MOST_BYTES", 20_000)
    told = rendered(runs.many(60))
    words = [row["severity"] for row in told["vulnerabilities"]]
    assert words[:10] == ["Critical"] * 10
    assert len(json.dumps(told["vulnerabilities"], separators=(",", ":"))) < 20_000
    left = 60 - len(words)
    assert left > 30
    assert told["scan"]["messages"][0] == {
        "level": "warn",
        "value": f"{left} more vulnerabilities than fit here: the JSON report has them all",
    }
