"""Report `markdown`: a job summary and a merge-request comment, found again by its hidden marker."""

from __future__ import annotations

from collections.abc import Iterator

from anchore_gate.model.result import GateResult, GateRun, NoVerdict
from anchore_gate.regex import regex
from anchore_gate.report.cleaning import line
from anchore_gate.report.evidence import endings, first_things, ordered, provenance, verdict_line
from anchore_gate.report.reporter import Reporter, ReportOptions
from anchore_gate.typed import TYPE_CHECKING, Final
from anchore_gate.values import dataclass

if TYPE_CHECKING:
    import re

MARKER: Final = "<!-- anchore-gate:summary -->"
_LIMIT = 60_000  # bytes: a comment holds 64 KiB, a GitHub step summary 1 MiB
_ROWS = 50  # an image
# What CommonMark, GitHub and GitLab make something of; an underscore or dot within a word is nothing to them.
_MARKUP = regex(
    r"[\\`*{}\[\]<>&|~@#!$%]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])"
    r"|^[-+=]|^\d+[.)]"  # lists, underlines
    r"|:(?=[/:]|[\w+-]+:)|(?i:www\.)|GH-(?=\d)"  # addresses, emoji, issues
)
_NAMED = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


@dataclass(frozen=True, slots=True)
class MarkdownReporter:
    """The verdicts, what to do first, and the worst findings."""

    name: str = "markdown"
    filename: str = "summary.md"

    def render(self, run: GateRun, options: ReportOptions) -> Iterator[str]:  # noqa: ARG002  # the protocol's
        """See `Reporter.render`."""
        told = 0
        for part in _parts(run):
            told += len(part.encode("utf-8", errors="replace"))
            if told > _LIMIT:
                yield "\nMore was found than fits here: see the JSON or HTML report.\n"
                return
            yield part


REPORTER: Final[Reporter] = MarkdownReporter()


def escaped(text: str, *, limit: int = 300) -> str:
    """Text that Markdown shows as written: no markup, HTML, link or mention."""
    return _MARKUP.sub(_entity, line(text, limit=limit))


def _entity(found: re.Match[str]) -> str:
    told, last = found[0][:-1], found[0][-1]
    return told + (_NAMED.get(last) or f"&#{ord(last)};")


def _parts(run: GateRun) -> Iterator[str]:
    yield f"{MARKER}\n## anchore_gate: {run.verdict}\n\n| image | verdict |\n|---|---|\n"
    for result in run.results:
        yield f"| {escaped(result.name, limit=150)} | {escaped(verdict_line(result))} |\n"
    for result in run.results:
        if not isinstance(result, NoVerdict):
            yield from _details(result)


def _details(result: GateResult) -> Iterator[str]:
    yield f"\n### {escaped(result.name, limit=150)}\n"
    if first := first_things(result):
        yield "\nDo first:\n\n" + "".join(f"1. {escaped(thing)}\n" for thing in first)
    found = ordered(result)
    if found:
        yield "\n| state | rule | found | do |\n|---|---|---|---|\n"
    for entry in found[:_ROWS]:
        rule = escaped(f"{entry.outcome.gate}/{entry.outcome.trigger}")
        because = entry.set_aside or entry.lapsed
        aside = f" ({escaped(because)})" if because else ""
        yield f"| {entry.state} | {rule} | {escaped(entry.title)}{aside} | {escaped(entry.remedy)} |\n"
    if len(found) > _ROWS:
        yield f"\n{len(found) - _ROWS} more findings: see the JSON report.\n"
    if ends := list(endings(result)):
        yield "\nAccepted for a time:\n\n" + "".join(f"- {escaped(told)}\n" for told in ends)
    yield "\n<details><summary>Provenance</summary>\n\n"
    yield "".join(f"- {word}: {escaped(told)}\n" for word, told in provenance(result)) + "\n</details>\n"
