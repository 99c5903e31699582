from __future__ import annotations

import pytest

from anchore_gate.report import reporter
from anchore_gate.report.reporter import ReportOptions
from tests.support import runs


def test_every_finding_is_told_and_the_worst_with_their_grounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("anchore_gate.report.evidence._IN_FULL", 10)
    text = "".join(reporter("text").render(runs.many(40), ReportOptions()))
    assert all(f": CVE-2025-{number} in " in text for number in range(40))
    assert text.count("  do:        upgrade") == 10


def test_many_images_share_the_room_for_grounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("anchore_gate.report.evidence._IN_FULL_A_FILE", 20)
    monkeypatch.setattr("anchore_gate.report.evidence._LEAST_IN_FULL", 5)
    for images, each in ((1, 20), (2, 10), (10, 5)):
        run = runs.run_of(*[runs.many(30).results[0]] * images)
        text = "".join(reporter("text").render(run, ReportOptions()))
        page = "".join(reporter("html").render(run, ReportOptions()))
        assert text.count("  do:        upgrade") == page.count("<details><summary>CVE-") == images * each


def test_hostile_text_stays_on_its_line() -> None:
    text = "".join(reporter("text").render(runs.run_of(runs.hostile_result()), ReportOptions()))
    assert not any(told.startswith("::") for told in text.splitlines())
    assert not set(text) & set("\x00\x1b\u202e\u200f\r")
