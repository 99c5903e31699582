"""The shape of a report."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from anchore_gate.model.result import GateRun


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportOptions:
    """What the user may set about reports. Nothing here changes the verdict."""

    junit_warn: str = "pass"  # pass, skipped, failure
    sarif_category: str = "anchore-gate"


@runtime_checkable
class Reporter(Protocol):
    """Says a run in one format. Decides nothing."""

    @property
    def name(self) -> str:
        """The word the user types, e.g. `junit`."""
        ...

    @property
    def filename(self) -> str:
        """Its name in `--report-dir`, e.g. `junit.xml`."""
        ...

    def render(self, run: GateRun, options: ReportOptions) -> Iterator[str]:
        """The text in pieces. The same run always gives the same text."""
        ...
