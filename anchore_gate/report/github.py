"""
Report `github`: workflow commands that annotate a run; and what a GitHub step says in files.

GitHub keeps ten errors and ten warnings of a step: the worst come first, the last one says how many more.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from anchore_gate.errors import ReportError
from anchore_gate.model.result import GateResult, GateRun, NoVerdict
from anchore_gate.report.cleaning import line
from anchore_gate.report.entry import Entry
from anchore_gate.report.evidence import ordered, verdict_line
from anchore_gate.report.markdown import REPORTER as MARKDOWN
from anchore_gate.report.outputs import outputs
from anchore_gate.report.place import dockerfile_line, dockerfile_of
from anchore_gate.report.redaction import shareable
from anchore_gate.report.reporter import Reporter, ReportOptions

_MOST = 10  # of a kind, a step
_SUMMARY_LIMIT = 900 * 1024  # GitHub takes 1 MiB a step, and drops the whole of more


@dataclass(frozen=True, slots=True)
class GithubReporter:
    """Annotations for the log of a GitHub step."""

    name: str = "github"
    filename: str = "github-annotations.txt"

    def render(self, run: GateRun, options: ReportOptions) -> Iterator[str]:
        """See `Reporter.render`."""
        for kind in ("error", "warning"):
            told = [note for note in _notes(run, options) if note.kind == kind]
            room = _MOST if len(told) <= _MOST else _MOST - 1
            yield from (note.command() for note in told[:room])
            if len(told) > room:
                yield f"::{kind} title=anchore_gate::{len(told) - room} more: see the summary\n"


REPORTER: Final[Reporter] = GithubReporter()


def speak(run: GateRun, environ: Mapping[str, str], options: ReportOptions | None = None) -> str:
    """
    Write outputs and step summary where GitHub's variables say, and give the annotations to print.

    Raises `ReportError` where a file cannot be written.
    """
    options = options or ReportOptions()
    run = shareable(run)
    pairs = "".join(f"{name}={value}\n" for name, value in outputs(run, options))
    _append(environ.get("GITHUB_OUTPUT", ""), pairs)
    _append(environ.get("GITHUB_STEP_SUMMARY", ""), "".join(MARKDOWN.render(run, options)), _SUMMARY_LIMIT)
    return "".join(REPORTER.render(run, options))


def _append(name: str, text: str, limit: int | None = None) -> None:
    if not name:
        return
    try:
        with Path(name).open("a", encoding="utf-8", errors="replace") as out:
            fits = limit is None or out.tell() + len(text.encode("utf-8", errors="replace")) <= limit
            out.write(text if fits else "\nanchore_gate: no room for this summary, see its report\n")
    except (OSError, ValueError) as problem:
        raise ReportError(f"cannot write {name}: {problem}") from problem


@dataclass(frozen=True, slots=True)
class _Note:
    kind: str  # error, warning
    title: str
    message: str
    file: str
    line: int

    def command(self) -> str:
        told = (("file", self.file), ("line", str(self.line)), ("title", self.title))
        where = ",".join(f"{name}={_property(value)}" for name, value in told)
        return f"::{self.kind} {where}::{_text(self.message)}\n"


def _notes(run: GateRun, options: ReportOptions) -> Iterator[_Note]:
    if not run.results:
        yield _Note("error", "anchore_gate", "no image was judged", options.dockerfile, 1)
    for result in run.results:
        yield from _verdict(result, dockerfile_of(result, options))
    for result in run.results:
        if isinstance(result, GateResult):
            yield from (
                _note(entry, dockerfile_of(result, options)) for entry in ordered(result) if _counts(entry)
            )


def _verdict(result: GateResult | NoVerdict, path: str) -> Iterator[_Note]:
    if result.verdict != "pass":
        kind = "warning" if result.verdict == "warn" else "error"
        yield _Note(kind, f"{line(result.name)}: {result.verdict}", verdict_line(result), path, 1)


def _counts(entry: Entry) -> bool:
    return entry.finding.stands and entry.outcome.action.word != "go" and not entry.excused


def _note(entry: Entry, path: str) -> _Note:
    kind = "error" if entry.blocks and not entry.result.passed else "warning"
    title = f"{line(entry.result.name)}: {entry.outcome.gate}/{entry.outcome.trigger}"
    return _Note(kind, title, f"{entry.title}: {entry.remedy}", path, dockerfile_line(entry))


def _text(text: str) -> str:
    return line(text, limit=1_000).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _text(text).replace(":", "%3A").replace(",", "%2C")
