"""Sentences about a whole result, said the same way in every report."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from anchore_gate.model.evaluation import Action, Problem, RuleOutcome
from anchore_gate.model.result import GateResult, GateRun, NoVerdict
from anchore_gate.report.cleaning import line
from anchore_gate.report.entry import Entry, counts, entries
from anchore_gate.report.once import once
from anchore_gate.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from anchore_gate.compliance.controls import Assessed, Standard

_REASONS = {
    "denylisted": "the policy denylists this image",
    "allowlisted": "the policy allowlists this image",
    "unmapped": "no mapping of the policy matches this image",
    "policy_evaluation": "the policy's rules",
    "faulty": "the policy has an error",
}
_IN_FULL, _IN_FULL_A_FILE, _LEAST_IN_FULL = 5_000, 20_000, 200
_FAULTS = 5  # of a policy, that one sentence names
_RULES = 10  # that are named where they lack the same
_ENDINGS = 20  # allowlist items that a report for people names
_RANK = {"stop": 0, "warn": 1, "go": 2, "set aside": 3}


def verdict_line(result: GateResult | NoVerdict) -> str:
    """The verdict and why, in one line."""
    if isinstance(result, NoVerdict):
        return line(f"{result.verdict}: {no_verdict(result)}")
    evaluation, number = result.evaluation, counts(result)
    problems = "1 problem" if number.problems == 1 else f"{number.problems} problems"
    told = f"{number.stop} stop, {number.warn} warn, {number.set_aside} set aside, {problems}"
    if result.is_undecided:
        return line(f"{result.verdict}: {no_verdict(result)}; {told}")
    reason = _REASONS["faulty" if evaluation.has_error else evaluation.final_reason]
    because = f"{evaluation.final_action.word} ({reason})"
    return f"{result.verdict}: final action {because}; {told}"


def no_verdict(result: GateResult | NoVerdict) -> str:
    """Why there is no verdict, "" where there is one."""
    if isinstance(result, GateResult) and not result.is_undecided:
        return ""
    message = result.message if isinstance(result, NoVerdict) else faults(result)
    return f"no verdict ({result.category}): {message}"


def grounds(result: GateResult | NoVerdict) -> Iterator[tuple[str, bool]]:
    """What no finding stands for and the verdict rests on, with whether it fails the image."""
    if why := no_verdict(result):
        yield why, True
    if isinstance(result, NoVerdict):
        return
    evaluation = result.evaluation
    if evaluation.final_reason in ("denylisted", "unmapped"):
        action = evaluation.final_action
        yield f"the policy's answer is {action.word} ({evaluation.final_reason})", result.fails(action)
    for problem in evaluation.problems:
        if problem.severity == "error" and not why:
            yield f"the policy has an error: {placed(problem)}", True
    yield from unanswered(result)


def unanswered(result: GateResult) -> Iterator[tuple[str, bool]]:
    """Why rules could not say, each once, with whether that fails the image."""
    for unknown, rules in unanswered_rules(result).items():
        named = ", ".join(one.rule_id for one in rules[:_RULES])
        more = f" and {len(rules) - _RULES} more" if len(rules) > _RULES else ""
        told = f"{'rule' if len(rules) == 1 else 'rules'} {named}{more} could not say: {unknown}"
        yield told, any(result.fails(one.problem_action) for one in rules)


def faults(first: GateResult, *others: GateResult) -> str:
    """What is wrong with the policy of results that have an error, in one sentence."""
    problems = (p for result in (first, *others) for p in result.evaluation.problems)
    errors = (p for p in problems if p.severity == "error")
    found = list(dict.fromkeys(placed(problem) for problem in errors))
    more = f" (and {len(found) - _FAULTS} more)" if len(found) > _FAULTS else ""
    source = first.evaluation.bundle_source
    by = f"policy {source!r}"
    if first.is_undecided:
        by = "the service could not evaluate " + ("its policy" if source == "remote" else by)
    return f"{by}: {'; '.join(found[:_FAULTS])}{more}"


def placed(problem: Problem) -> str:
    """What is wrong with the policy, after its place."""
    return f"{problem.path}: {problem.message}" if problem.path else problem.message


def ordered(result: GateResult) -> list[Entry]:
    """The findings, worst first: action, known exploited, severity, then the policy's order."""
    return list(_worst_first(result))


def in_full(run: GateRun) -> int:
    """How many findings of an image a report for people tells all of: further ones are a line each."""
    share = _IN_FULL_A_FILE // max(1, len(run.results))
    return min(_IN_FULL, max(_LEAST_IN_FULL, share))


@once
def _worst_first(result: GateResult) -> tuple[Entry, ...]:
    return tuple(sorted(entries(result), key=_badness))


def _badness(entry: Entry) -> tuple[int, int, int]:
    exploited = bool(entry.vulnerability and entry.vulnerability.known_exploited)
    return _RANK[entry.state], -int(exploited), -int(entry.severity or 0)


