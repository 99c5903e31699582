"""A service's judgement as our evaluation: rules that passed included where its policy can be read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from anchore_gate.engine.engine import Request
from anchore_gate.errors import InvalidBundle, RemoteError
from anchore_gate.model.evaluation import Action, Evaluation, Finding, Problem, RuleOutcome
from anchore_gate.model.suppression import Suppression
from anchore_gate.model.vulnerability import Match
from anchore_gate.policy import legacy
from anchore_gate.policy.bundle import Bundle, Rule, RuleSet
from anchore_gate.policy.parse import parse_bundle
from anchore_gate.policy.wording import finding_id
from anchore_gate.remote.values import Judgement, Row
from anchore_gate.values import dataclass, replace

_REASONS = frozenset({"policy_evaluation", "allowlisted", "denylisted"})


def evaluation_of(judgement: Judgement, request: Request, matches: tuple[Match, ...]) -> Evaluation:
    """
    The evaluation with the service's findings under its own ids.

    Raises `RemoteError` when the findings do not add up to the service's verdict: it is never softened.
    """
    policy = policy_of(judgement.policy)
    by_id = {finding_id(match): match for match in matches}
    outcomes = _Outcomes(judgement=judgement, policy=policy, matches=by_id)
    mine = request.bundle
    evaluation = Evaluation(
        bundle_id=mine.id if mine else judgement.policy_id,
        bundle_name=mine.name if mine else (policy.name if policy else ""),
        bundle_digest=mine.digest if mine else (policy.digest if policy else ""),
        bundle_source=mine.source if mine else "remote",
        outcomes=tuple(_with_controls(outcomes.all(), mine)),
        problems=tuple(Problem(severity=s, type=t, message=m) for s, t, m in judgement.problems),
        mapping=judgement.mapping,
        allowlisted_image=judgement.allowlisted,
        denylisted_image=judgement.denylisted,
        unmapped=request.unmapped,
    )
    _check(evaluation, judgement)
    return evaluation


def _with_controls(outcomes: Iterable[RuleOutcome], mine: Bundle | None) -> Iterator[RuleOutcome]:
    """Controls are ours: a service is not told of them."""
    sets = mine.rule_sets if mine else ()
    known = {(one.id, rule.id): rule.controls for one in sets for rule in one.rules}
    for outcome in outcomes:
        controls = outcome.controls or known.get((outcome.rule_set_id, outcome.rule_id), ())
        yield replace(outcome, controls=controls) if controls else outcome


def is_readable(judgement: Judgement) -> bool:
    """Whether every rule that was asked is known, not only those that fired."""
    policy = policy_of(judgement.policy)
    if policy is None:
        return False
    chosen = judgement.mapping.rule_set_ids if judgement.mapping else ()
    sets = {one.id: one for one in policy.rule_sets}
    return all(
        name in sets and all(one.severity != "error" for one in sets[name].problems) for name in chosen
    )


def _check(evaluation: Evaluation, judgement: Judgement) -> None:
    final = _action(judgement.final_action)
    if judgement.status not in {"pass", "fail"} or judgement.reason not in _REASONS:
        raise RemoteError(
            f"the service's verdict cannot be understood: {judgement.status!r}, {judgement.reason!r}"
        )
    if (judgement.status == "fail") != (final is Action.STOP):
        raise RemoteError(f"the service says {judgement.status!r} and {final.word!r}: which one holds?")
    if evaluation.final_action < final:
        raise RemoteError(
            f"the service says {final.word!r}, its findings say {evaluation.final_action.word!r}:"
            " no verdict without grounds"
        )


def policy_of(content: str) -> Bundle | None:
    """The policy that a service shows, None where it shows none that can be read."""
    if not content:
        return None
    try:
        return parse_bundle(json.loads(content), source="remote")
    except (InvalidBundle, ValueError):
        return None


def _action(word: str) -> Action:
    found = Action.__members__.get(word.upper())
    if found is None:
        raise RemoteError(f"the service's answer cannot be understood: action {word!r}")
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outcomes:
    judgement: Judgement
    policy: Bundle | None
    matches: dict[str, Match]

    def all(self) -> Iterator[RuleOutcome]:
        """The rules of the matched rule sets in their order, then rows that belong to none for certain."""
        of_rule: dict[tuple[str, int], list[Row]] = {}
        loose: dict[tuple[str, str, str, Action], list[Row]] = {}
        unclear: set[tuple[str, str, str]] = set()
        rules = list(self._rules())
        is_faulty = any(severity == "error" for severity, _, _ in self.judgement.problems)
        for row in self.judgement.rows:
            place = self._place(row, rules)
            if place is not None:
                of_rule.setdefault(place, []).append(row)
                continue
            key = _key(row.rule_set_id, row.gate, row.trigger)
            unclear.add(key)
            loose.setdefault((*key, _action(row.action)), []).append(row)
        for rule_set, number, rule in rules:
            rows = of_rule.get((rule_set.id, number), [])
            # Where the policy could not be evaluated, no rule was asked for certain.
            is_asked = not is_faulty and _key(rule_set.id, rule.gate, rule.trigger) not in unclear
            if rows or is_asked:
                yield self._of_rule(rule_set, rule, rows)
        for (rule_set_id, gate, _, action), rows in loose.items():
            yield RuleOutcome(
                rule_id=rows[0].rule_id,
                rule_set_id=rule_set_id,
                gate=gate,
                trigger=rows[0].trigger,
                action=action,
                recommendation=rows[0].recommendation,
                findings=tuple(self._finding(row) for row in rows),
            )

    def _rules(self) -> Iterator[tuple[RuleSet, int, Rule]]:
        chosen = self.judgement.mapping.rule_set_ids if self.judgement.mapping else ()
        sets = {one.id: one for one in reversed(self.policy.rule_sets)} if self.policy else {}
        for name in dict.fromkeys(chosen):
            if name in sets:
                for number, rule in enumerate(sets[name].rules):
                    yield sets[name], number, rule

    def _place(self, row: Row, rules: list[tuple[RuleSet, int, Rule]]) -> tuple[str, int] | None:
        """The rule a row belongs to: by its id, or where only one rule can have made it."""
        action = _action(row.action)
        key = _key(row.rule_set_id, row.gate, row.trigger)
        fitting = [
            (rule_set.id, number)
            for rule_set, number, rule in rules
            if _key(rule_set.id, rule.gate, rule.trigger) == key
            # Without an id, a rule that we could not read might have made the row.
            and (row.rule_id == rule.id if row.rule_id else not rule_set.problems)
            # A row that an allowlist sets aside says "go", whatever its rule says.
            and (rule.action is action or row.allowed is not None)
        ]
        return fitting[0] if len(fitting) == 1 else None

    def _of_rule(self, rule_set: RuleSet, rule: Rule, rows: list[Row]) -> RuleOutcome:
        dialect = self.policy.dialect if self.policy else legacy.ENTERPRISE
        return rule.answered(rule_set, dialect=dialect, findings=tuple(self._finding(row) for row in rows))

    def _finding(self, row: Row) -> Finding:
        match = self.matches.get(row.trigger_id) if row.gate == "vulnerabilities" else None
        allowed = row.allowed
        return Finding(
            trigger_id=row.trigger_id,
            message=row.message,
            package=match.package if match else None,
            match=match,
            fix=_fix(match),
            inherited=row.inherited,
            suppressed=Suppression(
                kind="allowlist", id=allowed.id, name=allowed.name, item_id=allowed.item_id
            )
            if allowed
            else None,
        )


def _fix(match: Match | None) -> str:
    if match is None or not match.fix.versions:
        return ""
    return f"upgrade {match.package.name} to {match.fix.versions[0]}"


def _key(rule_set_id: str, gate: str, trigger: str) -> tuple[str, str, str]:
    return rule_set_id, gate.lower(), legacy.current_trigger(gate.lower(), trigger.lower())
