"""Everything that is wrong with a policy, whatever the image."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from anchore_gate.model.evaluation import MatchedRule, Problem
from anchore_gate.policy.bundle import (
    NO_RULE,
    Allowlist,
    Bundle,
    ImageRule,
    Reference,
    RuleSet,
    counted,
    references,
)
from anchore_gate.policy.fault import caution
from anchore_gate.policy.idle import idle_items
from anchore_gate.policy.pattern import Pattern, has_shape
from anchore_gate.policy.settings import AnalyzerSettings
from anchore_gate.regex import regex

_ANY = "*"
_SHAPES = {
    "digest": (regex("sha256:[0-9a-f]{64}"), "sha256: and 64 hexadecimal digits, without a pattern"),
    "id": (regex("(?:sha256:)?[0-9a-f]{64}"), "64 hexadecimal digits, without a pattern"),
}
_SETTINGS = AnalyzerSettings.default()
_CONFIGURED = frozenset({"files", "secret_scans"})  # what they can find, a policy alone does not say
_MOST_COMPARED = 200  # mappings with `*` for the repository, or with one repository: each with all later ones


def review(bundle: Bundle, *, now: datetime) -> Iterator[Problem]:
    """Every fault of every part, used or not; then what is named twice, unused, unreachable or expired."""
    yield from bundle.problems
    yield from _references(bundle)
    parts: tuple[RuleSet | Allowlist, ...] = (*bundle.rule_sets, *bundle.allowlists)
    for part in parts:
        yield from part.problems
    yield from _unanswered(bundle)
    yield from _named_twice(bundle)
    yield from _unused(bundle)
    yield from _unreachable(bundle.mappings)
    yield from _unasked(bundle)
    yield from _unlike_any(bundle)
    yield from _sweeping(bundle)
    for allowlist in bundle.allowlists:
        yield from idle_items(allowlist, dialect=bundle.dialect)
    yield from _expired(bundle, now)


def _references(bundle: Bundle) -> Iterator[Problem]:
    """What mappings say in vain; what judges no image cannot stop one."""
    sets, lists = counted(bundle.rule_sets), counted(bundle.allowlists)
    for mapping in bundle.mappings:
        yield from mapping.problems
        yield from _unresolved(bundle, mapping.matched, mapping.path, sets, lists)
    for one in bundle.references:
        for problem in _unresolved(bundle, one, one.path, sets, lists):
            if one.picks_images:
                yield problem
            else:
                yield caution(f"{problem.message}; it stops no image", problem.path, problem.type)


def _unresolved(
    bundle: Bundle,
    named: MatchedRule | Reference,
    path: str,
    sets: Mapping[str, int],
    lists: Mapping[str, int],
) -> Iterator[Problem]:
    yield from references(sets, named.rule_set_ids, bundle.words.rule_set, path)
    yield from references(lists, named.allowlist_ids, bundle.words.allowlist, path)


def _unanswered(bundle: Bundle) -> Iterator[Problem]:
    for rule in (rule for rule_set in bundle.rule_sets for rule in rule_set.rules):
        named = rule.named(bundle.dialect)
        if rule.unsupported:
            message = f"{named}: {rule.unsupported}; here it stops an image (--unsupported decides)"
            yield caution(message, rule.path, "Unsupported")
        elif rule.question and rule.gate not in _CONFIGURED and (why := rule.question.unseen(_SETTINGS)):
            yield caution(f"{named} can find nothing: {why}", rule.path, "Silent")


def _named_twice(bundle: Bundle) -> Iterator[Problem]:
    rules = (bundle.mappings, bundle.allowlisted_images, bundle.denylisted_images)
    parts: tuple[tuple[RuleSet, ...] | tuple[Allowlist, ...], ...] = (bundle.rule_sets, bundle.allowlists)
    for some in parts:
        yield from _twice((one.id, one.path) for one in some)
    for image_rules in rules:
        yield from _twice((one.matched.id, one.path) for one in image_rules)
    for rule_set in bundle.rule_sets:
        yield from _twice((one.id, one.path) for one in rule_set.rules)
    for allowlist in bundle.allowlists:
        path = f"{allowlist.path}.items"
        is_whole = not allowlist.problems  # the faulty ones are not counted
        numbered = enumerate(allowlist.items)
        yield from _twice((one.id, f"{path}[{number}]" if is_whole else path) for number, one in numbered)


def _twice(named: Iterable[tuple[str, str]]) -> Iterator[Problem]:
    """The second of each id that occurs again."""
    places: dict[str, str] = {}
    told: set[str] = set()
    for one, path in named:
        if one and one in places and one not in told:
            told.add(one)
            yield caution(f"the id {one!r} is used more than once, first by {places[one]}", path, "Duplicate")
        places.setdefault(one, path)


def _unasked(bundle: Bundle) -> Iterator[Problem]:
    """What would be asked of no image, and of no image that a mapping picks."""
    if not bundle.mappings and not bundle.problems:
        yield caution("no mapping: no image is asked anything (--unmapped decides)", "mappings", "Unmapped")
    empty = {one.id for one in bundle.rule_sets if one.is_empty}
    for mapping in bundle.mappings:
        if empty.issuperset(mapping.matched.rule_set_ids):
            yield caution(f"{NO_RULE}: no image is asked anything", mapping.path, "NoRules")


def _unlike_any(bundle: Bundle) -> Iterator[Problem]:
    """Digests and ids that no image has: a short one picks nothing."""
    for rule in (*bundle.mappings, *bundle.allowlisted_images, *bundle.denylisted_images):
        shape, written = _SHAPES.get(rule.image_type, (None, ""))
        if shape is not None and not shape.fullmatch(rule.image.text):
            message = f"no image has the {rule.image_type} {rule.image.text!r}"[:200]
            yield caution(f"{message}: it is {written}", f"{rule.path}.image.value", "Unreachable")


def _sweeping(bundle: Bundle) -> Iterator[Problem]:
    """Lists of images that leave nothing to the rules."""
    lists = ((bundle.allowlisted_images, "passes"), (bundle.denylisted_images, "is stopped"))
    for rules, fate in lists:
        for rule in rules:
            if (
                rule.image_type == "tag"
                and _ANY == rule.registry.text == rule.repository.text == rule.image.text
            ):
                yield caution(f"every image {fate}, whatever the rules say", rule.path, "EveryImage")


def _unused(bundle: Bundle) -> Iterator[Problem]:
    named: tuple[MatchedRule | Reference, ...] = (
        *(rule.matched for rule in bundle.mappings),
        *bundle.references,
    )
    used = {one for by in named for one in by.rule_set_ids}
    used_lists = {one for by in named for one in by.allowlist_ids}
    unused = [one for one in bundle.rule_sets if one.id not in used]
    unused_lists = [one for one in bundle.allowlists if one.id not in used_lists]
    parts: tuple[RuleSet | Allowlist, ...] = (*unused, *unused_lists)
    for part in parts:
        yield caution(f"no mapping refers to {part.id!r}", part.path, "Unreferenced")


def _unreachable(mappings: tuple[ImageRule, ...]) -> Iterator[Problem]:
    same: dict[tuple[str, ...], ImageRule] = {}
    by_repository: dict[str, list[ImageRule]] = {_ANY: []}
    for rule in mappings:
        repository = rule.repository.text
        words = (rule.registry.text, repository, rule.image_type, rule.image.text)
        likely = (*by_repository[_ANY], *by_repository.get(repository, ()))
        wider = same.get(words) or next((one for one in likely if _covers(one, rule)), None)
        if wider is not None:
            yield caution(f"never reached: {wider.path} picks its images first", rule.path, "Unreachable")
            continue
        same[words] = rule
        others = by_repository.setdefault(_ANY if _ANY in repository else repository, [])
        if len(others) < _MOST_COMPARED:
            others.append(rule)


def _covers(wide: ImageRule, rule: ImageRule) -> bool:
    """Whether every image that `rule` picks is picked by `wide`, as far as their texts say."""
    if not _is_wider(wide.registry, rule.registry) or not _is_wider(wide.repository, rule.repository):
        return False
    if wide.image_type == "tag" and wide.image.text == "*":
        return True
    return wide.image_type == rule.image_type and _is_wider(wide.image, rule.image)


def _is_wider(wide: Pattern, pattern: Pattern) -> bool:
    if wide.text in {"*", pattern.text}:
        return True
    # a `*` of the narrow pattern is an ordinary character here: only a `*` of the wide one takes it
    return wide.expression is None and pattern.expression is None and has_shape(wide.text, pattern.text)


def _expired(bundle: Bundle, now: datetime) -> Iterator[Problem]:
    for allowlist in bundle.allowlists:
        for number, item in enumerate(allowlist.items):
            if item.expires_on is not None and item.expires_on <= now:
                message = f"the item {item.id!r} ({item.trigger_id}) expired on {item.expires_on:%Y-%m-%d}"
                # the faulty ones are not counted
                place = "items" if allowlist.problems else f"items[{number}]"
                yield caution(message, f"{allowlist.path}.{place}", "Expired")
