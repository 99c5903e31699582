"""Allowlist items that end: told in every report, and named where a finding counts again."""

from __future__ import annotations

from html import unescape

import pytest

from anchore_gate.model.evaluation import Action, Evaluation, ExpiringItem
from anchore_gate.model.result import GateResult, GateRun
from anchore_gate.report import format_names, reporter
from anchore_gate.report.reporter import ReportOptions
from anchore_gate.values import replace
from tests.support import runs

# Variables count the items; what is told of controls is told of findings.
ALL = sorted(set(format_names()) - {"dotenv", "nist", "oscal"})


def text_of(name: str, run: GateRun) -> str:
    text = "".join(reporter(name).render(run, ReportOptions()))
    return unescape(unescape(text))


def ending(run: GateResult, *items: ExpiringItem) -> GateRun:
    evaluation: Evaluation = replace(run.evaluation, expiring=items)
    return runs.run_of(replace(run, evaluation=evaluation))


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("expired", [False, True])
def test_an_item_that_ends_is_told_though_it_met_no_finding(name: str, expired: bool) -> None:
    item = ExpiringItem(
        allowlist_id="a9",
        item_id="i9",
        gate="packages",
        trigger_id="feedbeef",
        expires_on=runs.SOON,
        expired=expired,
        reason="until the move",
        owner="ann",
    )

    told = text_of(name, ending(runs.clean_result(), item))

    assert "feedbeef" in told
    assert f"{runs.SOON:%Y-%m-%d}" in told


@pytest.mark.parametrize("name", [one for one in ALL if one not in {"csv", "gitlab"}])
def test_the_expired_acceptance_is_named_where_a_finding_counts_again(name: str) -> None:
    ended = replace(runs.allowlisted(), expires_on=runs.NOW, reason="until the move")
    result = runs.result(runs.outcome("packages", "verify", Action.STOP, runs.finding(expired=ended)))

    assert "until the move" in text_of(name, runs.run_of(result))


def test_of_very_many_items_a_few_are_named() -> None:
    items = [
        ExpiringItem(
            allowlist_id="a",
            item_id=f"i{n}",
            gate="packages",
            trigger_id=f"t{n}",
            expires_on=runs.SOON,
            expired=False,
            reason="",
            owner="",
        )
        for n in range(50)
    ]

    told = text_of("markdown", ending(runs.clean_result(), *items))

    assert told.count("allowlist a: packages t") == 20
    assert "30 more allowlist items end" in told
