from __future__ import annotations

import json
import os
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from anchore_gate.model.evaluation import Action
from anchore_gate.model.image import Dockerfile, Instruction
from anchore_gate.model.result import GateResult, GateRun
from anchore_gate.report import reporter
from anchore_gate.report.reporter import ReportOptions
from tests.support import runs

MODULES = Path(os.environ.get("ANCHORE_GATE_NODE_MODULES", Path(__file__).parents[2] / "node_modules"))
MULTITOOL = MODULES / "@microsoft/sarif-multitool-linux/Sarif.Multitool"
needs_multitool = pytest.mark.skipif(
    not MULTITOOL.exists(), reason="no `@microsoft/sarif-multitool-linux` (npm install)"
)
RUNS = {
    "every kind": runs.every_kind(),
    "hostile": runs.run_of(runs.hostile_result()),
    "nothing": runs.run_of(),
    "one repository twice": runs.run_of(runs.rich_result(), runs.rich_result()),
    "more than twenty": runs.run_of(*[runs.rich_result()] * 21),
}


def rendered(run: GateRun, options: ReportOptions | None = None) -> Any:
    return json.loads("".join(reporter("sarif").render(run, options or ReportOptions())))


def results(run: GateRun) -> list[Any]:
    return [result for told in rendered(run)["runs"] for result in told["results"]]


@needs_multitool
@pytest.mark.parametrize("run", RUNS.values(), ids=RUNS)
def test_the_validator_has_no_error_with_githubs_rules(run: GateRun, tmp_path: Path) -> None:
    sarif, verdict = tmp_path / "r.sarif", tmp_path / "v.sarif"
    sarif.write_text(json.dumps(rendered(run)))
    command = [str(MULTITOOL), "validate", str(sarif), "--rule-kind", "Sarif;Ghas", "--output", str(verdict)]
    MULTITOOL.chmod(0o755)  # npm may not run the package's own chmod
    environ = {**os.environ, "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1"}  # it needs no ICU then
    subprocess.run([*command, "--log", "ForceOverwrite"], check=True, capture_output=True, env=environ)
    told = json.loads(verdict.read_text(encoding="utf-8-sig"))
    # Its exit status is 0 with errors too; only a home page is missing, which is a warning.
    assert {r["ruleId"] for t in told["runs"] for r in t.get("results", ())} <= {"SARIF2005"}


@needs_multitool
@pytest.mark.parametrize("run", RUNS.values(), ids=RUNS)
def test_the_schema_of_sarif_2_1_0_holds(run: GateRun) -> None:
    import jsonschema

    schema = json.loads((MULTITOOL.parent / "sarif-2.1.0.json").read_text(encoding="utf-8-sig"))
    jsonschema.validate(rendered(run), schema)


def test_every_image_has_a_run_with_its_own_category() -> None:
    told = rendered(runs.every_kind())["runs"]
    names = [run["automationDetails"]["id"] for run in told]
    assert names[0] == "anchore-gate/registry.example-5000/team/app/"
    assert len(set(names)) == len(names) == 7
    assert all(name.endswith("/") for name in names)


def test_two_images_of_one_repository_do_not_share_a_category() -> None:
    told = rendered(RUNS["one repository twice"], ReportOptions(sarif_category="my gate"))["runs"]
    assert len({run["automationDetails"]["id"] for run in told}) == 2
    assert all(run["automationDetails"]["id"].startswith("my-gate/") for run in told)


def test_more_than_twenty_images_are_told_in_one_run() -> None:
    told = rendered(RUNS["more than twenty"])["runs"]
    assert [run["automationDetails"]["id"] for run in told] == ["anchore-gate/all/"]
    assert len(told[0]["results"]) == 21 * 5  # findings, and a rule without answer


@pytest.mark.parametrize("run", RUNS.values(), ids=RUNS)
def test_rules_are_unique_and_results_name_them_by_place(run: GateRun) -> None:
    for told in rendered(run)["runs"]:
        rules = told["tool"]["driver"]["rules"]
        assert len({rule["id"] for rule in rules}) == len(rules)
        assert all(rule["name"] != rule["id"] for rule in rules)
        assert all(0.0 < float(rule["properties"]["security-severity"]) <= 10.0 for rule in rules)
        assert all(rules[result["ruleIndex"]]["id"] == result["ruleId"] for result in told["results"])
        prints = [result["partialFingerprints"]["primaryLocationLineHash"] for result in told["results"]]
        assert len(set(prints)) == len(prints)


def test_a_fingerprint_survives_a_new_tag_and_a_new_version() -> None:
    old, new = runs.rich_result(), runs.rich_result()
    new = replace(new, image=replace(new.image, tag="registry.example:5000/team/app:2.0"))
    prints = [
        [r["partialFingerprints"] for r in results(runs.run_of(result)) if r["ruleId"].startswith("CVE")]
        for result in (old, new)
    ]
    assert prints[0] == prints[1]


