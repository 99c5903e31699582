"""A policy in words: which mapping, which rules, which allowlists."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import takewhile

from anchore_gate.model.evaluation import Problem
from anchore_gate.policy.bundle import NO_RULE, Allowlist, Bundle, ImageRule, Rule
from anchore_gate.policy.official import by_the_other_name
from anchore_gate.policy.parameter import COMPARISONS
from anchore_gate.policy.target import Target
from anchore_gate.policy.trigger import description


def explain(bundle: Bundle, target: Target | None, *, now: datetime) -> Iterator[str]:
    """
    What the policy asks: of one image, or mapping by mapping. One line each, indented.

    Raises `PolicyError` when an expression takes too long.
    """
    yield f"{bundle.name or bundle.id or 'a policy without a name'}: {bundle.description or 'no description'}"
    yield f"  {bundle.dialect} words, id {bundle.id or 'none'}, {bundle.digest}"
    yield from _told(bundle.problems)
    if any(problem.severity == "error" for problem in bundle.problems):
        yield "  as it is, the policy stops every image"
    if target is not None:
        yield from _image(bundle, target, now)
        return
    for mapping in bundle.mappings:
        yield from _mapping(bundle, mapping, now)
    for word, rules in (("denied", bundle.denylisted_images), ("allowed", bundle.allowlisted_images)):
        for rule in rules:
            yield f"always {word}: {_rule(rule)}"


def _image(bundle: Bundle, target: Target, now: datetime) -> Iterator[str]:
    yield f"image: {_named(target)}"
    mapping = bundle.selection(target).mapping
    for rule in takewhile(lambda one: one is not mapping, bundle.mappings):
        if _may_match(rule, target):
            yield f"mapping {_number(rule)} picks it first if that is its {rule.image_type}: {_rule(rule)}"
    if mapping is None:
        yield "no mapping picks it: STOP (--unmapped decides)"
    else:
        yield from _mapping(bundle, mapping, now)
    lists = (
        ("denied: STOP, whatever the rules say", bundle.denylisted_images),
        ("allowed: GO, unless it is denied or a rule cannot answer", bundle.allowlisted_images),
    )
    for word, rules in lists:
        for rule in rules:
            if rule.matches(target):
                yield f"always {word}: {_rule(rule)}"
            elif _may_match(rule, target):
                yield f"if that is its {rule.image_type}, always {word}: {_rule(rule)}"
    yield from (f"note: {told}" for told in by_the_other_name(bundle, target))


def _may_match(rule: ImageRule, target: Target) -> bool:
    """Whether it is the digest or id that decides, which a name does not tell."""
    known = {"digest": target.digest, "id": target.image_id}.get(rule.image_type, rule.image_type)
    return not known and rule.registry.matches(target.registry) and rule.repository.matches(target.repository)


def _named(target: Target) -> str:
    if target.image_id or not target.repository:
        return f"id {target.image_id}" if target.image_id else f"digest {target.digest}"
    if target == Target.parse(""):
        return "without a name: only rules of wildcards fit it"
    which = f"tag {target.tag}" if target.tag else f"digest {target.digest}"
    return f"registry {target.registry}, repository {target.repository}, {which}"


def _mapping(bundle: Bundle, mapping: ImageRule, now: datetime) -> Iterator[str]:
    yield f"mapping {_number(mapping)}: {_rule(mapping)}"
    selection = bundle.selected(mapping)
    yield from _told(selection.problems)
    if selection.has_error:
        yield "  as it is, it stops every image that it picks, and asks none of these:"
    elif selection.is_empty:
        yield f"  {NO_RULE}: an image that it picks passes, with a warning"
    for rule_set in selection.rule_sets:
        yield f"  rules {rule_set.name or rule_set.id}: {len(rule_set.rules)}"
        for rule in rule_set.rules:
            yield f"    {_asked(rule, bundle.dialect)}"
    yield from _accepted(selection.allowlists, now)


def _number(mapping: ImageRule) -> int:
    return int(mapping.path.partition("[")[2].rstrip("]")) + 1  # those that are faulty count too


def _rule(rule: ImageRule) -> str:
    name = rule.matched.name or rule.matched.id or rule.path
    where = f"registry {rule.registry.text}, repository {rule.repository.text}"
    return f"{name}: {where}, {rule.image_type} {rule.image.text}"


def _accepted(allowlists: tuple[Allowlist, ...], now: datetime) -> Iterator[str]:
    for allowlist in allowlists:
        live = sum(one.expires_on is None or one.expires_on > now for one in allowlist.items)
        expired = len(allowlist.items) - live
        some = f"{live} item" if live == 1 else f"{live} items"
        yield f"  accepted findings {allowlist.name or allowlist.id}: {some}, {expired} expired"


def _told(problems: tuple[Problem, ...]) -> Iterator[str]:
    for problem in problems:
        yield f"  {problem.severity}: {problem.path or 'the policy'}: {problem.message}"


def _asked(rule: Rule, dialect: str) -> str:
    given = ", ".join(f"{name}={_value(value)}" for name, value in rule.params)
    words = rule.description or (description(type(rule.question)) if rule.question else "")
    if rule.unsupported:
        told = f"{rule.unsupported}; here it stops the image (--unsupported decides)"
        words = f"{words} ({told})" if words else told
    return f"{rule.action.name} {rule.named(dialect)}" + (f" ({given})" if given else "") + f": {words}"


def _value(text: str) -> str:
    return f"'{text}'" if text in COMPARISONS else text
