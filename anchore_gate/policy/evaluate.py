"""Ask a bundle's questions: pick the mapping, ask every rule, set aside what is allowed."""

from __future__ import annotations

from collections.abc import Iterator

from anchore_gate.errors import GateError
from anchore_gate.model.evaluation import Action, Evaluation, Finding, MatchedRule, Problem, RuleOutcome
from anchore_gate.model.vulnerability import Match
from anchore_gate.policy import legacy
from anchore_gate.policy.allowlist import Allowed
from anchore_gate.policy.bundle import NO_RULE, Bundle, ImageRule, Rule, RuleSet, Selection
from anchore_gate.policy.identity import hashed_id
from anchore_gate.policy.target import Target
from anchore_gate.policy.trigger import Evidence, IncomparableVersions, NotKnownHere
from anchore_gate.policy.wording import engine_id, finding_id
from anchore_gate.values import replace


def evaluate(
    bundle: Bundle,
    evidence: Evidence,
    *,
    target: Target,
    unmapped: Action = Action.STOP,
    unsupported: Action = Action.STOP,
    incomparable: Action = Action.STOP,
) -> Evaluation:
    """
    What the policy says of an image.

    `unmapped` is what an image gets that no mapping picks, `unsupported` what a rule adds that only a
    service can answer, `incomparable` what one adds that met versions nobody can compare.
    A policy with an error asks nothing and stops. Raises `PolicyError` when an
    expression takes too long.
    """
    selection = bundle.selection(target)
    blank = Evaluation(
        bundle_id=bundle.id,
        bundle_name=bundle.name,
        bundle_digest=bundle.digest,
        bundle_source=bundle.source,
        mapping=_picked(bundle, selection),
        problems=_standing(selection),
        unmapped=unmapped,
    )
    if selection.has_error:
        return blank
    if unmapped is not Action.GO:
        blank = replace(blank, problems=(*blank.problems, *_unasked(bundle, selection, target, unmapped)))
    evidence = _as_read(bundle, evidence)
    outcomes = [
        _ask(rule, rule_set, bundle.dialect, evidence, unsupported, incomparable)
        for rule_set in selection.rule_sets
        for rule in _by_gate(rule_set)
    ]
    ids = {one for outcome in outcomes for finding in outcome.findings for one in finding.ids}
    allowed = Allowed(selection.allowlists, now=evidence.now, ids=ids)
    return replace(
        blank,
        outcomes=tuple(_excused(outcome, allowed) for outcome in outcomes),
        allowlisted_image=_first(bundle.allowlisted_images, target),
        denylisted_image=_first(bundle.denylisted_images, target),
        expiring=tuple(allowed.expiring()),
    )


def _picked(bundle: Bundle, selection: Selection) -> MatchedRule | None:
    """The mapping that picks the image: nobody knows which one does where one of them cannot be read."""
    is_open = any(problem.path.startswith("mappings") for problem in bundle.problems)
    return None if is_open or selection.mapping is None else selection.mapping.matched


def _standing(selection: Selection) -> tuple[Problem, ...]:
    """What is wrong: that a rule is passed over goes without saying where none is asked."""
    if not selection.has_error:
        return selection.problems
    return tuple(problem for problem in selection.problems if problem.severity == "error")


def _as_read(bundle: Bundle, evidence: Evidence) -> Evidence:
    """What a bundle in Engine's words sees: what Engine's analyzer retrieves, and no link is among it."""
    return evidence if bundle.dialect == legacy.ENTERPRISE else replace(evidence, reads_links=False)


def passed_over(bundle: Bundle, evidence: Evidence, *, target: Target) -> tuple[str, ...]:
    """The links that rules ask for and do not read, in a sentence each."""
    if evidence.files is None or bundle.dialect == legacy.ENTERPRISE:
        return ()
    rules = (rule for rule_set in bundle.selection(target).rule_sets for rule in rule_set.rules)
    asked = {rule.question.reads for rule in rules if rule.question is not None} - {""}
    return tuple(
        f"{path} is a link: no rule of a bundle in Engine's words reads what is behind it, as in Engine "
        "(content_not_available fires; in Enterprise's words it is read: policy convert)"
        for path in sorted(asked)
        if evidence.is_link(path)
    )


