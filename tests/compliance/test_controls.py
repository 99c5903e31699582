"""Controls: met needs a rule that was asked; what nobody asked is never met."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from anchore_gate.cli import main
from anchore_gate.compliance.controls import assess, standard, standards
from anchore_gate.model.evaluation import Action, Evaluation, Finding, MatchedRule, Problem, RuleOutcome
from anchore_gate.model.suppression import Suppression
from anchore_gate.model.vulnerability import DatabaseIdentity
from anchore_gate.policy.gates import gates

FOUND = Finding(trigger_id="x", message="m")
ALLOWED = Finding(trigger_id="x", message="m", suppressed=Suppression(kind="allowlist"))


def rule(
    *findings: Finding,
    action: Action = Action.STOP,
    problem: str | None = None,
    controls: tuple[str, ...] = (),
) -> RuleOutcome:
    return RuleOutcome(
        rule_id="r",
        rule_set_id="s",
        gate="secret_scans",
        trigger="content_regex_checks",
        action=action,
        findings=findings,
        problem=problem,
        controls=controls,
    )


def outcome(control: str, *rules: RuleOutcome, problems: tuple[Problem, ...] = ()) -> str:
    evaluation = Evaluation(bundle_id="b", outcomes=rules, mapping=MatchedRule(), problems=problems)
    found = {one.control.id: one.outcome for one in assess(standard("nist_sp_800_190"), evaluation)}
    return found[f"NIST-800-190:{control}"]


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ((), "not assessed"),
        ((rule(),), "met"),
        ((rule(FOUND),), "not met"),
        ((rule(FOUND, action=Action.WARN),), "partly"),
        ((rule(FOUND, action=Action.GO),), "partly"),
        ((rule(ALLOWED),), "met"),
        ((rule(problem="could not look"),), "not met"),
        ((rule(), rule(FOUND)), "not met"),
    ],
)
def test_a_control_is_met_only_by_rules_that_were_asked_and_quiet(
    rules: tuple[RuleOutcome, ...], expected: str
) -> None:
    assert outcome("4.1.4", *rules) == expected


def test_what_no_image_can_show_is_out_of_scope_whatever_was_asked() -> None:
    assert outcome("4.3.1", rule()) == "out of scope"
    assert outcome("4.5.1") == "out of scope"


def test_a_rule_that_names_its_controls_speaks_to_them_alone() -> None:
    named = rule(FOUND, controls=("NIST-800-190:4.1.2",))
    assert outcome("4.1.2", named) == "not met"
    assert outcome("4.1.4", named) == "not assessed"


def test_a_policy_with_an_error_assesses_nothing() -> None:
    error = Problem(severity="error", type="X", message="m")
    assert outcome("4.1.4", rule(), problems=(error,)) == "not assessed"


def test_every_check_names_a_gate_that_there_is() -> None:
    known = {gate.name for gate in gates()} | {"vulnerabilities"}
    named = {check.gate for one in standards() for control in one.controls for check in control.checks}
    assert named <= known


def test_every_control_out_of_scope_says_why() -> None:
    assert all(control.reason for one in standards() for control in one.controls if not control.in_scope)


def test_the_command_lists_the_map(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compliance", "controls"]) == 0
    assert "NIST-800-190:4.1.4" in capsys.readouterr().out
    assert main(["compliance", "controls", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["id"] == "NIST-800-190"


def test_on_a_terminal_the_map_is_wrapped_and_in_a_pipe_it_is_whole(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["compliance", "controls"]) == 0
    piped = capsys.readouterr().out
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setenv("NO_COLOR", "1")
    assert main(["compliance", "controls"]) == 0
    shown = capsys.readouterr().out
    assert max(map(len, piped.splitlines())) > 100
    assert max(map(len, shown.splitlines())) <= 60
    assert set(shown.split()) == set(piped.split()) - {
        "CONTROL",
        "TITLE",
        "RULES",
        "THAT",
        "SPEAK",
        "TO",
        "IT",
    }


@pytest.mark.parametrize(("is_sample", "expected"), [(True, "not assessed"), (False, "met")])
def test_a_sample_of_advisories_shows_nothing(is_sample: bool, expected: str) -> None:
    quiet = replace(rule(), gate="vulnerabilities", trigger="package")
    evaluation = Evaluation(bundle_id="b", outcomes=(quiet,), mapping=MatchedRule())
    database = DatabaseIdentity(source="osv", is_sample=is_sample)
    found = {
        one.control.id: one.outcome
        for one in assess(standard("nist_sp_800_190"), evaluation, database=database)
    }
    assert found["NIST-800-190:4.1.1"] == expected
