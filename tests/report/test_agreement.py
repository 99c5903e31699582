"""Local or remote, judged or not: every report says the verdict that the result has."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from anchore_gate.model.evaluation import Action, MatchedRule, Problem
from anchore_gate.model.result import GateResult
from anchore_gate.report import reporter
from anchore_gate.report.reporter import ReportOptions
from tests.support import runs
from tests.support.agreement import FORMATS, agree

FAULT = Problem(severity="error", type="GateNotFoundError", message="no such gate", path="policies[0]")
LISTS = {
    "no list": {},
    "allowed": {"allowlisted_image": MatchedRule(id="a")},
    "denied": {"denylisted_image": MatchedRule(id="d")},
    "both": {"allowlisted_image": MatchedRule(id="a"), "denylisted_image": MatchedRule(id="d")},
    "unmapped": {"mapping": None},
    "unmapped, which warns": {"mapping": None, "unmapped": Action.WARN},
    "unmapped, which is let through": {"mapping": None, "unmapped": Action.GO},
}


def built(
    engine: str,
    fail_on: Action | None,
    found: Action | None,
    silent: Action | None,
    *,
    is_faulty: bool,
    **listed: object,
) -> GateResult:
    outcomes = []
    if found is not None:
        outcomes.append(runs.outcome("g", "t", found, runs.finding()))
    if silent is not None:
        outcomes.append(runs.outcome("g", "u", Action.STOP, problem="cannot say", problem_action=silent))
    made = runs.result(*outcomes, engine=engine, fail_on=fail_on)
    problems = (FAULT,) if is_faulty else ()
    evaluation = replace(made.evaluation, problems=problems, **listed)  # type: ignore[arg-type]  # fields of Evaluation
    return replace(made, evaluation=evaluation)


@pytest.mark.parametrize("is_faulty", [False, True], ids=["", "faulty"])
@pytest.mark.parametrize("engine", ["local", "remote"])
@pytest.mark.parametrize("listed", LISTS.values(), ids=LISTS)
def test_every_report_says_the_verdict(listed: dict[str, object], engine: str, *, is_faulty: bool) -> None:
    is_mapped = "mapping" not in listed
    for found, silent, fail_on in product(
        (None, Action.WARN, Action.STOP) if is_mapped else (None,),
        (None, Action.WARN, Action.STOP) if is_mapped else (None,),
        (Action.WARN, Action.STOP, None),
    ):
        result = built(engine, fail_on, found, silent, is_faulty=is_faulty, **listed)
        run = runs.run_of(result)
        files = {name: "".join(reporter(name).render(run, ReportOptions())) for name in FORMATS}
        undecided = is_faulty and engine == "remote"
        has_error = is_faulty or (silent is not None and fail_on is not None and silent >= fail_on)
        verdict = result.verdict
        assert (verdict == "error") == undecided
        assert not (is_faulty and result.passed)
        where = f"{found} {silent} {fail_on} {listed}"
        agree(files, verdict, run.exit_code, has_error=has_error, where=where)
