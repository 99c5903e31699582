"""Report `csv`: a row per finding, for a spreadsheet that must not run what an image says."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice

from anchore_gate.model.result import GateRun, NoVerdict
from anchore_gate.report.cleaning import line
from anchore_gate.report.entry import Entry, entries
from anchore_gate.report.evidence import endings, no_verdict
from anchore_gate.report.reporter import Reporter, ReportOptions
from anchore_gate.typed import Final
from anchore_gate.values import dataclass

_HEAD = (
    "image", "verdict", "state", "action", "gate", "trigger", "trigger_id",
    "severity", "vulnerability",
    "package", "version", "fixed_in", "path", "layer", "instruction",
    "message", "set_aside", "rule", "policy", "digest",
)  # fmt: skip
_CHUNK = 500
_LONGEST = 1_000
_FORMULA = ("=", "+", "-", "@", "|", "%")  # OWASP, "CSV Injection"
_RISKY = (*_FORMULA, " ")


@dataclass(frozen=True, slots=True)
class CsvReporter:
    """One row a finding, a rule's problem or an image without verdict."""

    name: str = "csv"
    filename: str = "findings.csv"

    def render(self, run: GateRun, options: ReportOptions) -> Iterator[str]:  # noqa: ARG002  # the protocol's
        """See `Reporter.render`."""
        rows = _rows(run)
        while chunk := list(islice(rows, _CHUNK)):
            out = io.StringIO()
            csv.writer(out, lineterminator="\r\n").writerows(chunk)
            yield out.getvalue()


REPORTER: Final[Reporter] = CsvReporter()


def _rows(run: GateRun) -> Iterator[tuple[str, ...]]:
    yield _HEAD
    for result in run.results:
        if isinstance(result, NoVerdict):
            yield _short(result.name, result.verdict, "no verdict", result.message)
            continue
        digest = str(result.image.digest or "")
        if why := no_verdict(result):
            yield _short(result.name, result.verdict, "no verdict", why, digest)
        for outcome in result.evaluation.outcomes:
            if outcome.problem is not None:
                told = f"{outcome.gate}/{outcome.trigger}: {outcome.problem}"
                yield _short(result.name, result.verdict, "problem", told, digest)
        for told in endings(result):
            yield _short(result.name, result.verdict, "ending", told, digest)
        about = _shared(result.name), result.verdict
        for entry in entries(result):
            yield (*about, *_finding(entry), digest)


def _short(name: str, verdict: str, state: str, message: str, digest: str = "") -> tuple[str, ...]:
    cells = {
        "image": _inert(name),
        "verdict": verdict,
        "state": state,
        "message": _inert(message),
        "digest": digest,
    }
    return tuple(cells.get(column, "") for column in _HEAD)


def _finding(entry: Entry) -> tuple[str, ...]:
    outcome, finding, package, flaw = entry.outcome, entry.finding, entry.package, entry.vulnerability
    layer = entry.layer
    return (
        entry.state,
        outcome.action.word,
        _shared(outcome.gate),
        _shared(outcome.trigger),
        _inert(finding.trigger_id),
        flaw.severity.word if flaw else "",
        _inert(flaw.id) if flaw else "",
        _shared(package.name) if package else "",
        _shared(package.version) if package else "",
        _shared(" ".join(entry.fixed_in)),
        _shared(finding.path),
        "" if layer is None else str(layer),
        _shared(entry.instruction),
        _inert(finding.message),
        _shared(entry.set_aside),
        _shared(outcome.rule_id),
        _shared(outcome.rule_set_id),
    )


def _inert(cell: str) -> str:
    """The cell on one line, and no formula."""
    if cell.isascii() and cell.isprintable() and len(cell) <= _LONGEST and "  " not in cell:
        return f"'{cell}" if cell.startswith(_RISKY) and cell.lstrip().startswith(_FORMULA) else cell
    text = line(cell, limit=_LONGEST)
    return f"'{text}" if text.lstrip().startswith(_FORMULA) else text


_shared = lru_cache(maxsize=4096)(_inert)  # what many rows have in common
