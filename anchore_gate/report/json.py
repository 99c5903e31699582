"""
Report `json`: the whole result, complete enough that every other report can be made from it.

The schema is `docs/schema/result.schema.json`. Packages, vulnerabilities and matches stand in tables and are
named by their place, so that a hundred thousand findings on one package cost one package.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import islice
from json.encoder import encode_basestring as quoted

from anchore_gate.model.evaluation import Finding, RuleOutcome
from anchore_gate.model.inventory import Package
from anchore_gate.model.result import GateResult, GateRun, NoVerdict
from anchore_gate.model.vulnerability import Match, Vulnerability
from anchore_gate.regex import regex
from anchore_gate.report.entry import counts
from anchore_gate.report.reporter import Reporter, ReportOptions
from anchore_gate.report.row_text import members, objects
from anchore_gate.report.rows import moment, names_of, row
from anchore_gate.typed import Any, Final
from anchore_gate.values import dataclass, field

SCHEMA_VERSION: Final = "1.0"
# Valid in JSON, but they would reorder or hide text in an editor or steer a terminal.
_MISLEADING = regex("[\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]")
_LONE_SURROGATE = regex("[\ud800-\udfff]")
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
    return shown(_ENCODER.encode(value))


def shown(text: str) -> str:
    """JSON's text with what hides or reorders text escaped."""
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
        last = len(self.rows) - 1  # from the last to the first: the first of several alike stays
        self._known = dict(zip(map(id, reversed(self.rows)), range(last, -1, -1), strict=True))

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
    yield from array("rules", (json_text(_rule(outcome)) for outcome in result.evaluation.outcomes))
    # Before the tables: a finding may name packages and matches that no list of the result holds.
    yield from array("findings", _findings(result, packages, matches))
    yield from array("matches", _matches(matches, packages, vulnerabilities))
    skip = frozenset({"package"})
    unjudged = ({"package": packages.place(i.package), **row(i, skip=skip)} for i in result.incomparable)
    yield from array("incomparable", map(json_text, unjudged))
    yield from array("vulnerabilities", objects(Vulnerability, vulnerabilities.rows))
    yield from array("packages", objects(Package, packages.rows))
    yield "}"


def _rule(outcome: RuleOutcome) -> dict[str, Any]:
    told = row(outcome, skip=frozenset({"findings"}))
    return {**told, "effective_action": outcome.effective_action.word}


def array(name: str, rows: Iterable[str]) -> Iterator[str]:
    """A member of an object, of rows that are JSON already: a line each, many at a time."""
    yield f',"{name}":['
    separator, rest = "\n", iter(rows)
    while chunk := list(islice(rest, _CHUNK)):
        text = ",\n".join(chunk)
        yield separator + (text if text.isascii() and "\x7f" not in text else ",\n".join(map(shown, chunk)))
        separator = ",\n"
    yield "\n]"


def _head(result: GateResult) -> dict[str, Any]:
    evaluation, inventory = result.evaluation, result.inventory
    return {
        "kind": "result",
        "name": result.name,
        "verdict": result.verdict,
        "passed": result.passed,
        **({"category": result.category} if result.is_undecided else {}),
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


def _matches(matches: _Table, packages: _Table, vulnerabilities: _Table) -> Iterator[str]:
    names = names_of(Match, ("package", "vulnerability"))
    hit = (packages.place(match.package) for match in matches.rows)
    by = (vulnerabilities.place(match.vulnerability) for match in matches.rows)
    for package, vulnerability, grounds in zip(hit, by, members(Match, matches.rows, names), strict=True):
        yield f'{{"package":{package},"vulnerability":{vulnerability},{grounds}}}'


def _findings(result: GateResult, packages: _Table, matches: _Table) -> Iterator[str]:
    names = names_of(Finding, ("package", "match"))
    named: dict[int, str] = {}
    for place, outcome in enumerate(result.evaluation.outcomes):
        asked = {
            "rule": place,
            "rule_id": outcome.rule_id,
            "policy_id": outcome.rule_set_id,
            "gate": outcome.gate,
            "trigger": outcome.trigger,
            "action": outcome.action.word,
        }
        rule = _ENCODER.encode(asked)[:-1]
        for finding, told in zip(outcome.findings, members(Finding, outcome.findings, names), strict=True):
            package = _package(finding.package, packages, named) if finding.package is not None else ""
            match = _match(finding.match, matches) if finding.match is not None else ""
            yield f"{rule},{told}{package}{match}}}"


def _package(package: Package, packages: _Table, named: dict[int, str]) -> str:
    """The package of a finding: its place, and what a reader knows it by."""
    place = packages.place(package)
    if place not in named:
        (named[place],) = members(Package, (package,), ("name", "version", "type"))
    return f',"package":{{"ref":{place},{named[place]}}}'


def _match(match: Match, matches: _Table) -> str:
    """The match of a finding: its place, and what a reader knows it by."""
    place, known = matches.place(match), match.vulnerability
    fixed = ",".join(map(quoted, match.fix.versions))
    named = f'"id":{quoted(known.id)},"severity":"{known.severity.word}","fixed_in":[{fixed}]'
    return f',"match":{{"ref":{place},{named}}}'