def _by_gate(rule_set: RuleSet) -> Iterator[Rule]:
    """The rules of each gate together, gates in the order they first come: Engine's order."""
    groups: dict[str, list[Rule]] = {}
    for rule in rule_set.rules:
        groups.setdefault(rule.gate, []).append(rule)
    for group in groups.values():
        yield from group


def _first(rules: tuple[ImageRule, ...], target: Target) -> MatchedRule | None:
    return next((rule.matched for rule in rules if rule.matches(target)), None)


def _ask(
    rule: Rule,
    rule_set: RuleSet,
    dialect: str,
    evidence: Evidence,
    unsupported: Action,
    incomparable: Action,
) -> RuleOutcome:
    findings: list[Finding] = []
    problem, problem_action = None, Action.STOP
    if rule.question is None:
        problem, problem_action = rule.unsupported, unsupported
    else:
        try:
            findings.extend(_identified(finding, rule, dialect) for finding in rule.question.fire(evidence))
        except NotKnownHere as error:
            problem, problem_action = str(error), unsupported
        except IncomparableVersions as error:
            problem, problem_action = str(error), incomparable
        except GateError as error:
            problem = str(error)
    return rule.answered(
        rule_set, dialect=dialect, findings=tuple(findings), problem=problem, problem_action=problem_action
    )


def _identified(finding: Finding, rule: Rule, dialect: str) -> Finding:
    """Give a finding its id and words in the policy's dialect."""
    if finding.trigger_id:
        return finding if finding.match is None else _named(finding, finding.match, dialect)
    ids = {one: _hashed(finding, rule, one) for one in (legacy.ENGINE, legacy.ENTERPRISE)}
    mine = ids.pop(dialect)
    others = tuple(dict.fromkeys(one for one in (*ids.values(), *finding.other_ids) if one != mine))
    message = legacy.message(rule.gate, rule.trigger, finding.message, dialect=dialect)
    return replace(finding, trigger_id=mine, other_ids=others, message=message)


def _excused(outcome: RuleOutcome, allowed: Allowed) -> RuleOutcome:
    """The same, with what the allowlists accept set aside; nothing is, where one of them cannot be asked."""
    if not outcome.findings:
        return outcome
    try:
        findings = tuple(_judged(finding, outcome.gate, allowed) for finding in outcome.findings)
    except GateError as error:
        return replace(outcome, problem=str(error), problem_action=Action.STOP)
    return replace(outcome, findings=findings)


def _judged(finding: Finding, gate: str, allowed: Allowed) -> Finding:
    suppressed, expired = allowed.find(gate, finding.ids)
    if suppressed is None and expired is None:
        return finding
    return replace(finding, suppressed=suppressed or finding.suppressed, expired=expired)


def _named(finding: Finding, match: Match, dialect: str) -> Finding:
    ids = [engine_id(match), finding_id(match)]
    if dialect == legacy.ENTERPRISE:
        # since 6.0 an item may name the vulnerability alone
        ids = [*reversed(ids), match.vulnerability.id]
    mine, *others = dict.fromkeys((*ids, *finding.other_ids))
    return replace(finding, trigger_id=mine, other_ids=tuple(others))


def _hashed(finding: Finding, rule: Rule, dialect: str) -> str:
    return hashed_id(
        rule.gate,
        legacy.trigger_name(rule.gate, rule.trigger, dialect=dialect),
        legacy.message(rule.gate, rule.trigger, finding.message, dialect=dialect),
    )


def _unasked(bundle: Bundle, selection: Selection, target: Target, action: Action) -> Iterator[Problem]:
    """That no rule was asked of the image: it is not to pass without a word."""
    mapping = selection.mapping
    if mapping is None:
        name = f"{target.registry}/{target.repository}"
        name += f":{target.tag}" if target.tag else f"@{target.digest}"
        message = (
            f"no mapping of the policy {bundle.name or bundle.id!r} picks the image {name}: nothing was "
            f"asked ({action.word}; --tag names the image, --unmapped decides)"
        )
        yield Problem(severity="warn", type="Unmapped", message=message, path="mappings")
    elif selection.is_empty:
        message = f"{NO_RULE}: nothing was asked"
        yield Problem(severity="warn", type="NoRules", message=message, path=mapping.path)
