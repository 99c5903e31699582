"""Report `codequality`: Code Climate issues, which GitLab shows in a merge request on every tier."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from anchore_gate.model.result import GateResult, GateRun, NoVerdict
from anchore_gate.model.vulnerability import Severity
from anchore_gate.report.cleaning import line
from anchore_gate.report.entry import Entry
from anchore_gate.report.evidence import endings, grounds, ordered
from anchore_gate.report.json import json_text
from anchore_gate.report.place import (
    Fingerprints,
    dockerfile_line,
    dockerfile_of,
    fingerprint,
    repository_of,
)
from anchore_gate.report.reporter import Reporter, ReportOptions
from anchore_gate.typed import Any, Final
from anchore_gate.values import dataclass

_SEVERITIES = {"stop": "major", "warn": "minor", "go": "info"}
_MOST = 5_000  # a merge request compares two such files, and shows a few hundred


@dataclass(frozen=True, slots=True)
class CodeQualityReporter:
    """What counts, as issues at the line of the Dockerfile that brought it."""

    name: str = "codequality"
    filename: str = "gl-code-quality-report.json"

    def render(self, run: GateRun, options: ReportOptions) -> Iterator[str]:
        """See `Reporter.render`."""
        findings = [
            entry
            for result in run.results
            if isinstance(result, GateResult)
            for entry in ordered(result)
            if entry.finding.stands
        ]
        seen = Fingerprints()
        shown = (_finding(entry, seen.of(entry), options) for entry in findings[:_MOST])
        issues = chain(_verdicts(run, options), shown, _rest(len(findings) - _MOST))
        yield "["
        for place, issue in enumerate(issues):
            yield (",\n" if place else "\n") + json_text(issue)
        yield "\n]\n"


REPORTER: Final[Reporter] = CodeQualityReporter()


def _verdicts(run: GateRun, options: ReportOptions) -> Iterator[dict[str, Any]]:
    seen = Fingerprints()
    if not run.results:
        yield _issue("verdict", "no image was judged", "blocker", fingerprint("nothing"), "Dockerfile")
    for result in run.results:
        for told, fails in grounds(result):
            base = seen.numbered(fingerprint(repository_of(result), told))
            text, word = f"{result.name}: {told}", "blocker" if fails else "minor"
            yield _judged(result) | _issue("verdict", text, word, base, dockerfile_of(result, options))
        for told in endings(result) if isinstance(result, GateResult) else ():
            base = seen.numbered(fingerprint(repository_of(result), told))
            text, path = f"{result.name}: {told}", dockerfile_of(result, options)
            yield _judged(result) | _issue("allowlist", text, "info", base, path)


def _finding(entry: Entry, base: str, options: ReportOptions) -> dict[str, Any]:
    word = "info" if entry.excused else _SEVERITIES[entry.outcome.action.word]
    if word == "major" and entry.severity is Severity.CRITICAL:
        word = "critical"
    lapsed = f" ({entry.lapsed})" if entry.lapsed else ""
    text = f"{entry.result.name}: {entry.title}: {entry.remedy}{lapsed}"
    name = f"{entry.outcome.gate}/{entry.outcome.trigger}"
    path, begin = dockerfile_of(entry.result, options), dockerfile_line(entry)
    return _judged(entry.result) | _issue(name, text, word, base, path, begin)


def _judged(result: GateResult | NoVerdict) -> dict[str, Any]:
    """The digest of the image, where Code Climate's issues have room for words of one's own."""
    digest = result.image.digest if isinstance(result, GateResult) else None
    return {"content": {"body": f"judged: {digest}"}} if digest else {}


def _issue(name: str, text: str, word: str, base: str, path: str, begin: int = 1) -> dict[str, Any]:
    return {
        "type": "issue",
        "check_name": line(name),
        "description": line(text, limit=600),
        "categories": ["Security"],
        "severity": word,
        "fingerprint": base,
        "location": {"path": path, "lines": {"begin": begin}},
    }


def _rest(number: int) -> Iterator[dict[str, Any]]:
    if number > 0:
        text = f"{number} more findings than fit here: the JSON report has them all"
        yield _issue("verdict", text, "major", fingerprint("more"), "Dockerfile")
