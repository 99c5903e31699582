"""Standards and their controls, from the data files beside this one, and what a result says of each."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache

from anchore_gate.model.evaluation import Action, Evaluation, RuleOutcome
from anchore_gate.model.vulnerability import DatabaseIdentity
from anchore_gate.typed import Any
from anchore_gate.values import dataclass

STANDARDS = ("nist_sp_800_190", "cis_docker")
_TODAYS_WORDS = (("blacklisted_", "denylisted_"), ("blacklist", "denylist"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A gate's trigger that speaks to a control, where its parameters are these."""

    gate: str
    trigger: str
    params: tuple[tuple[str, str], ...] = ()

    def fits(self, outcome: RuleOutcome) -> bool:
        """Whether the rule asked this."""
        trigger = outcome.trigger
        for old, new in _TODAYS_WORDS:
            trigger = trigger.replace(old, new)
        return (self.gate, self.trigger) == (outcome.gate, trigger) and set(self.params) <= set(
            outcome.params
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """One thing a standard asks for."""

    id: str  # as rules name it, e.g. `NIST-800-190:4.1.2`
    section: str
    title: str
    asks: str = ""
    in_scope: bool = True  # whether looking at an image can speak to it
    reason: str = ""  # why not, or who answers it
    checks: tuple[Check, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Standard:
    """A document, and its controls in its order."""

    id: str
    title: str
    source: str
    controls: tuple[Control, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessed:
    """What one evaluation says of a control."""

    control: Control
    outcome: str  # met, partly, not met, not assessed, out of scope
    rules: tuple[RuleOutcome, ...] = ()  # those that were asked
    findings: int = 0  # how many stand against it


@cache
def standard(name: str) -> Standard:
    """A standard by the name of its file."""
    from importlib.resources import files

    raw = json.loads(files("anchore_gate.compliance").joinpath(f"{name}.json").read_text())
    return Standard(
        id=raw["id"],
        title=raw["title"],
        source=raw["source"],
        controls=tuple(_control(raw["id"], one) for one in raw["controls"]),
    )


def standards() -> tuple[Standard, ...]:
    """All standards."""
    return tuple(standard(name) for name in STANDARDS)


def assess(
    which: Standard, evaluation: Evaluation, *, database: DatabaseIdentity | None = None
) -> Iterator[Assessed]:
    """
    Each control with its outcome: `met` needs a rule that was asked, answered and found nothing.

    A control that no rule speaks to is `not assessed`, never `met`. A STOP that stands, or a rule with a
    problem, is `not met`; a warning alone is `partly`. Where the vulnerability data is a sample, a quiet rule
    on vulnerabilities shows nothing: what it would have met is `not assessed`.
    """
    sampled = database is not None and database.is_sample
    for control in which.controls:
        rules = tuple(one for one in evaluation.outcomes if _speaks(control, one))
        if not control.in_scope:
            yield Assessed(control=control, outcome="out of scope")
        elif not rules or evaluation.has_error:
            yield Assessed(control=control, outcome="not assessed")
        else:
            found = sum(1 for rule in rules for finding in rule.findings if finding.suppressed is None)
            outcome = _outcome(rules, found)
            if sampled and outcome == "met" and any(rule.gate == "vulnerabilities" for rule in rules):
                outcome = "not assessed"
            yield Assessed(control=control, outcome=outcome, rules=rules, findings=found)


def _outcome(rules: tuple[RuleOutcome, ...], found: int) -> str:
    worst = max(rule.effective_action for rule in rules)
    if worst is Action.STOP:
        return "not met"
    return "met" if worst is Action.GO and not found else "partly"


def _speaks(control: Control, outcome: RuleOutcome) -> bool:
    standard_id = control.id.partition(":")[0]
    named = [one for one in outcome.controls if one.startswith(f"{standard_id}:")]
    if named:  # a rule that names controls of this standard knows best
        return control.id in named
    return any(check.fits(outcome) for check in control.checks)


def _control(standard_id: str, raw: dict[str, Any]) -> Control:
    return Control(
        id=f"{standard_id}:{raw['id']}",
        section=raw["id"],
        title=raw["title"],
        asks=raw.get("asks", ""),
        in_scope=raw["scope"] == "image",
        reason=raw.get("reason", ""),
        checks=tuple(
            Check(gate=one["gate"], trigger=one["trigger"], params=tuple(sorted(one["params"].items())))
            for one in raw.get("checks", [])
        ),
    )
