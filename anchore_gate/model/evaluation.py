"""What the policy said."""

from __future__ import annotations

from datetime import datetime
from enum import IntEnum

from anchore_gate.model.inventory import Package
from anchore_gate.model.suppression import Suppression
from anchore_gate.model.vulnerability import Match
from anchore_gate.values import dataclass


class Action(IntEnum):
    """What a rule asks for. The worst one wins, so the verdict is a `max`."""

    GO = 0
    WARN = 1
    STOP = 2

    @property
    def word(self) -> str:
        """`go`, `warn` or `stop`, as Anchore writes it in results."""
        return _WORDS[self]


_WORDS = tuple(action.name.lower() for action in Action)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing a trigger found, under an id that is the same on every run."""

    trigger_id: str
    message: str
    other_ids: tuple[str, ...] = ()  # further ids that an allowlist may name (other wording, older id)
    path: str = ""  # file in the image
    line: int | None = None  # 1-based, in `path` or in the Dockerfile
    layer: int | None = None  # index of the layer that brought it
    package: Package | None = None
    match: Match | None = None
    fix: str = ""  # what to do, e.g. `upgrade openssl to 3.0.11-1~deb12u2`
    suppressed: Suppression | None = None
    inherited: bool | None = None  # whether a service saw it in the base image too; None: not compared
    expired: Suppression | None = None  # the allowlist item that would have matched, had it not expired

    @property
    def ids(self) -> tuple[str, ...]:
        """Every id under which an allowlist may accept it."""
        return (self.trigger_id, *self.other_ids)

    @property
    def stands(self) -> bool:
        """Whether it counts."""
        return self.suppressed is None


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleOutcome:
    """One rule's answer. A rule with a `problem` was asked and could not say."""

    rule_id: str
    rule_set_id: str  # Engine: policy id
    rule_set_name: str = ""
    gate: str
    trigger: str
    action: Action
    params: tuple[tuple[str, str], ...] = ()
    description: str = ""
    recommendation: str = ""
    controls: tuple[str, ...] = ()  # ids a rule names itself, e.g. `NIST-800-190:4.1.2`
    findings: tuple[Finding, ...] = ()
    problem: str | None = None
    problem_action: Action = Action.STOP  # WARN only where the user asked (`--unsupported warn`)

    @property
    def effective_action(self) -> Action:
        """What this rule adds to the verdict: a rule that cannot see does not wave through."""
        if not self.findings and self.problem is None:
            return Action.GO
        standing = any(finding.stands for finding in self.findings)
        asked = self.action if standing else Action.GO
        return asked if self.problem is None else max(asked, self.problem_action)


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something about the policy itself that the user must know."""

    severity: str  # error, warn
    type: str  # Engine's class name where it has one, e.g. `GateNotFoundError`
    message: str
    path: str = ""  # JSON path in the policy


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchedRule:
    """A mapping or image-list rule that the image matched."""

    id: str = ""
    name: str = ""
    registry: str = ""
    repository: str = ""
    image_type: str = "tag"  # tag, digest, id
    image_value: str = ""
    rule_set_ids: tuple[str, ...] = ()
    allowlist_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpiringItem:
    """An allowlist item that ends soon (or has ended) and matched a finding, or might."""

    allowlist_id: str
    item_id: str
    gate: str
    trigger_id: str
    expires_on: datetime
    expired: bool = False
    reason: str = ""
    owner: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """One bundle, applied to one image: every rule asked, not only those that fired."""

    bundle_id: str
    bundle_name: str = ""
    bundle_digest: str = ""  # sha256 of the policy file
    bundle_source: str = ""  # path, shipped name, or `remote`
    outcomes: tuple[RuleOutcome, ...] = ()
    problems: tuple[Problem, ...] = ()
    mapping: MatchedRule | None = None  # None: no mapping matched
    allowlisted_image: MatchedRule | None = None
    denylisted_image: MatchedRule | None = None
    unmapped: Action = Action.STOP  # what an image that no mapping matches gets
    expiring: tuple[ExpiringItem, ...] = ()

    @property
    def has_error(self) -> bool:
        """Whether the policy itself could not be applied."""
        return any(problem.severity == "error" for problem in self.problems)

    @property
    def policy_action(self) -> Action:
        """The worst of all outcomes; STOP where the policy has an error."""
        if self.has_error:
            return Action.STOP
        if self.mapping is None:
            return self.unmapped
        asked = (one for one in self.outcomes if one.findings or one.problem is not None)
        return max((outcome.effective_action for outcome in asked), default=Action.GO)

    @property
    def excuses_findings(self) -> bool:
        """Whether the image is on the list of allowed ones and on no other: findings do not count."""
        is_listed = self.allowlisted_image is not None and self.denylisted_image is None
        return is_listed and not self.has_error

    @property
    def unanswered_action(self) -> Action:
        """What the rules add that could not answer: no list of images says what they would have found."""
        actions = (one.problem_action for one in self.outcomes if one.problem is not None)
        return max(actions, default=Action.GO)

    @property
    def final_action(self) -> Action:
        """
        The verdict's action: image lists over rules, denylist over allowlist (Engine's order).

        The list of allowed images excuses findings, never a rule that could not answer.
        """
        if self.has_error or self.denylisted_image is not None:
            return Action.STOP
        return self.unanswered_action if self.excuses_findings else self.policy_action

    @property
    def final_reason(self) -> str:
        """`denylisted`, `allowlisted`, `unmapped` or `policy_evaluation`."""
        if self.has_error:
            return "policy_evaluation"
        if self.denylisted_image is not None:
            return "denylisted"
        if self.excuses_findings:
            return "allowlisted" if self.unanswered_action is Action.GO else "policy_evaluation"
        is_unmapped = self.mapping is None and self.unmapped is not Action.GO  # go: Engine's word for it
        return "unmapped" if is_unmapped else "policy_evaluation"
