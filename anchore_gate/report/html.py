"""Report `html`: one file that a security officer opens. It loads nothing, and works without its script."""

from __future__ import annotations

from collections.abc import Iterator

from anchore_gate.model.result import GateRun
from anchore_gate.report.entry import total
from anchore_gate.report.evidence import in_full
from anchore_gate.report.html_page import Page
from anchore_gate.report.html_template import frame, template
from anchore_gate.report.reporter import Reporter, ReportOptions
from anchore_gate.typed import Final
from anchore_gate.values import dataclass


@dataclass(frozen=True, slots=True)
class HtmlReporter:
    """The whole evidence on one page: verdict, findings, layers, packages, compliance, provenance."""

    name: str = "html"
    filename: str = "report.html"

    def render(self, run: GateRun, options: ReportOptions) -> Iterator[str]:  # noqa: ARG002  # the protocol's
        """See `Reporter.render`."""
        full = in_full(run)
        pages = [Page(result, index, full) for index, result in enumerate(run.results, start=1)]
        house = frame("report.css", "report.js")
        yield from template("report.html.j2").generate(run=run, number=total(run), pages=pages, **house)


REPORTER: Final[Reporter] = HtmlReporter()
