"""Report `text`: the verdict and its grounds for a log, without colour."""

from __future__ import annotations

from collections.abc import Iterator

from anchore_gate.model.result import GateResult, GateRun, NoVerdict
from anchore_gate.report.cleaning import line
from anchore_gate.report.evidence import endings, in_full, ordered, placed, provenance, verdict_line
from anchore_gate.report.reporter import Reporter, ReportOptions
from anchore_gate.typed import Final
from anchore_gate.values import dataclass


@dataclass(frozen=True, slots=True)
class TextReporter:
    """All findings, worst first, each with what, where, why and what to do."""

    name: str = "text"
    filename: str = "summary.txt"

    def render(self, run: GateRun, options: ReportOptions) -> Iterator[str]:  # noqa: ARG002  # the protocol's
        """See `Reporter.render`."""
        yield f"anchore_gate {line(run.version)}: {run.verdict} ({len(run.results)} images)\n"
        full = in_full(run)
        for result in run.results:
            yield f"\n== {line(result.name)}\n{verdict_line(result)}\n"
            if not isinstance(result, NoVerdict):
                yield from _body(result, full)


REPORTER: Final[Reporter] = TextReporter()


def _body(result: GateResult, full: int) -> Iterator[str]:
    for problem in result.evaluation.problems:
        told = line(placed(problem), limit=600)
        yield f"\nPOLICY {line(problem.severity.upper())}: {told}\n"
    for outcome in result.evaluation.outcomes:
        if outcome.problem is not None:
            asked = f"{outcome.gate}/{outcome.trigger} (rule {outcome.rule_id})"
            yield f"\nNO ANSWER {line(asked)}: {line(outcome.problem)}\n"
    for place, entry in enumerate(ordered(result)):
        gap = "\n" if place <= full else ""
        asked = line(f"{entry.outcome.gate}/{entry.outcome.trigger}")
        yield f"{gap}{entry.state.upper()} {asked}: {entry.title}\n"
        if place >= full:
            continue
        yield "".join(
            f"  {word + ':':<11}{line(told, limit=2_000) if word == 'what' else told}\n"
            for word, told in entry.more()
        )
    passed = [o for o in result.evaluation.outcomes if not o.findings and o.problem is None]
    if passed:
        yield "\nRules that found nothing:\n"
        yield "".join(f"  {line(f'{o.gate}/{o.trigger} (rule {o.rule_id})')}\n" for o in passed)
    yield from _list("Accepted for a time", list(endings(result)))
    yield from _list("Could not be read", [line(f"{u.path}: {u.reason}") for u in result.inventory.unknowns])
    unjudged = [
        line(f"{i.package.name} {i.package.version}: {i.vulnerability_id}: {i.reason}")
        for i in result.incomparable
    ]
    yield from _list("Could not be compared", unjudged)
    yield from _list("Limits of this evidence", [line(note) for note in result.notes])
    yield from _list("Provenance", [f"{word}: {told}" for word, told in provenance(result)])


def _list(title: str, rows: list[str]) -> Iterator[str]:
    if rows:
        yield f"\n{title}:\n" + "".join(f"  {row}\n" for row in rows)
