"""Text made a field at a time says what an encoder says of the same values."""

from __future__ import annotations

from dataclasses import replace

import pytest

from anchore_gate.model.evaluation import Finding
from anchore_gate.model.inventory import Package
from anchore_gate.model.vulnerability import Match, Vulnerability
from anchore_gate.report import json as report
from anchore_gate.report.row_text import members, objects
from anchore_gate.report.rows import row
from tests.support import runs

RICH = runs.rich_result()
FINDINGS = [finding for outcome in RICH.evaluation.outcomes for finding in outcome.findings]
FLAWS = [runs.vulnerability(runs.HOSTILE), replace(runs.vulnerability(), cvss=(), modified=runs.SOON)]


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (Vulnerability, FLAWS * 400),
        (Match, list(RICH.matches)),
        (Package, list(RICH.inventory.packages)),
        (Finding, FINDINGS),
        (Package, []),
    ],
    ids=["vulnerabilities", "matches", "packages", "findings", "none"],
)
def test_the_text_is_what_an_encoder_makes_of_the_row(kind: type, values: list[object]) -> None:
    assert [report.shown(text) for text in objects(kind, values)] == [
        report.json_text(row(value)) for value in values
    ]


def test_only_the_named_members_are_written_in_the_order_of_their_names() -> None:
    (told,) = members(Package, [runs.package()], ("version", "name"))
    assert told == '"version":"3.0.11-1~deb12u1","name":"openssl"'


def test_what_is_no_number_in_json_is_refused() -> None:
    with pytest.raises(ValueError, match="no number in JSON"):
        list(objects(Vulnerability, [replace(runs.vulnerability(), epss=float("nan"))]))
