"""The shape of a report."""

from __future__ import annotations

from collections.abc import Iterator

from anchore_gate.model.result import GateRun
from anchore_gate.typed import Protocol
from anchore_gate.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportOptions:
    """What the user may set about reports. Nothing here changes the verdict."""

    junit_warn: str = "pass"  # pass, skipped, failure
    junit_max_cases: int = 5_000  # a suite; the last one says how many more there are
    sarif_category: str = "anchore-gate"
    dockerfile: str = "Dockerfile"  # in the repository, where the run names none: SARIF, Code Quality
    path: str = ""  # of the report that is rendered: the suffix of a `nist` report says in which kind
    paths: tuple[tuple[str, str], ...] = ()  # (format, where it is written): the writer fills it in

    def path_of(self, name: str) -> str:
        """Where a format is written, "" where it is not."""
        return next((path for known, path in self.paths if known == name), "")


class Reporter(Protocol):
    """Says a run in one format. Decides nothing."""

    @property
    def name(self) -> str:
        """The word the user types, e.g. `junit`."""

    @property
    def filename(self) -> str:
        """Its name in `--report-dir`, e.g. `junit.xml`."""

    def render(self, run: GateRun, options: ReportOptions) -> Iterator[str]:
        """The text in pieces. The same run always gives the same text."""
