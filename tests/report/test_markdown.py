from __future__ import annotations

from anchore_gate.model.result import GateRun
from anchore_gate.report import reporter
from anchore_gate.report.reporter import ReportOptions
from tests.support import runs


def rendered(run: GateRun) -> str:
    return "".join(reporter("markdown").render(run, ReportOptions()))


def test_the_summary_starts_with_its_marker_and_fits_a_comment() -> None:
    text = rendered(runs.run_of(*[runs.many(200).results[0]] * 20))
    assert text.startswith("<!-- anchore-gate:summary -->")
    assert len(text.encode()) < 65_536
    assert "More was found than fits" in text


def test_hostile_text_is_shown_as_written() -> None:
    text = rendered(runs.run_of(runs.hostile_result()))
    for bad in ("<script", "<img", "](javascript", "@everyone", "::error", "`x`", "\u202e"):
        assert bad not in text