def first_things(result: GateResult, *, limit: int = 3) -> list[str]:
    """What to do first: the remedies that end most of what blocks, most first; each once."""
    seen = dict.fromkeys(_about_the_policy(result), 1_000_000_000_000)
    for entry in ordered(result):
        if entry.finding.stands and entry.outcome.action is not Action.GO and not entry.excused:
            weight = 1_000_000 if entry.outcome.action is Action.STOP else 1
            seen[entry.task] = seen.get(entry.task, 0) + weight
    for problem, rules in unanswered_rules(result).items():
        which = f"rule {rules[0].rule_id}" if len(rules) == 1 else f"{len(rules)} rules"
        weight = sum(1_000_000 if rule.problem_action is Action.STOP else 1 for rule in rules)
        seen[line(f"make {which} answerable: {problem}")] = weight
    return sorted(seen, key=lambda remedy: -seen[remedy])[:limit]


def endings(result: GateResult) -> Iterator[str]:
    """The allowlist items that end soon, or ended and were missed by a finding; then how many more."""
    expiring = result.evaluation.expiring
    for item in expiring[:_ENDINGS]:
        ends = f"{'expired' if item.expired else 'expires'} {item.expires_on:%Y-%m-%d}"
        owner = f"; owner {item.owner}" if item.owner else ""
        because = f": {item.reason}{owner}" if item.reason else owner
        yield line(f"allowlist {item.allowlist_id}: {item.gate} {item.trigger_id} {ends}{because}", limit=400)
    if len(expiring) > _ENDINGS:
        yield f"{len(expiring) - _ENDINGS} more allowlist items end: see the JSON report"


def unanswered_rules(result: GateResult) -> dict[str, list[RuleOutcome]]:
    """The rules that could not say, by why."""
    found: dict[str, list[RuleOutcome]] = {}
    for outcome in result.evaluation.outcomes:
        if outcome.problem is not None:
            found.setdefault(outcome.problem, []).append(outcome)
    return found


def _about_the_policy(result: GateResult) -> Iterator[str]:
    evaluation = result.evaluation
    for problem in evaluation.problems:
        if problem.severity == "error":
            yield line(f"mend the policy: {placed(problem)}")
    if evaluation.final_reason == "denylisted":
        yield "use another image: the policy denylists this one"
    elif evaluation.final_reason == "unmapped" and not result.passed:
        yield "add a mapping to the policy that matches this image"


@once
def assessments(result: GateResult) -> tuple[tuple[Standard, tuple[Assessed, ...]], ...]:
    """Each standard, with what the evaluation says of its controls."""
    from anchore_gate.compliance.controls import assess, standards  # not what the terminal needs

    evaluation, database = result.evaluation, result.database
    return tuple((one, tuple(assess(one, evaluation, database=database))) for one in standards())


def provenance(result: GateResult) -> Iterator[tuple[str, str]]:
    """What was judged by what: image, policy, vulnerability data, engine, as (word, text)."""
    return ((word, line(told, limit=600)) for word, told in _provenance(result))


def _provenance(result: GateResult) -> Iterator[tuple[str, str]]:
    image, evaluation, database = result.image, result.evaluation, result.database
    yield "image", line(image.display_name)
    yield "digest", str(image.digest or "unknown")
    yield "image id", image.id or "unknown"
    yield "platform", line(str(image.config.platform))
    yield "distro", line(str(result.inventory.distro or "unknown"))
    yield (
        "policy",
        line(f"{evaluation.bundle_name or evaluation.bundle_id} ({evaluation.bundle_source or 'given'})"),
    )
    yield "policy id", line(evaluation.bundle_id)
    yield "policy digest", evaluation.bundle_digest or "unknown"
    if evaluation.mapping:
        mapping = evaluation.mapping
        yield "mapping", line(mapping.name or mapping.id or "matched")
    if database:
        sample = " (a sample, not the full data)" if database.is_sample else ""
        yield "database", line(f"{database.source} {database.schema}{sample}")
        yield "database built", _built(database.built_at, result.decided_at)
        yield "database digest", database.digest or "unknown"
    else:
        yield "database", "none was asked"
    yield "engine", line(f"{result.engine} {result.engine_version}".strip())
    yield "decided", f"{result.decided_at:%Y-%m-%d %H:%M:%S} UTC"


def _built(built: datetime | None, now: datetime) -> str:
    if built is None:
        return "unknown"
    comparable = (built.tzinfo is None) == (now.tzinfo is None)
    hours = max(0, int((now - built).total_seconds() // 3600)) if comparable else 0
    age = f"{hours} hours" if hours < 48 else f"{hours // 24} days"
    return f"{built:%Y-%m-%d %H:%M} UTC ({age} old)"
