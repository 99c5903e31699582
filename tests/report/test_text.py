from __future__ import annotations

import pytest

from anchore_gate.report import reporter
from anchore_gate.report.reporter import ReportOptions
from tests.support import runs


def test_every_finding_is_told_and_the_worst_with_their_grounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("anchore_gate.report.text._DETAILED", 10)
    text = "".join(reporter("text").render(runs.many(40), ReportOptions()))
    assert all(f": CVE-2025-{number} in " in text for number in range(40))
    assert text.count("  do:        upgrade") == 10


def test_hostile_text_stays_on_its_line() -> None:
    text = "".join(reporter("text").render(runs.run_of(runs.hostile_result()), ReportOptions()))
    assert not any(told.startswith("::") for told in text.splitlines())
    assert not set(text) & set("\x00\x1b\u202e\u200f\r")
