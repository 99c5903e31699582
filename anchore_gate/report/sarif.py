"""
Report `sarif`: SARIF 2.1.0 as GitHub code scanning takes it, and other readers too.

A run an image, up to twenty; more are told in one. Results stand before the rules they name, so that they can
be written as they come. GitHub's limits: 20 runs, 25 000 results a run, 10 MB a file when compressed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from json.encoder import encode_basestring as quoted

from anchore_gate.model.result import GateResult, GateRun, NoVerdict
from anchore_gate.report.cleaning import line
from anchore_gate.report.entry import Entry
from anchore_gate.report.evidence import endings, grounds, no_verdict, ordered, placed, provenance
from anchore_gate.report.json import array, json_text
from anchore_gate.report.place import (
    Fingerprints,
    dockerfile_line,
    dockerfile_of,
    fingerprint,
    repository_of,
    slug,
)
from anchore_gate.report.reporter import Reporter, ReportOptions
from anchore_gate.report.rows import moment
from anchore_gate.report.sarif_rules import RULE_TEXT, Rules, unlinked
from anchore_gate.typed import Any, Final
from anchore_gate.values import dataclass

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_MOST_RUNS = 20
_MOST_RESULTS = 25_000
# With descriptions of ninety different words a result costs 0.46 KB compressed; 0.22 KB when they are cut.
_MOST_IN_FILE = 40_000
_MOST_IN_FULL = 15_000
_SHORT_TEXT = 200
_LEVELS = {"stop": "error", "warn": "warning", "go": "note", "set aside": "note"}


@dataclass(frozen=True, slots=True)
class SarifReporter:
    """The findings as code scanning alerts."""

    name: str = "sarif"
    filename: str = "results.sarif"

    def render(self, run: GateRun, options: ReportOptions) -> Iterator[str]:
        """See `Reporter.render`."""
        yield json_text({"version": "2.1.0", "$schema": _SCHEMA})[:-1] + ',"runs":[\n'
        categories = _categories(run, options)
        room = _room(run, len(categories))
        for place, (category, results) in enumerate(categories):
            yield ",\n" if place else ""
            yield from _run(category, results, run.version, options, room)
        yield "\n]}\n"


REPORTER: Final[Reporter] = SarifReporter()
_Results = tuple[GateResult | NoVerdict, ...]


@dataclass(frozen=True, slots=True)
class _Room:
    results: int  # a run
    text: int  # characters of a rule's texts


def _room(run: GateRun, runs: int) -> _Room:
    judged = [result for result in run.results if isinstance(result, GateResult)]
    number = sum(min(_MOST_RESULTS, len(ordered(result))) for result in judged)
    share = _MOST_RESULTS if number <= _MOST_IN_FILE else min(_MOST_RESULTS, _MOST_IN_FILE // runs)
    return _Room(share, RULE_TEXT if number <= _MOST_IN_FULL else _SHORT_TEXT)


def _categories(run: GateRun, options: ReportOptions) -> list[tuple[str, _Results]]:
    prefix = slug(options.sarif_category)
    if not run.results or len(run.results) > _MOST_RUNS:
        return [(f"{prefix}/all/", run.results)]
    repositories = [repository_of(result) for result in run.results]
    found: dict[str, _Results] = {}
    for result, repository in zip(run.results, repositories, strict=True):
        alone = repositories.count(repository) == 1
        name = slug(repository if alone else result.name)
        names = (f"{prefix}/{name}{f'-{number}' if number else ''}/" for number in range(len(repositories)))
        found[next(free for free in names if free not in found)] = (result,)
    return list(found.items())


def _run(
    category: str, results: _Results, version: str, options: ReportOptions, room: _Room
) -> Iterator[str]:
    rules = Rules(room.text)
    rows = _Rows(results, rules, options, room.results)
    yield json_text({"automationDetails": {"id": category}, "columnKind": "unicodeCodePoints"})[:-1]
    yield from array("results", rows)
    yield ',"tool":{"driver":{"name":"anchore_gate","semanticVersion":' + json_text(version)
    yield from array("rules", rules.texts())
    yield f'}}}},"invocations":[{json_text(_invocation(results, rows.left))}]}}'


class _Rows:
    """The results as JSON; and once they are read, how many more there are than a run may hold."""

    def __init__(self, results: _Results, rules: Rules, options: ReportOptions, room: int) -> None:
        self._results, self._rules, self._options, self._room = results, rules, options, room
        self._seen = Fingerprints()
        self.left = 0

    def __iter__(self) -> Iterator[str]:
        """First what no finding stands for; then of each image its worst, to each its share of the room."""
        number = 0
        for result in self._results:
            for why, fails in grounds(result):
                number += 1
                yield self._ground(result, why, fails=fails)
        judged = [result for result in self._results if isinstance(result, GateResult)]
        room = max(0, self._room - number)
        for place, result in enumerate(judged):
            entries, share = ordered(result), room // (len(judged) - place)
            # Past its share a finding is only counted: a row would cost, and name rules nobody uses.
            yield from self._findings(entries[:share])
            self.left += max(0, len(entries) - share)
            room -= min(share, len(entries))

    def _findings(self, entries: Iterable[Entry]) -> Iterator[str]:
        locations: dict[tuple[str, int | None, int], str] = {}
        for entry in entries:
            spot = entry.place, entry.layer, dockerfile_line(entry)
            if spot not in locations:
                locations[spot] = json_text(_location(entry, self._options))
            place, name = self._rules.place(entry)
            yield _row(entry, place, name, locations[spot], self._seen.of(entry))

    def _ground(self, result: GateResult | NoVerdict, why: str, *, fails: bool) -> str:
        name, kind = line(result.name), "no-verdict" if no_verdict(result) else "policy"
        place, rule = self._rules.of_verdict(kind, fails=fails)
        base = fingerprint(repository_of(result), kind, *(() if kind == "no-verdict" else (why,)))
        told = {
            "ruleId": rule,
            "ruleIndex": place,
            "level": "error" if fails else "warning",
            "message": {"text": unlinked(f"{name}: {line(why)}")},
            "locations": [
                {
                    "physicalLocation": _physical(dockerfile_of(result, self._options), 1),
                    "logicalLocations": [{"name": name, "fullyQualifiedName": name, "kind": "image"}],
                }
            ],
            "partialFingerprints": {"primaryLocationLineHash": self._seen.numbered(base)},
        }
        return json_text(told)


def _row(entry: Entry, place: int, name: str, location: str, base: str) -> str:
    level = "note" if entry.excused else _LEVELS[entry.state]
    lapsed = f" ({entry.lapsed})" if entry.lapsed else ""
    told = unlinked(f"{line(entry.result.name)}: {entry.title}: {entry.remedy}{lapsed}")
    aside = ""
    if entry.set_aside:
        why = quoted(unlinked(entry.set_aside))
        aside = f',"suppressions":[{{"kind":"external","status":"accepted","justification":{why}}}]'
    return (
        f'{{"ruleId":{quoted(name)},"ruleIndex":{place},"level":"{level}","message":{{"text":{quoted(told)}}},'
        f'"locations":[{location}],"partialFingerprints":{{"primaryLocationLineHash":"{base}"}},'
        f'"properties":{{"state":"{entry.state}","trigger_id":{quoted(line(entry.finding.trigger_id))}}}{aside}}}'
    )


def _location(entry: Entry, options: ReportOptions) -> dict[str, Any]:
    name = line(entry.result.name)
    logical = [{"name": name, "fullyQualifiedName": name, "kind": "image"}]
    if spot := entry.place:
        logical.insert(0, {"name": spot, "fullyQualifiedName": f"{name}: {spot}", "kind": "content"})
    if entry.layer is not None and entry.instruction:
        told = f"layer {entry.layer}: {entry.instruction}"
        logical.append({"name": told, "fullyQualifiedName": f"{name}: {told}", "kind": "layer"})
    return {
        "physicalLocation": _physical(dockerfile_of(entry.result, options), dockerfile_line(entry)),
        "logicalLocations": logical,
    }


def _physical(uri: str, start: int) -> dict[str, Any]:
    return {"artifactLocation": {"uri": uri}, "region": {"startLine": start}}


def _invocation(results: _Results, left: int) -> dict[str, Any]:
    judged = [result for result in results if isinstance(result, GateResult)]
    told = list(_notifications(results))
    if left:
        told.append(("warning", f"{left} more results than fit here: the JSON report has them all"))
    properties = {line(result.name): dict(provenance(result)) for result in judged}
    return {
        "executionSuccessful": len(results) > 0 and not any(map(no_verdict, results)),
        **({"endTimeUtc": moment(max(result.decided_at for result in results))} if results else {}),
        "toolExecutionNotifications": [
            {"level": level, "message": {"text": unlinked(line(text, limit=RULE_TEXT))}}
            for level, text in told
        ],
        "properties": {"images": properties},
    }


def _notifications(results: Iterable[GateResult | NoVerdict]) -> Iterator[tuple[str, str]]:
    for result in results:
        if why := no_verdict(result):
            yield "error", f"{result.name}: {why}"
        if isinstance(result, NoVerdict):
            continue
        for problem in result.evaluation.problems:
            yield ("error" if problem.severity == "error" else "warning"), f"{result.name}: {placed(problem)}"
        for outcome in result.evaluation.outcomes:
            if outcome.problem is not None:
                yield "error", f"{result.name}: rule {outcome.rule_id}: {outcome.problem}"
        for told in endings(result):
            yield "warning", f"{result.name}: {told}"
        for unknown in result.inventory.unknowns:
            yield "note", f"{result.name}: could not read {unknown.path}: {unknown.reason}"
