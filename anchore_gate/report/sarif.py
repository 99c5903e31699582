"""
Report `sarif`: SARIF 2.1.0 as GitHub code scanning takes it, and other readers too.

A run an image, up to twenty; more are told in one. Results stand before the rules they name, so that they can
be written as they come. GitHub's limits: 20 runs, 25 000 results a run, 1 024 characters of a rule's texts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from anchore_gate.model.result import GateResult, GateRun, NoVerdict
from anchore_gate.model.vulnerability import Severity, Vulnerability
from anchore_gate.report.cleaning import fit, line
from anchore_gate.report.entry import Entry
from anchore_gate.report.evidence import ordered, provenance
from anchore_gate.report.json import json_text
from anchore_gate.report.markdown import escaped
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

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_MOST_RUNS = 20
_MOST_RESULTS = 25_000
_RULE_TEXT = 1_000
_LEVELS = {"stop": "error", "warn": "warning", "go": "note", "set aside": "note"}
_ACTION_SCORES = {"stop": 7.5, "warn": 4.5, "go": 1.0}
# GitHub's bands: over 9.0 critical, 7.0 high, 4.0 medium, 0.1 low. (lowest, highest, where no rating fits)
_BANDS = {
    Severity.CRITICAL: (9.1, 10.0, 9.5),
    Severity.HIGH: (7.0, 9.0, 8.0),
    Severity.MEDIUM: (4.0, 6.9, 5.5),
    Severity.LOW: (0.1, 3.9, 2.0),
    Severity.NEGLIGIBLE: (0.1, 0.9, 0.1),
    Severity.UNKNOWN: (0.1, 10.0, 5.0),
}


@dataclass(frozen=True, slots=True)
class SarifReporter:
    """The findings as code scanning alerts."""

    name: str = "sarif"
    filename: str = "results.sarif"

    def render(self, run: GateRun, options: ReportOptions) -> Iterator[str]:
        """See `Reporter.render`."""
        yield json_text({"version": "2.1.0", "$schema": _SCHEMA})[:-1] + ',"runs":[\n'
        for place, (category, results) in enumerate(_categories(run, options)):
            yield ",\n" if place else ""
            yield from _run(category, results, run.version, options)
        yield "\n]}\n"


REPORTER: Final[Reporter] = SarifReporter()
_Results = tuple[GateResult | NoVerdict, ...]


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


@dataclass(slots=True)
class _Rules:
    """The rules by the order in which results named them."""

    places: dict[str, int] = field(default_factory=dict)
    rows: list[dict[str, Any]] = field(default_factory=list)

    def place(self, entry: Entry) -> int:
        name = _rule_id(entry)
        found = self.places.get(name)
        if found is None:
            found = self.places[name] = len(self.rows)
            self.rows.append(_rule(name, entry))
        score = float(self.rows[found]["properties"]["security-severity"])
        self.rows[found]["properties"]["security-severity"] = f"{max(score, _score(entry)):.1f}"
        return found

    def no_verdict(self) -> int:
        name = "anchore-gate/no-verdict"
        if name not in self.places:
            self.places[name] = len(self.rows)
            self.rows.append(
                _described(name, "NoVerdict", "The image could not be judged", "Mend the cause and run again")
                | {"properties": {"tags": ["security"], "precision": "high", "security-severity": "9.5"}}
            )
        return self.places[name]


def _run(category: str, results: _Results, version: str, options: ReportOptions) -> Iterator[str]:
    rules, seen = _Rules(), Fingerprints()
    yield json_text({"automationDetails": {"id": category}, "columnKind": "unicodeCodePoints"})[:-1]
    yield ',"results":['
    written = left = 0
    for row in _rows(results, rules, seen, options):
        if row is None or written == _MOST_RESULTS:
            left += 1
            continue
        yield (",\n" if written else "\n") + json_text(row)
        written += 1
    driver = {
        "name": "anchore_gate",
        "semanticVersion": version,
        "rules": rules.rows,
    }
    told = {"tool": {"driver": driver}, "invocations": [_invocation(results, left)]}
    yield "\n]," + json_text(told)[1:]


def _rows(
    results: _Results, rules: _Rules, seen: Fingerprints, options: ReportOptions
) -> Iterator[dict[str, Any] | None]:
    written = 0
    for result in results:
        if isinstance(result, NoVerdict):
            yield _no_verdict(result, rules, seen, options)
            continue
        for entry in ordered(result):
            written += 1
            # Past the limit a row is only counted: building it would cost, and name rules nobody uses.
            yield _row(entry, rules, seen, options) if written <= _MOST_RESULTS else None


def _row(entry: Entry, rules: _Rules, seen: Fingerprints, options: ReportOptions) -> dict[str, Any]:
    place = rules.place(entry)
    row: dict[str, Any] = {
        "ruleId": rules.rows[place]["id"],
        "ruleIndex": place,
        "level": "note" if entry.excused else _LEVELS[entry.state],
        "message": {"text": _unlinked(f"{line(entry.result.name)}: {entry.title}: {entry.remedy}")},
        "locations": [_location(entry, options)],
        "partialFingerprints": {"primaryLocationLineHash": seen.of(entry)},
        "properties": {"state": entry.state, "trigger_id": line(entry.finding.trigger_id)},
    }
    if entry.set_aside:
        row["suppressions"] = [
            {"kind": "external", "status": "accepted", "justification": _unlinked(entry.set_aside)}
        ]
    return row


def _location(entry: Entry, options: ReportOptions) -> dict[str, Any]:
    name = line(entry.result.name)
    logical = [{"name": name, "fullyQualifiedName": name, "kind": "image"}]
    spot = entry.place
    if spot:
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


def _no_verdict(
    result: NoVerdict, rules: _Rules, seen: Fingerprints, options: ReportOptions
) -> dict[str, Any]:
    name = line(result.name)
    place = rules.no_verdict()
    base = fingerprint(repository_of(result), "no-verdict")
    return {
        "ruleId": rules.rows[place]["id"],
        "ruleIndex": place,
        "level": "error",
        "message": {"text": _unlinked(f"{name}: no verdict ({result.category}): {line(result.message)}")},
        "locations": [
            {
                "physicalLocation": _physical(dockerfile_of(result, options), 1),
                "logicalLocations": [{"name": name, "fullyQualifiedName": name, "kind": "image"}],
            }
        ],
        "partialFingerprints": {"primaryLocationLineHash": seen.numbered(base)},
    }


def _rule_id(entry: Entry) -> str:
    if entry.vulnerability:
        return line(entry.vulnerability.id, limit=200) or "vulnerability"
    return line(f"{entry.outcome.gate}/{entry.outcome.trigger}", limit=200)


def _rule(name: str, entry: Entry) -> dict[str, Any]:
    outcome, vulnerability = entry.outcome, entry.vulnerability
    if vulnerability is None:
        word = "".join(part.capitalize() for part in re.findall("[A-Za-z0-9]+", name)) or "Rule"
        short = f"{outcome.gate}/{outcome.trigger}"
        rule = _described(name, f"{word}Rule", outcome.description or short, entry.remedy)
        tags = ["security", "policy", *(line(c, limit=60) for c in outcome.controls)]
    else:
        kind = "OsPackage" if entry.package and entry.package.is_os else "LanguagePackage"
        told = vulnerability.description or f"{vulnerability.id} ({vulnerability.severity.word})"
        rule = _described(name, f"{kind}Vulnerability", told, _help(vulnerability))
        tags = ["security", "vulnerability", vulnerability.severity.word.lower(), *vulnerability.cwes]
        if re.match(r"https?://[!-~]+$", vulnerability.link):
            rule["helpUri"] = vulnerability.link
    unique = list(dict.fromkeys(tags))[:10]
    rule["properties"] = {"tags": unique, "precision": "very-high", "security-severity": "0.1"}
    return rule


def _help(vulnerability: Vulnerability) -> str:
    known = f"{vulnerability.id}, severity {vulnerability.severity.word}, from {vulnerability.namespace}."
    also = f" Also known as {', '.join(vulnerability.aliases)}." if vulnerability.aliases else ""
    used = " It is known to be exploited." if vulnerability.known_exploited else ""
    return f"{known}{also}{used}"


def _described(id: str, name: str, told: str, remedy: str) -> dict[str, Any]:
    sentence = _unlinked(line(told, limit=_RULE_TEXT).rstrip(".")) + "."
    advice = _unlinked(line(remedy, limit=_RULE_TEXT))
    return {
        "id": id,
        "name": name,
        "shortDescription": {"text": line(sentence, limit=200)},
        "fullDescription": {"text": sentence},
        "help": {"text": advice, "markdown": escaped(remedy, limit=_RULE_TEXT)},
    }


def _score(entry: Entry) -> float:
    if entry.vulnerability is None:
        return _ACTION_SCORES[entry.outcome.action.word]
    low, high, usual = _BANDS[entry.vulnerability.severity]
    rated = [rating.base_score for rating in entry.vulnerability.cvss if low <= rating.base_score <= high]
    return max(rated, default=usual)


def _invocation(results: _Results, left: int) -> dict[str, Any]:
    judged = [result for result in results if isinstance(result, GateResult)]
    told = list(_notifications(results))
    if left:
        told.append(("warning", f"{left} more results than fit here: the JSON report has them all"))
    properties = {line(result.name): dict(provenance(result)) for result in judged}
    return {
        "executionSuccessful": len(judged) == len(results) > 0,
        **({"endTimeUtc": moment(max(result.decided_at for result in results))} if results else {}),
        "toolExecutionNotifications": [
            {"level": level, "message": {"text": _unlinked(line(text, limit=_RULE_TEXT))}}
            for level, text in told
        ],
        "properties": {"images": properties},
    }


def _notifications(results: Iterable[GateResult | NoVerdict]) -> Iterator[tuple[str, str]]:
    for result in results:
        if isinstance(result, NoVerdict):
            yield "error", f"{result.name}: no verdict ({result.category}): {result.message}"
            continue
        for problem in result.evaluation.problems:
            yield ("error" if problem.severity == "error" else "warning"), f"{result.name}: {problem.message}"
        for outcome in result.evaluation.outcomes:
            if outcome.problem is not None:
                yield "error", f"{result.name}: rule {outcome.rule_id}: {outcome.problem}"
        for unknown in result.inventory.unknowns:
            yield "note", f"{result.name}: could not read {unknown.path}: {unknown.reason}"


def _unlinked(text: str) -> str:
    # SARIF 2.1.0, 3.11.6: `[text](target)` is a link even in plain text.
    return fit(text).replace("](", "] (")
