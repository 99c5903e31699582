"""
Report `github`: workflow commands that annotate a run; and what a GitHub step says in files.

GitHub keeps ten errors and ten warnings of a step: the worst come first, the last one says how many more.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from anchore_gate.errors import ReportError
from anchore_gate.model.evaluation import Action
from anchore_gate.model.result import GateResult, GateRun, NoVerdict
from anchore_gate.report.cleaning import line
from anchore_gate.report.entry import Entry
from anchore_gate.report.evidence import endings, ordered, unanswered, verdict_line
from anchore_gate.report.markdown import REPORTER as MARKDOWN
from anchore_gate.report.outputs import outputs
from anchore_gate.report.place import dockerfile_line, dockerfile_of
from anchore_gate.report.redaction import shareable
from anchore_gate.report.reporter import Reporter, ReportOptions
from anchore_gate.typed import Final
from anchore_gate.values import dataclass

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
            told = list(_sources(run, kind))
            room = _MOST if len(told) <= _MOST else _MOST - 1
            yield from (_command(kind, source, options) for source in told[:room])
            if len(told) > room:
                yield f"::{kind} title=anchore_gate::{len(told) - room} more: see the summary\n"
        for result in run.results:
            if isinstance(result, GateResult) and (ends := "; ".join(endings(result))):
                title = _property(f"{line(result.name)}: accepted for a time")
                yield f"::notice title={title}::{_text(ends)}\n"


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
class _Unknown:
    """What rules could not say."""

    result: GateResult
    told: str


_Source = GateRun | GateResult | NoVerdict | _Unknown | Entry


def _sources(run: GateRun, kind: str) -> Iterator[_Source]:
    """What is told as that kind: verdicts first, then what is not known, then findings, worst first."""
    if not run.results and kind == "error":
        yield run
    for result in run.results:
        if result.verdict != "pass" and kind == ("warning" if result.verdict == "warn" else "error"):
            yield result
    judged = [result for result in run.results if isinstance(result, GateResult)]
    for result in judged:
        for told, fails in unanswered(result):
            if kind == ("error" if fails else "warning"):
                yield _Unknown(result, told)
    for result in judged:
        fails = not result.passed
        for entry in ordered(result):
            if _counts(entry) and kind == ("error" if fails and entry.blocks else "warning"):
                yield entry


def _counts(entry: Entry) -> bool:
    return entry.finding.stands and entry.outcome.action is not Action.GO and not entry.excused


def _command(kind: str, source: _Source, options: ReportOptions) -> str:
    match source:
        case GateRun():
            told = "anchore_gate", "no image was judged", "Dockerfile", 1
        case _Unknown():
            title = f"{line(source.result.name)}: no answer"
            told = title, source.told, dockerfile_of(source.result, options), 1
        case Entry():
            title = f"{line(source.result.name)}: {source.outcome.gate}/{source.outcome.trigger}"
            path = dockerfile_of(source.result, options)
            lapsed = f" ({source.lapsed})" if source.lapsed else ""
            told = title, f"{source.title}: {source.remedy}{lapsed}", path, dockerfile_line(source)
        case _:
            title = f"{line(source.name)}: {source.verdict}"
            digest = source.image.digest if isinstance(source, GateResult) else None
            message = f"{verdict_line(source)} ({digest})" if digest else verdict_line(source)
            told = title, message, dockerfile_of(source, options), 1
    title, message, path, number = told
    return f"::{kind} file={_property(path)},line={number},title={_property(title)}::{_text(message)}\n"


def _text(text: str) -> str:
    return line(text, limit=1_000).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _text(text).replace(":", "%3A").replace(",", "%2C")
