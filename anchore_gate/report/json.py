"""
Report `json`: the whole result, complete enough that every other report can be made from it.

The schema is `docs/schema/result.schema.json`. Packages, vulnerabilities and matches stand in tables and are
named by their place, so that a hundred thousand findings on one package cost one package.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from anchore_gate.model.evaluation import Finding, RuleOutcome
from anchore_gate.model.inventory import Package
from anchore_gate.model.result import GateResult, GateRun, NoVerdict
from anchore_gate.model.vulnerability import Match, Vulnerability
from anchore_gate.report.entry import counts
from anchore_gate.report.reporter import Reporter, ReportOptions
from anchore_gate.report.rows import moment, row

SCHEMA_VERSION: Final = "1.0"
# Valid in JSON, but they would reorder or hide text in an editor or steer a terminal.
_MISLEADING = re.compile("[\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_CHUNK = 500
_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"), check_circular=False)


@dataclass(frozen=True, slots=True)
class JsonReporter:
    """Everything, versioned."""

    name: str = "json"
    filename: str = "result.json"

    def render(self, run: GateRun, options: ReportOptions) -> Iterator[str]:  # noqa: ARG002  # the protocol's
        """See `Reporter.render`."""
        head = {
            "schema_version": SCHEMA_VERSION,
            "tool": {"name": "anchore_gate", "version": run.version},
            "started_at": moment(run.started_at),
            "verdict": run.verdict,
            "exit_code": run.exit_code,
        }
        yield json_text(head)[:-1] + ',"results":[\n'
        for place, result in enumerate(run.results):
            yield ",\n" if place else ""
            if isinstance(result, NoVerdict):
                yield json_text({"kind": "no_verdict", "verdict": result.verdict, **row(result)})
            else:
                yield from _result(result)
        yield "\n]}\n"


REPORTER: Final[Reporter] = JsonReporter()


def json_text(value: object) -> str:
    """Compact JSON that is valid UTF-8 and shows no character that hides or reorders text."""
    text = _ENCODER.encode(value)
    if text.isascii() and "\x7f" not in text:
        return text
    text = _LONE_SURROGATE.sub("\ufffd", text)
    return _MISLEADING.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


@dataclass(slots=True)
class _Table:
    """Values by their place: those the result lists first, then those only a finding names."""

    rows: list[Any]
    _places: dict[Any, int] = field(default_factory=dict)
    _known: dict[int, int] = field(default_factory=dict)  # by identity: a hash reads the whole value
    _asked: list[Any] = field(default_factory=list)  # kept, so that no other value gets its identity

    def __post_init__(self) -> None:
        self._known = {id(value): place for place, value in reversed(list(enumerate(self.rows)))}

    def place(self, value: Package | Match | Vulnerability) -> int:
        found = self._known.get(id(value))
        if found is None:
            found = self._known[id(value)] = self._equal(value)
            self._asked.append(value)
        return found

    def _equal(self, value: Package | Match | Vulnerability) -> int:
        if not self._places:
            self._places = {known: place for place, known in reversed(list(enumerate(self.rows)))}
        found = self._places.setdefault(value, len(self.rows))
        if found == len(self.rows):
            self.rows.append(value)
        return found


def _result(result: GateResult) -> Iterator[str]:
    packages = _Table(list(result.inventory.packages))
    matches = _Table(list(result.matches))
    vulnerabilities = _Table([])
    yield json_text(_head(result))[:-1]
    yield from _array("rules", (_rule(outcome) for outcome in result.evaluation.outcomes))
    # Before the tables: a finding may name packages and matches that no list of the result holds.
    yield from _array("findings", _findings(result, packages, matches))
    yield from _array("matches", (_match(m, packages, vulnerabilities) for m in matches.rows))
    skip = frozenset({"package"})
    unjudged = ({"package": packages.place(i.package), **row(i, skip=skip)} for i in result.incomparable)
    yield from _array("incomparable", unjudged)
    yield from _array("vulnerabilities", (row(v) for v in vulnerabilities.rows))
    yield from _array("packages", (row(package) for package in packages.rows))
    yield "}"


def _rule(outcome: RuleOutcome) -> dict[str, Any]:
    told = row(outcome, skip=frozenset({"findings"}))
    return {**told, "effective_action": outcome.effective_action.word}


def _array(name: str, rows: Iterable[dict[str, Any]]) -> Iterator[str]:
    yield f',"{name}":['
    chunk: list[str] = []
    separator = "\n"
    for item in rows:
        chunk.append(json_text(item))
        if len(chunk) == _CHUNK:
            yield separator + ",\n".join(chunk)
            separator, chunk = ",\n", []
    yield (separator + ",\n".join(chunk) if chunk else "") + "\n]"


def _head(result: GateResult) -> dict[str, Any]:
    evaluation, inventory = result.evaluation, result.inventory
    return {
        "kind": "result",
        "name": result.name,
        "verdict": result.verdict,
        "passed": result.passed,
        "final_action": evaluation.final_action.word,
        "final_action_reason": evaluation.final_reason,
        "fail_on": "never" if result.fail_on is None else result.fail_on.word,
        "decided_at": moment(result.decided_at),
        "engine": {"name": result.engine, "version": result.engine_version},
        "counts": dict(counts(result).as_pairs()),
        "image": {"id": result.image.id, **row(result.image)},
        "distro": row(inventory.distro),
        "policy": row(evaluation, skip=frozenset({"outcomes"})),
        "database": row(result.database),
        "notes": list(result.notes),
        "unknowns": row(inventory.unknowns),
        "dockerfile": row(result.dockerfile),
        "listed": {"packages": len(inventory.packages), "matches": len(result.matches)},
    }


def _match(match: Match, packages: _Table, vulnerabilities: _Table) -> dict[str, Any]:
    return {
        "package": packages.place(match.package),
        "vulnerability": vulnerabilities.place(match.vulnerability),
        **row(match, skip=frozenset({"package", "vulnerability"})),
    }


def _findings(result: GateResult, packages: _Table, matches: _Table) -> Iterator[dict[str, Any]]:
    for place, outcome in enumerate(result.evaluation.outcomes):
        for finding in outcome.findings:
            yield _finding(place, outcome, finding, packages, matches)


def _finding(
    place: int, outcome: RuleOutcome, finding: Finding, packages: _Table, matches: _Table
) -> dict[str, Any]:
    found: dict[str, Any] = {
        "rule": place,
        "rule_id": outcome.rule_id,
        "policy_id": outcome.rule_set_id,
        "gate": outcome.gate,
        "trigger": outcome.trigger,
        "trigger_id": finding.trigger_id,
        "message": finding.message,
        "action": outcome.action.word,
        "suppressed": row(finding.suppressed),
        "expired": row(finding.expired),
        "other_ids": list(finding.other_ids),
        "path": finding.path,
        "line": finding.line,
        "layer": finding.layer,
        "fix": finding.fix,
    }
    if (package := finding.package) is not None:
        named = {"name": package.name, "version": package.version, "type": package.type}
        found["package"] = {"ref": packages.place(package), **named}
    if (match := finding.match) is not None:
        named = {"id": match.vulnerability.id, "severity": match.vulnerability.severity.word}
        found["match"] = {"ref": matches.place(match), **named, "fixed_in": list(match.fix.versions)}
    return found
