"""What later steps of a pipeline ask: verdict, counts and paths, as pairs of a name and one line."""

from __future__ import annotations

from collections.abc import Iterator

from anchore_gate.model.result import GateResult, GateRun
from anchore_gate.report.cleaning import line
from anchore_gate.report.entry import total
from anchore_gate.report.reporter import ReportOptions

_PATHS = (("junit", "junit"), ("sarif", "sarif"), ("json", "json"), ("summary", "markdown"))


def outputs(run: GateRun, options: ReportOptions) -> Iterator[tuple[str, str]]:
    """Each output by its name, e.g. `stop-count`; a path is "" where that report is not written."""
    number = total(run)
    yield "verdict", run.verdict
    yield "exit-code", str(run.exit_code)
    yield "digest", _digest(run)
    yield "image-count", str(len(run.results))
    yield "stop-count", str(number.stop)
    yield "warn-count", str(number.warn)
    yield "new-count", str(number.stop + number.warn)
    yield "allowlisted-count", str(number.allowlisted)
    yield "expiring-count", str(number.expiring)
    for word, name in _PATHS:
        yield f"{word}-path", line(options.path_of(name), limit=4_096)


def _digest(run: GateRun) -> str:
    """The manifest digest of the one image that was judged, to promote just that; "" for several."""
    judged = [one for one in run.results if isinstance(one, GateResult)]
    digest = judged[0].image.digest if len(judged) == len(run.results) == 1 else None
    return str(digest) if digest else ""
