"""Report `dotenv`: verdict, counts and paths as variables for GitLab's jobs (`artifacts:reports:dotenv`)."""

from __future__ import annotations

from collections.abc import Iterator

from anchore_gate.model.result import GateRun
from anchore_gate.report.outputs import outputs
from anchore_gate.report.reporter import Reporter, ReportOptions
from anchore_gate.typed import Final
from anchore_gate.values import dataclass


@dataclass(frozen=True, slots=True)
class DotenvReporter:
    """A variable a line: at most 20 of them and 5 KB, no quotes, no empty line, as GitLab reads them."""

    name: str = "dotenv"
    filename: str = "gate.env"

    def render(self, run: GateRun, options: ReportOptions) -> Iterator[str]:
        """See `Reporter.render`."""
        for name, value in outputs(run, options):
            variable = "ANCHORE_GATE_" + name.upper().replace("-", "_")
            # A path GitLab would refuse (not ASCII) or cut (too long) must not take the verdict with it.
            yield f"{variable}={value if value.isascii() and len(value) <= 800 else ''}\n"


REPORTER: Final[Reporter] = DotenvReporter()
