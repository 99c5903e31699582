"""A policy bundle, parsed: mappings, rule sets and lists, ready to be asked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path

from anchore_gate.errors import InvalidBundle, PolicyError
from anchore_gate.image.needs import Needs
from anchore_gate.model.evaluation import Action, Finding, MatchedRule, Problem, RuleOutcome
from anchore_gate.policy.items import Items
from anchore_gate.policy.legacy import ENTERPRISE_WORDS, Words, trigger_name
from anchore_gate.policy.pattern import Pattern
from anchore_gate.policy.settings import AnalyzerSettings
from anchore_gate.policy.target import Target
from anchore_gate.policy.trigger import Trigger
from anchore_gate.typed import TYPE_CHECKING, Any
from anchore_gate.values import dataclass

_NAMED = 5  # ids that may be meant
NO_RULE = "the rule sets of the mapping hold no rule"

if TYPE_CHECKING:
    from anchore_gate.typed import TypeVar

    _T = TypeVar("_T", "RuleSet", "Allowlist")

_LONG = 128 * 1024  # bytes of a policy, from which on reading it in pieces pays


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """If the trigger fires, take the action."""

    id: str
    gate: str  # today's words, as `trigger`
    trigger: str
    action: Action
    question: Trigger | None  # None: only a service can answer, `unsupported` says why
    unsupported: str = ""
    params: tuple[tuple[str, str], ...] = ()  # as written
    description: str = ""
    recommendation: str = ""
    controls: tuple[str, ...] = ()
    path: str = ""

    def named(self, dialect: str) -> str:
        """Gate and trigger in the words of a dialect."""
        return f"{self.gate}/{trigger_name(self.gate, self.trigger, dialect=dialect)}"

    def answered(
        self,
        rule_set: RuleSet,
        *,
        dialect: str,
        findings: tuple[Finding, ...],
        problem: str | None = None,
        problem_action: Action = Action.STOP,
    ) -> RuleOutcome:
        """What came of asking it."""
        return RuleOutcome(
            rule_id=self.id,
            rule_set_id=rule_set.id,
            rule_set_name=rule_set.name,
            gate=self.gate,
            trigger=trigger_name(self.gate, self.trigger, dialect=dialect),
            action=self.action,
            params=self.params,
            description=self.description,
            recommendation=self.recommendation,
            controls=self.controls,
            findings=findings,
            problem=problem,
            problem_action=problem_action,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSet:
    """Rules under one id, and what is wrong with them."""

    id: str
    name: str = ""
    rules: tuple[Rule, ...] = ()
    problems: tuple[Problem, ...] = ()
    path: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether it holds no rule, not even one that ended."""
        return not self.rules and not self.problems


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowlist:
    """Accepted findings under one id."""

    id: str
    name: str = ""
    items: Items = Items()
    problems: tuple[Problem, ...] = ()
    path: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageRule:
    """A mapping, or an element of an image list."""

    registry: Pattern
    repository: Pattern
    image_type: str
    image: Pattern
    matched: MatchedRule  # what is said of it when it matched
    problems: tuple[Problem, ...] = ()  # that count only where it matched
    path: str = ""

    def matches(self, target: Target) -> bool:
        """Whether the image is meant. Raises `PolicyError` when an expression takes too long."""
        try:
            return self._fits(target)
        except PolicyError as problem:
            raise PolicyError(f"{self.path}: {problem}") from problem

    def _fits(self, target: Target) -> bool:
        if not self.registry.matches(target.registry) or not self.repository.matches(target.repository):
            return False
        if self.image_type == "tag":
            return self.image.matches(target.tag)
        if self.image_type == "digest":
            return bool(self.image.text) and self.image.text in {target.digest, target.index_digest}
        return bool(target.image_id) and self.image.text.removeprefix("sha256:") == target.image_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """What names rule sets and allowlists without picking an image: a mapping of sources, or a faulty one."""

    path: str
    rule_set_ids: tuple[str, ...] = ()
    allowlist_ids: tuple[str, ...] = ()
    picks_images: bool = False  # once it is mended


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """The rules, and which of them apply to which image."""

    id: str
    name: str = ""
    description: str = ""
    digest: str = ""  # sha256 of the file
    source: str = ""  # path or shipped name
    words: Words = ENTERPRISE_WORDS
    mappings: tuple[ImageRule, ...] = ()
    rule_sets: tuple[RuleSet, ...] = ()
    allowlists: tuple[Allowlist, ...] = ()
    allowlisted_images: tuple[ImageRule, ...] = ()
    denylisted_images: tuple[ImageRule, ...] = ()
    references: tuple[Reference, ...] = ()
    problems: tuple[Problem, ...] = ()  # that count whatever the image

    @property
    def dialect(self) -> str:
        """Whose words it speaks: `engine` or `enterprise`."""
        return self.words.dialect

    def selection(self, target: Target) -> Selection:
        """What applies to an image. Raises `PolicyError` when an expression takes too long."""
        mapping = next((rule for rule in self.mappings if rule.matches(target)), None)
        if self.problems or mapping is None:
            return Selection(mapping=mapping, problems=self.problems)
        return self.selected(mapping)

    def selected(self, mapping: ImageRule) -> Selection:
        """What a mapping picks, and what is wrong with that."""
        sets, lists = mapping.matched.rule_set_ids, mapping.matched.allowlist_ids
        chosen = tuple(_named(self.rule_sets, sets))
        allowed = tuple(_named(self.allowlists, lists))
        known_sets, known_lists = counted(self.rule_sets), counted(self.allowlists)
        problems = (
            *mapping.problems,
            *references(known_sets, sets, self.words.rule_set, mapping.path),
            *_faults(chosen, known_sets),
            *references(known_lists, lists, self.words.allowlist, mapping.path),
            *_faults(allowed, known_lists),
        )
        return Selection(mapping=mapping, rule_sets=chosen, allowlists=allowed, problems=problems)

    def needs(self, target: Target, settings: AnalyzerSettings) -> Needs:
        """What must be looked at for this image: the needs of the rules that its mapping picks."""
        selection = self.selection(target)
        if selection.has_error:
            return Needs()
        questions = (rule.question for rule_set in selection.rule_sets for rule in rule_set.rules)
        return Needs.union(question.needs(settings) for question in questions if question is not None)

    def unseen(self, target: Target, settings: AnalyzerSettings) -> tuple[str, ...]:
        """The rules that its mapping picks and that can find nothing under these settings, and why."""
        return tuple(
            f"rule {rule.id or 'without an id'} ({rule.named(self.dialect)}) can find nothing: {why}"
            for rule_set in self.selection(target).rule_sets
            for rule in rule_set.rules
            if rule.question is not None and (why := rule.question.unseen(settings))
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """The part of a bundle that one image gets."""

    mapping: ImageRule | None
    rule_sets: tuple[RuleSet, ...] = ()
    allowlists: tuple[Allowlist, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def has_error(self) -> bool:
        """Whether it cannot be applied."""
        return any(problem.severity == "error" for problem in self.problems)

    @property
    def is_empty(self) -> bool:
        """Whether its rule sets hold no rule."""
        return all(rule_set.is_empty for rule_set in self.rule_sets)


def load_bundle(source: str | Path) -> Bundle:
    """
    Read a policy file, or one that ships by its name.

    Raises `ConfigError` for a file that cannot be read and `InvalidBundle` for one that is no policy. What
    is wrong with single rules, mappings and lists stays in `Selection.problems`: it stops the images that
    they apply to.
    """
    from anchore_gate.policy.digest import Digest
    from anchore_gate.policy.document import locate, read_text
    from anchore_gate.policy.parse import parse_bundle

    try:
        content = read_text(locate(source))
        digest = Digest(content)
        return parse_bundle(_json(content), source=str(source), digest=str(digest))
    except InvalidBundle as error:
        raise InvalidBundle(error.reason, path=error.path, source=str(source)) from error


def _json(content: bytes) -> Any:
    if len(content) < _LONG:
        from anchore_gate.policy.document import parse_json

        return parse_json(content)
    from anchore_gate.policy.pieces import read_policy

    return read_policy(content)


def _named(elements: tuple[_T, ...], ids: tuple[str, ...]) -> Iterator[_T]:
    by_id = {element.id: element for element in reversed(elements)}
    return (by_id[one] for one in ids if one in by_id)


def _faults(elements: Iterable[RuleSet | Allowlist], known: Mapping[str, int]) -> Iterator[Problem]:
    """What is wrong with those that are sure to be meant: no other has their id."""
    return (problem for one in elements if known[one.id] == 1 for problem in one.problems)


def counted(elements: Iterable[RuleSet | Allowlist]) -> dict[str, int]:
    """How many elements have each id."""
    found: dict[str, int] = {}
    for element in elements:
        found[element.id] = found.get(element.id, 0) + 1
    return found


def references(known: Mapping[str, int], ids: tuple[str, ...], kind: str, path: str) -> Iterator[Problem]:
    """What is wrong with ids that should name elements."""
    for one in dict.fromkeys(ids):
        count = known.get(one, 0)
        if count == 0:
            message = f"no {kind} has the id {one!r} ({_ids(known)})"
            yield Problem(severity="error", type="ReferencedObjectNotFoundError", message=message, path=path)
        elif count > 1:
            message = f"more than one {kind} has the id {one!r}"
            yield Problem(severity="error", type="DuplicateIdentifierFoundError", message=message, path=path)


def _ids(known: Mapping[str, int]) -> str:
    """Which ids may be meant: the first few."""
    few = ", ".join(repr(one) for one in islice(known, _NAMED))
    more = f" and {len(known) - _NAMED} more" if len(known) > _NAMED else ""
    return f"there are: {few[:200]}{more}" if known else "there is none"