def test_the_location_is_the_line_that_brought_the_layer_in_a_relative_file() -> None:
    steps = (
        Instruction(keyword="FROM", value="debian:12", line=3),
        Instruction(keyword="RUN", value="apt-get install openssl", line=7, layer=1),
    )
    result = replace(
        runs.rich_result(), dockerfile=Dockerfile(mode="Actual", path="/abs/Dockerfile", instructions=steps)
    )
    told = results(runs.run_of(result))
    first = next(r for r in told if r["ruleId"] == "CVE-2024-0001")["locations"][0]
    assert first["physicalLocation"] == {
        "artifactLocation": {"uri": "Dockerfile"},
        "region": {"startLine": 7},
    }
    names = [place["fullyQualifiedName"] for place in first["logicalLocations"]]
    assert names[0].startswith("registry.example:5000/team/app:1.2: openssl 3.0.11-1~deb12u1 (deb)")


def test_what_does_not_count_is_suppressed_with_its_reason() -> None:
    aside = next(r for r in results(runs.run_of(runs.rich_result())) if r["ruleId"] == "CVE-2023-0002")
    assert aside["level"] == "note"
    assert "not reachable; owner ann@example.com; expires 2026" in aside["suppressions"][0]["justification"]


def test_the_severity_of_the_distribution_wins_over_a_rating_outside_its_band() -> None:
    rules = rendered(runs.run_of(runs.rich_result()))["runs"][0]["tool"]["driver"]["rules"]
    scores = {rule["id"]: rule["properties"]["security-severity"] for rule in rules}
    assert scores["CVE-2024-0001"] == "8.0"  # High by Debian, 9.8 by NVD
    assert scores["CVE-2023-0002"] == "2.0"


@pytest.mark.parametrize(
    ("result", "level", "told"),
    [
        (runs.denied_result(), "error", "the policy's answer is stop (denylisted)"),
        (runs.unmapped_result(), "error", "the policy's answer is stop (unmapped)"),
        (replace(runs.denied_result(), fail_on=None), "warning", "the policy's answer is stop (denylisted)"),
        (runs.excused_result(with_problem=True), "error", "could not say: no malware scan was run"),
    ],
    ids=["denied", "unmapped", "never fails", "no answer"],
)
def test_what_no_finding_stands_for_is_an_alert(result: GateResult, level: str, told: str) -> None:
    [row] = [one for one in results(runs.run_of(result)) if one["ruleId"] == "anchore-gate/policy"]
    assert (row["level"], told in row["message"]["text"]) == (level, True)


def test_rules_that_lack_the_same_are_one_alert() -> None:
    [row] = results(runs.run_of(runs.unanswered_result(12)))
    assert "rules m0, m1, m2, m3, m4, m5, m6, m7, m8, m9 and 2 more could not say" in row["message"]["text"]


def test_an_image_without_verdict_is_an_alert_and_an_unsuccessful_run() -> None:
    (told,) = rendered(runs.run_of(runs.no_verdict()))["runs"]
    assert told["results"][0]["level"] == "error"
    assert told["invocations"][0]["executionSuccessful"] is False
    assert rendered(runs.run_of())["runs"][0]["invocations"][0]["executionSuccessful"] is False


def test_no_text_from_an_image_becomes_a_link_or_steers_a_reader() -> None:
    text = "".join(reporter("sarif").render(RUNS["hostile"], ReportOptions()))
    for bad in ("\u202e", "\x1b", "\ud800", '"javascript:'):
        assert bad not in text
    assert not any("](" in told["message"]["text"] for told in results(RUNS["hostile"]))


def test_a_run_holds_as_much_as_github_takes_and_says_how_many_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("anchore_gate.report.sarif._MOST_RESULTS", 50)
    (told,) = rendered(runs.many(60))["runs"]
    assert len(told["results"]) == len(told["tool"]["driver"]["rules"]) == 50
    notes = told["invocations"][0]["toolExecutionNotifications"]
    assert "10 more results" in notes[-1]["message"]["text"]


def test_of_many_images_in_one_run_each_has_its_share_and_no_verdict_is_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("anchore_gate.report.sarif._MOST_RUNS", 1)
    monkeypatch.setattr("anchore_gate.report.sarif._MOST_RESULTS", 31)
    large, small = runs.many(60).results[0], runs.many(5).results[0]
    (told,) = rendered(runs.run_of(large, small, large, runs.no_verdict()))["runs"]
    assert len(told["results"]) == 31
    assert told["results"][0]["ruleId"] == "anchore-gate/no-verdict"
    notes = told["invocations"][0]["toolExecutionNotifications"]
    assert f"{60 + 5 + 60 - 30} more results" in notes[-1]["message"]["text"]


def test_a_file_stays_within_what_github_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("anchore_gate.report.sarif._MOST_IN_FILE", 40)
    monkeypatch.setattr("anchore_gate.report.sarif._MOST_IN_FULL", 30)
    wordy = replace(runs.vulnerability(), description="long " * 150)
    found = [runs.finding(match=runs.match(None, replace(wordy, id=f"CVE-2025-{n}"))) for n in range(30)]
    built = runs.result(runs.outcome("vulnerabilities", "package", Action.STOP, *found))
    for images, results, longest in ((1, 30, 750), (2, 20, 201)):
        told = rendered(runs.run_of(*[built] * images))["runs"]
        assert [len(run["results"]) for run in told] == [results] * images
        texts = [
            len(rule["fullDescription"]["text"]) for run in told for rule in run["tool"]["driver"]["rules"]
        ]
        assert max(texts) == longest
