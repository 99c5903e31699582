"""The verdict a person reads in ten seconds: what failed, what to do first, where the reports are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from anchore_gate.cli.terminal import Line, show
from anchore_gate.model.evaluation import Action
from anchore_gate.model.result import GateResult, GateRun, NoVerdict
from anchore_gate.report.cleaning import line
from anchore_gate.report.entry import Entry, counts
from anchore_gate.report.evidence import (
    first_things,
    ordered,
    placed,
    provenance,
    unanswered_rules,
    verdict_line,
)
from anchore_gate.report.redaction import shareable
from anchore_gate.report.writer import STANDARD_OUTPUT

_FEW = 3  # findings of a blocking rule, before "and N more"
_RULES = 8  # rules, before "and N more"
_ITEMS = 5  # expiring items and problems
_STYLES = {
    "pass": "bold green",
    "warn": "bold yellow",
    "fail": "bold red",
    "error": "bold magenta",
    "timeout": "bold magenta",
    "stop": "red",
    "go": "",
    "set aside": "dim",
}


def show_run(
    run: GateRun, written: tuple[Path, ...], *, quiet: bool, verbose: bool, code: int | None = None
) -> None:
    """
    Write the verdict to standard output: `quiet` a line an image, `verbose` every finding.

    `code` is what the process ends with, where that is not the run's own: interrupted, a report lost.
    """
    run = shareable(run)
    if quiet:
        show(_short(result) for result in run.results)
    else:
        show(_all(run, written, verbose=verbose, code=run.exit_code if code is None else code))


def _short(result: GateResult | NoVerdict) -> Line:
    return Line(f"{line(result.name)}: {verdict_line(result)}", style=_STYLES[result.verdict])


def _all(run: GateRun, written: tuple[Path, ...], *, verbose: bool, code: int) -> Iterator[Line]:
    for result in run.results:
        yield Line(f"{result.verdict.upper()}  {line(result.name)}", style=_STYLES[result.verdict])
        yield from _body(result, verbose=verbose)
        yield Line("")
    seen = Counter(result.verdict for result in run.results)
    told = ", ".join(f"{number} {word}" for word, number in sorted(seen.items())) or "no image was judged"
    yield Line(f"verdict: {run.verdict} ({told}), exit code {code}", style=_STYLES[run.verdict])
    yield from _reports(written)


def _body(result: GateResult | NoVerdict, *, verbose: bool) -> Iterator[Line]:
    if isinstance(result, NoVerdict):
        yield Line(line(f"no verdict ({result.category}): {result.message}", limit=600), indent=2)
        yield Line("The image was not judged: this is never a pass.", indent=2)
        return
    yield Line(verdict_line(result).partition(": ")[2], indent=2)
    yield from _problems(result)
    if verbose:
        yield from _every(ordered(result))
    else:
        yield from _by_rule(ordered(result))
    if first := first_things(result):
        yield Line("do first:", style="bold", indent=2)
        yield from (Line(f"{n}. {thing}", indent=4) for n, thing in enumerate(first, 1))
    yield from _notes(result)


def _problems(result: GateResult) -> Iterator[Line]:
    for problem in result.evaluation.problems[:_ITEMS]:
        told = line(f"policy {problem.severity}: {placed(problem)}", limit=400)
        yield Line(told, style=_STYLES["fail" if problem.severity == "error" else "warn"], indent=2)
    unanswered = unanswered_rules(result)
    for why, rules in list(unanswered.items())[:_ITEMS]:
        names = ", ".join(dict.fromkeys(f"{rule.gate}/{rule.trigger}" for rule in rules))
        ids = ", ".join(rule.rule_id for rule in rules[:_FEW])
        more = f" and {len(rules) - _FEW} more" if len(rules) > _FEW else ""
        told = f"no answer: {names} (rule{'s' if len(rules) > 1 else ''} {ids}{more}): {why}"
        worst = max(rule.problem_action for rule in rules)
        yield Line(line(told, limit=400), style=_STYLES[worst.word], indent=2)
    yield from _more(max(len(result.evaluation.problems), _ITEMS) - _ITEMS, "policy problems", 2)
    yield from _more(max(len(unanswered), _ITEMS) - _ITEMS, "questions without an answer", 2)


def _by_rule(found: list[Entry]) -> Iterator[Line]:
    rules: dict[int, list[Entry]] = {}  # by outcome: ids of rules may be missing or the same
    for entry in found:
        if entry.finding.stands and entry.outcome.action is not Action.GO:
            rules.setdefault(id(entry.outcome), []).append(entry)
    for group in list(rules.values())[:_RULES]:
        outcome, shown = group[0].outcome, _FEW if group[0].blocks else 0
        told = group[0].title if len(group) == 1 and not shown else f"{len(group)} found"
        head = line(f"{outcome.action.word} {outcome.gate}/{outcome.trigger}: {told}", limit=160)
        yield Line(head, style=_STYLES[outcome.action.word], indent=2)
        yield from (_told(entry) for entry in group[:shown])
        if shown:
            yield from _more(len(group) - shown, "", 4)
    yield from _more(len(rules) - _RULES, "rules with findings", 2)


def _told(entry: Entry) -> Line:
    severity = f" [{entry.severity.word}]" if entry.severity is not None else ""
    exploited = " [known exploited]" if entry.vulnerability and entry.vulnerability.known_exploited else ""
    return Line(f"{entry.title}{severity}{exploited}: {entry.remedy}", indent=4)


def _every(found: list[Entry]) -> Iterator[Line]:
    for entry in found:
        head = line(f"{entry.state} {entry.outcome.gate}/{entry.outcome.trigger}: {entry.title}")
        yield Line(head, style=_STYLES[entry.state], indent=2)
        for word, told in entry.more():
            yield Line(f"{word}: {line(told, limit=1_000)}", indent=4)


def _notes(result: GateResult) -> Iterator[Line]:
    number = counts(result)
    if number.unknowns:
        yield Line(f"could not be read: {number.unknowns} (the evidence is not whole)", indent=2)
    if number.incomparable:
        yield Line(f"could not be compared: {number.incomparable}", indent=2)
    for item in result.evaluation.expiring[:_ITEMS]:
        word = "expired" if item.expired else "expires"
        told = line(f"allowlist {item.allowlist_id}: {item.trigger_id or item.gate} {word}")
        yield Line(f"{told} {item.expires_on:%Y-%m-%d}", style=_STYLES["warn"], indent=2)
    yield from _more(len(result.evaluation.expiring) - _ITEMS, "allowlist items that end", 2)
    yield from (Line(f"note: {line(note)}", indent=2) for note in result.notes)
    if (database := result.database) is not None:
        if database.is_sample:
            told = "the vulnerability data is a SAMPLE: a few advisories, not the full data"
            yield Line(told, style=_STYLES["warn"], indent=2)
        told = dict(provenance(result))["database built"]
        yield Line(line(f"vulnerability data: {database.source}, built {told}"), style="dim", indent=2)


def _more(number: int, what: str, indent: int) -> Iterator[Line]:
    if number > 0:
        yield Line(f"and {number} more {what}".rstrip(), style="dim", indent=indent)


def _reports(written: tuple[Path, ...]) -> Iterator[Line]:
    written = tuple(path for path in written if path != STANDARD_OUTPUT)
    folders = sorted({path.parent for path in written})
    for folder in folders:
        inside = [path for path in written if path.parent == folder]
        if len(inside) == 1:
            yield Line(f"report: {inside[0]}")
        else:
            names = [path.name for path in inside]
            told = ", ".join(names) if len(names) <= _ITEMS else f"{len(names)} files"
            yield Line(f"reports: {folder}/ ({told})")
