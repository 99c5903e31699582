"""
Report `gitlab`: GitLab's container scanning report, format 15.0.7.

It holds known vulnerabilities only: what other gates find is in `codequality` and `junit`. What was set aside
is left out, as GitLab's own analyzer leaves out what its allowlist names; a message says how many that are.
"""

from __future__ import annotations

from collections.abc import Iterator

from anchore_gate.model.result import GateResult, GateRun, NoVerdict
from anchore_gate.model.vulnerability import Match
from anchore_gate.report.cleaning import line
from anchore_gate.report.evidence import endings, no_verdict, provenance
from anchore_gate.report.gitlab_rows import row
from anchore_gate.report.json import array, json_text
from anchore_gate.report.place import fingerprint, repository_of
from anchore_gate.report.reporter import Reporter, ReportOptions
from anchore_gate.typed import Any, Final
from anchore_gate.values import dataclass

_VERSION = "15.0.7"
# GitLab takes 100 MiB of one report unless told otherwise ("Maximum artifacts size"), and calls what a report
# does not name no longer detected: so as much is told as fits, worst first.
_MOST_BYTES = 95_000_000


@dataclass(frozen=True, slots=True)
class GitlabReporter:
    """The vulnerabilities for GitLab's vulnerability report and merge requests."""

    name: str = "gitlab"
    filename: str = "gl-container-scanning-report.json"

    def render(self, run: GateRun, options: ReportOptions) -> Iterator[str]:  # noqa: ARG002  # the protocol's
        """See `Reporter.render`."""
        rows = _Rows(run)
        yield json_text({"version": _VERSION})[:-1]
        yield from array("vulnerabilities", rows)
        yield f',"scan":{json_text(_scan(run, rows))}}}\n'


REPORTER: Final[Reporter] = GitlabReporter()


class _Rows:
    """What stands against the images, each once, worst first; once all are read, how many did not fit."""

    def __init__(self, run: GateRun) -> None:
        self._results = [result for result in run.results if isinstance(result, GateResult)]
        self._standing = [list(_standing(result)) for result in self._results]
        self.left = 0

    def __iter__(self) -> Iterator[str]:
        images = [(result.name, repository_of(result), _image(result)) for result in self._results]
        found = [
            (match, image) for image, matches in zip(images, self._standing, strict=True) for match in matches
        ]
        found.sort(key=lambda pair: -pair[0].vulnerability.severity)
        seen: set[str] = set()
        told = 0
        for match, (name, repository, image) in found:
            own = fingerprint(name, repository, *_key(match), (match.package.locations or ("",))[0])
            if own in seen:
                continue
            seen.add(own)
            text = row(own, match, image) if told < _MOST_BYTES else ""
            told += len(text) if text.isascii() else len(text.encode(errors="replace"))
            if told < _MOST_BYTES:
                yield text
            else:
                self.left += 1


def _image(result: GateResult) -> str:
    told = {
        "operating_system": line(str(result.inventory.distro or "")) or "unknown",
        "image": line(result.name) or "image",
    }
    return json_text(told)[1:-1]


def _scan(run: GateRun, rows: _Rows) -> dict[str, Any]:
    tool = {
        "id": "anchore_gate",
        "name": "anchore_gate",
        "version": run.version or "unknown",
        "vendor": {"name": "anchore_gate"},
    }
    ends = [result.decided_at for result in run.results]
    messages = [{"level": level, "value": line(told, limit=1_000)} for level, told in _messages(run, rows)]
    return {
        "type": "container_scanning",
        "status": "success" if run.results and not any(map(no_verdict, run.results)) else "failure",
        "start_time": f"{run.started_at:%Y-%m-%dT%H:%M:%S}",
        "end_time": f"{max([*ends, run.started_at]):%Y-%m-%dT%H:%M:%S}",
        "analyzer": tool,
        "scanner": tool,
        "messages": messages,
    }


def _messages(run: GateRun, rows: _Rows) -> Iterator[tuple[str, str]]:
    if rows.left:
        yield "warn", f"{rows.left} more vulnerabilities than fit here: the JSON report has them all"
    if not run.results:
        yield "fatal", "no image was judged"
    for result in run.results:
        if why := no_verdict(result):
            yield "fatal", f"{result.name}: {why}"
        if isinstance(result, NoVerdict):
            continue
        if aside := len(result.matches) - sum(1 for _ in _standing(result, listed_only=True)):
            yield "info", f"{result.name}: {aside} vulnerabilities were set aside: see the JSON report"
        yield from (("warn", f"{result.name}: {told}") for told in endings(result))
        if unknown := len(result.inventory.unknowns):
            yield "warn", f"{result.name}: {unknown} files could not be read"
        if unjudged := len(result.incomparable):
            yield "warn", f"{result.name}: {unjudged} versions could not be compared"
        if result.image.digest:
            yield "info", f"{result.name}: digest: {result.image.digest}"
        if result.database is None:
            yield "warn", f"{result.name}: no vulnerability data was asked"
            continue
        told = "; ".join(
            f"{word}: {told}" for word, told in provenance(result) if word.startswith("database")
        )
        yield "info", f"{result.name}: {told}"


def _standing(result: GateResult, *, listed_only: bool = False) -> Iterator[Match]:
    """What was matched, but for what a match itself or all findings about it set aside."""
    found = [f for outcome in result.evaluation.outcomes for f in outcome.findings if f.match is not None]
    aside = {_key(f.match) for f in found if f.match is not None and not f.stands}
    if aside:
        aside -= {_key(f.match) for f in found if f.match is not None and f.stands}
    counted = {id(f.match) for f in found if f.stands}
    listed = {id(match) for match in result.matches}
    further = () if listed_only else (f.match for f in found if f.match and id(f.match) not in listed)
    for match in (*result.matches, *further):
        if match.suppressed is None and (not aside or id(match) in counted or _key(match) not in aside):
            yield match


def _key(match: Match) -> tuple[str, str, str, str]:
    package = match.package
    return match.vulnerability.id, package.type, package.name, package.version
