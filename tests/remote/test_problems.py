"""Problems that a service reports with its evaluation: no verdict, told in every report, nothing lost."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from anchore_gate.api import gate
from anchore_gate.cli import main
from anchore_gate.engine.remote import RemoteEngine
from anchore_gate.errors import GateError
from anchore_gate.model.evaluation import Action
from anchore_gate.report.reading import load_run
from tests.support.anchore import IMPORTED, PASSWORD, Engine, anchore, answer, recorded, reply, table_of
from tests.support.enterprise import TAG, Enterprise, enterprise, evaluation

SAID = "The specified gate is not found in the policy engine"
FAULT = {"severity": "error", "problem_type": "GateNotFoundError", "details": SAID}
Run = Callable[..., int]


def faulty(body: Any) -> None:
    table_of(body)["evaluation_problems"] = [FAULT]


@pytest.fixture
def check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """`anchore-gate check` against an Engine whose evaluation has a problem, all reports written."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ANCHORE_GATE_PASSWORD", PASSWORD)

    def run(*more: str) -> int:
        with anchore(Engine(states=["analyzed"], rewrite=faulty)) as service:
            asked = ["check", IMPORTED, "--url", service.url, "--username", "admin"]
            return main([*asked, "--report-dir", "out", *more])

    return run


def test_a_problem_that_the_service_reports_is_no_verdict(
    check: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert check() == 3
    said = capsys.readouterr()
    assert f"no verdict (service): the service could not evaluate its policy: {SAID}" in said.out
    assert said.err.splitlines() == [
        f"anchore-gate: error: the service could not evaluate its policy: {SAID}"
    ]


@pytest.mark.parametrize("fail_on", ["stop", "never"])
def test_the_json_report_says_its_category_and_keeps_every_finding(check: Run, fail_on: str) -> None:
    assert check("--fail-on", fail_on) == 3
    written = json.loads(Path("out/result.json").read_text())
    (result,) = written["results"]
    assert (written["verdict"], written["exit_code"]) == ("error", 3)
    assert (result["verdict"], result["passed"], result["category"]) == ("error", False, "service")
    assert [one["message"] for one in result["policy"]["problems"]] == [SAID]
    assert "CVE-2099-0001+busybox" in {one["trigger_id"] for one in result["findings"]}
    assert load_run(Path("out/result.json")).exit_code == 3


@pytest.mark.parametrize("fail_on", ["stop", "never"])
def test_junit_carries_it_as_an_error_and_no_failure(check: Run, fail_on: str) -> None:
    check("--fail-on", fail_on)
    suite = ElementTree.parse("out/junit.xml").getroot()
    assert suite.get("failures") == "0"
    verdict, problem = suite.findall(".//error")[:2]
    assert "no verdict (service)" in str(verdict.get("message"))
    assert problem.get("message") == SAID
    assert "CVE-2099-0001+busybox" in ElementTree.tostring(suite, encoding="unicode")


def test_every_report_tells_the_problem(check: Run) -> None:
    check()
    written = {path.name: path.read_text() for path in Path("out").iterdir()}
    told = {name for name, text in written.items() if "gate is not found in the policy engine" in text}
    # Counts and paths alone, and the facts of what is installed.
    assert set(written) - told <= {"gate.env", "bom.cdx.json"}
    assert "error" in written["gate.env"]


@pytest.mark.parametrize(("word", "code"), [("fail", 3), ("warn", 0)])
def test_on_error_speaks_of_it_as_of_any_other(check: Run, word: str, code: int) -> None:
    assert check("--on-error", word) == code


def test_api_v2_reports_its_problems_alike() -> None:
    with enterprise(Enterprise(checked=evaluation(evaluation_problems=[FAULT]))) as service:
        result = gate(TAG, engine=RemoteEngine(url=service.url, token="key", poll=0.01))
    assert (result.verdict, result.passed, result.category) == ("error", False, "service")


def test_a_small_problem_leaves_the_verdict() -> None:
    small = {**FAULT, "severity": "warn"}
    with enterprise(Enterprise(checked=evaluation(evaluation_problems=[small]))) as service:
        result = gate(TAG, engine=RemoteEngine(url=service.url, token="key", poll=0.01))
    assert (result.verdict, result.category) == ("fail", "")
    assert result.evaluation.final_action is Action.STOP


@pytest.mark.parametrize(
    "refusal", ["062_POST_policy_add_invalid", "085_POST_policy_add_schema_error"], ids=["bundle", "schema"]
)
def test_a_policy_file_that_the_service_refuses_is_a_faulty_policy(tmp_path: Path, refusal: str) -> None:
    policy = tmp_path / "policy.json"
    policy.write_text(json.dumps(recorded("057_POST_policy_add")["request"]["body"]))
    with anchore(Engine(states=["analyzed"])) as service:
        service.instead["POST", "/v1/policies"] = [answer(refusal)]
        engine = RemoteEngine(url=service.url, username="admin", password=PASSWORD, poll=0.01)
        with pytest.raises(GateError, match="the service does not accept the policy") as caught:
            gate(IMPORTED, policy=policy, engine=engine)
    assert (caught.value.exit_code, caught.value.category) == (2, "config")


@pytest.mark.parametrize("status", [500, 413, 415])
def test_a_service_that_cannot_take_a_policy_is_no_verdict(tmp_path: Path, status: int) -> None:
    policy = tmp_path / "policy.json"
    policy.write_text(json.dumps(recorded("057_POST_policy_add")["request"]["body"]))
    with anchore(Engine(states=["analyzed"])) as service:
        service.instead["POST", "/v1/policies"] = [reply({"message": "no"}, status)]
        engine = RemoteEngine(url=service.url, username="admin", password=PASSWORD, poll=0.01)
        with pytest.raises(GateError, match="the service does not accept the policy") as caught:
            gate(IMPORTED, policy=policy, engine=engine)
    assert (caught.value.exit_code, caught.value.category) == (3, "service")


def test_no_rule_is_told_as_passed_where_the_policy_was_not_evaluated(check: Run) -> None:
    check()
    (result,) = json.loads(Path("out/result.json").read_text())["results"]
    assert {one["rule"] for one in result["findings"]} == set(range(len(result["rules"])))
    cases = ElementTree.parse("out/junit.xml").getroot().iter("testcase")
    assert not [case.get("name") for case in cases if len(case) == 0]


def test_machines_read_that_nothing_was_decided(check: Run) -> None:
    check()
    assert (
        json.loads(Path("out/gl-container-scanning-report.json").read_text())["scan"]["status"] == "failure"
    )
    (run,) = json.loads(Path("out/results.sarif").read_text())["runs"]
    assert run["invocations"][0]["executionSuccessful"] is False
    assert "no verdict (service)" in run["results"][0]["message"]["text"]


def test_a_policy_file_that_the_service_took_and_cannot_evaluate_is_named(
    check: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("ours.json").write_text(json.dumps(recorded("057_POST_policy_add")["request"]["body"]))
    assert check("--policy", "ours.json") == 3
    assert f"error: the service could not evaluate policy 'ours.json': {SAID}" in capsys.readouterr().err


def test_the_json_report_keeps_to_its_schema(check: Run) -> None:
    from jsonschema import Draft202012Validator

    check()
    path = Path(__file__).parents[2] / "docs/schema/result.schema.json"
    Draft202012Validator(json.loads(path.read_text())).validate(
        json.loads(Path("out/result.json").read_text())
    )


def test_what_the_service_says_commands_no_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ANCHORE_GATE_PASSWORD", PASSWORD)

    def hostile(body: Any) -> None:
        table_of(body)["evaluation_problems"] = [{**FAULT, "details": "bad\x1b[31m\u202e\n::error::owned"}]

    with anchore(Engine(states=["analyzed"], rewrite=hostile)) as service:
        assert main(["check", IMPORTED, "--url", service.url, "--username", "admin"]) == 3
    said = capsys.readouterr()
    for text in (said.out, said.err):
        assert not {"\x1b", "\u202e"} & set(text)
        assert not any(row.lstrip().startswith("::") for row in text.splitlines())
