"""From a policy's JSON to its values: every fault is kept, with its place, not only the first."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator

from anchore_gate.errors import InvalidBundle
from anchore_gate.model.evaluation import Problem
from anchore_gate.policy import legacy
from anchore_gate.policy.bundle import Allowlist, Bundle, ImageRule, Reference, Rule, RuleSet
from anchore_gate.policy.digest import digest_of
from anchore_gate.policy.fault import fault, mistyped
from anchore_gate.policy.image_rule import read_image_rule, read_mapping, read_reference
from anchore_gate.policy.items import FAULTY, Items
from anchore_gate.policy.legacy import ENGINE_WORDS, ENTERPRISE_WORDS, Words, words_of
from anchore_gate.policy.moment import parse_moment
from anchore_gate.policy.pattern import Pattern
from anchore_gate.policy.rule import RuleFault, parse_rule
from anchore_gate.typed import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from anchore_gate.typed import TypeVar

    _T = TypeVar("_T", RuleSet, Allowlist)

_Elements = tuple[tuple[dict[str, Any], str], ...]


def parse_bundle(raw: Any, *, source: str = "", digest: str = "") -> Bundle:
    """
    Read a policy in either dialect. Raises `InvalidBundle` for what is no policy at all.

    `digest` names the file it came from; without one the JSON itself is hashed.
    """
    bundle, refusals = read_bundle(raw, source=source, digest=digest)
    if refusals:
        first, *others = refusals
        told = (f"{one.path}: {one.message}" if one.path else one.message for one in others)
        raise InvalidBundle("; ".join((first.message, *told)), path=first.path)
    return bundle


def read_bundle(raw: Any, *, source: str = "", digest: str = "") -> tuple[Bundle, tuple[Problem, ...]]:
    """
    As much of a policy as can be understood, and why it is none, if so.

    Raises `InvalidBundle` for what is no object, or one around a policy.
    """
    _check_kind(raw)
    words = words_of(raw)
    refusals, faults = list(_refusals(raw, words)), list[Problem]()
    names = (words.rule_sets, words.allowlists, "mappings", words.allowlisted_images, words.denylisted_images)
    faults += _nulls(raw, words)
    lists = {name: _elements(raw, name, faults) for name in names}
    rule_sets = tuple(_identified(lists[words.rule_sets], words, _rule_set, faults))
    allowlists = tuple(_identified(lists[words.allowlists], words, _allowlist, faults))
    mapped = [part for one, path in lists["mappings"] for part in read_mapping(one, path, words)]
    allowed, denied = (
        [part for one, path in lists[name] for part in read_image_rule(one, path)] for name in names[3:]
    )
    faults += [part for part in (*mapped, *allowed, *denied) if isinstance(part, Problem)]
    bundle = Bundle(
        id=_text(raw, "id"),
        name=_text(raw, "name"),
        description=_text(raw, words.description) or _text(raw, "description"),
        digest=digest or digest_of(_canonical(raw)),
        source=source,
        words=words,
        mappings=_rules(mapped),
        rule_sets=rule_sets,
        allowlists=allowlists,
        allowlisted_images=_rules(allowed),
        denylisted_images=_rules(denied),
        references=(*(one for one in mapped if isinstance(one, Reference)), *_sources(raw, words)),
        problems=tuple(faults),
    )
    return bundle, tuple(refusals)


def _rules(parts: Iterable[ImageRule | Reference | Problem]) -> tuple[ImageRule, ...]:
    return tuple(part for part in parts if isinstance(part, ImageRule))


def _check_kind(raw: Any) -> None:
    record = raw[0] if isinstance(raw, list) and len(raw) == 1 else raw
    for key in ("policybundle", "policy"):
        if isinstance(record, dict) and isinstance(record.get(key), dict):
            where = f".[0].{key}" if isinstance(raw, list) else f".{key}"
            raise InvalidBundle(
                f"a record of Anchore's API, not a policy: the policy is its {key!r} (jq {where} FILE)"
            )
    if not isinstance(raw, dict):
        raise InvalidBundle("a policy is a JSON object")


def _canonical(raw: Any) -> bytes:
    return json.dumps(raw, sort_keys=True, separators=(",", ":")).encode("utf-8", "surrogatepass")


def _refusals(raw: dict[str, Any], words: Words) -> Iterator[Problem]:
    """Why this is no policy, in Engine's order."""
    has_new, has_old = (raw.get(one.rule_sets) is not None for one in (ENTERPRISE_WORDS, ENGINE_WORDS))
    if has_new and has_old:
        yield fault("both 'rule_sets' and 'policies': one policy, one dialect", "")
    version = raw.get("version")
    if words.versions and version not in words.versions:
        expected = ", ".join(map(repr, words.versions))
        yield fault(
            f"found version {version!r}, expected {expected}"[:200], "version", "UnsupportedVersionError"
        )
    misses_policies = version in ENGINE_WORDS.versions and bool(raw.get("mappings"))  # a bundle all the same
    if not has_new and not has_old and not misses_policies:
        yield fault(f"neither 'rule_sets' (Enterprise) nor 'policies' (Engine): {_what(raw)}", "")
    if not isinstance(raw.get("id"), str) or not raw["id"]:
        yield mistyped(raw.get("id") or None, "a text", "id")
    for name, meant in legacy.other_words(words):
        if raw.get(name):
            yield fault(f"a word of the other dialect: {meant!r} is meant", name)
    names = (words.rule_sets, words.allowlists, "mappings", words.allowlisted_images, words.denylisted_images)
    for name in names:
        if raw.get(name) is not None and not isinstance(raw[name], list):
            yield fault(f"not a list: {str(raw[name])[:60]!r}", name)


def _what(raw: dict[str, Any]) -> str:
    """What it is that holds no rule sets."""
    if isinstance(raw.get("items"), list):
        return "an allowlist alone (for --allowlist)"
    return "a rule set alone" if isinstance(raw.get("rules"), list) else "an empty policy"


def _nulls(raw: dict[str, Any], words: Words) -> Iterator[Problem]:
    """Lists that are null: Engine takes none of these for an empty one."""
    for name in ("mappings", words.allowlisted_images, words.denylisted_images):
        if words is ENGINE_WORDS and name in raw and raw[name] is None:
            yield fault("null is no list (without the key it is empty)", name)


def _elements(raw: dict[str, Any], name: str, faults: list[Problem]) -> _Elements:
    value = raw.get(name)
    found = [(one, f"{name}[{n}]") for n, one in enumerate(value if isinstance(value, list) else ())]
    faults += [fault("not an object", path) for one, path in found if not isinstance(one, dict)]
    return tuple((one, path) for one, path in found if isinstance(one, dict))


def _identified(
    elements: _Elements,
    words: Words,
    read: Callable[[dict[str, Any], str, Words], _T],
    faults: list[Problem],
) -> Iterator[_T]:
    """The parts that mappings may refer to; the faults of others stop every image."""
    for element, path in elements:
        part: _T = read(element, path, words)
        if isinstance(element.get("id"), str):
            yield part
        else:
            faults += (mistyped(element.get("id"), "a text", f"{path}.id"), *part.problems)


def _sources(raw: dict[str, Any], words: Words) -> Iterator[Reference]:
    for name in legacy.SOURCES if words is ENTERPRISE_WORDS else ():
        for one, path in _elements(raw, name, []):
            yield read_reference(one, path, words, picks_images=False)


def _rule_set(raw: dict[str, Any], path: str, words: Words) -> RuleSet:
    problems = list(_version(raw, path, words))
    rules: list[Rule] = []
    for index, one in enumerate(_listed(raw, "rules", path, problems)):
        for part in parse_rule(one, path=f"{path}.rules[{index}]"):
            if isinstance(part, RuleFault):
                problems.append(part.problem)
            else:
                rules.append(part)
    return RuleSet(
        id=_text(raw, "id"), name=_text(raw, "name"), rules=tuple(rules), problems=tuple(problems), path=path
    )


def _allowlist(raw: dict[str, Any], path: str, words: Words) -> Allowlist:
    problems = list(_version(raw, path, words))
    items = raw.get("items")
    if not isinstance(items, Items):
        given = _listed(raw, "items", path, problems)
        try:
            items = Items(given)
        except FAULTY:
            items = Items(list(_sound(given, f"{path}.items", problems)))
    return Allowlist(
        id=_text(raw, "id"), name=_text(raw, "name"), items=items, problems=tuple(problems), path=path
    )


def _listed(raw: dict[str, Any], key: str, path: str, problems: list[Problem]) -> list[Any]:
    given = raw.get(key)
    if isinstance(given, list):
        return given
    problems.append(mistyped(given, f"a list of {key}", f"{path}.{key}"))
    return []


def _sound(given: list[Any], path: str, problems: list[Problem]) -> Iterator[dict[str, Any]]:
    for index, one in enumerate(given):
        try:
            Items((one,))
        except FAULTY as problem:  # noqa: PERF203  # each fault is told
            place = f"{path}[{index}]"
            problems += list(_item_faults(one, place)) or [fault(str(problem), place)]
        else:
            yield one


def _item_faults(raw: Any, path: str) -> Iterator[Problem]:
    if not isinstance(raw, dict):
        yield fault("not an object", path)
        return
    checks: tuple[tuple[str, Callable[[str], object]], ...] = (("gate", str), ("trigger_id", Pattern.parse))
    for key, parse in checks:
        yield from _text_faults(raw.get(key), f"{path}.{key}", parse)
    if raw.get("expires_on") not in (None, ""):
        yield from _text_faults(raw["expires_on"], f"{path}.expires_on", parse_moment)


def _text_faults(value: Any, path: str, parse: Callable[[str], object]) -> Iterator[Problem]:
    if not isinstance(value, str):
        yield mistyped(value, "a text", path)
        return
    try:
        parse(value)
    except ValueError as problem:
        yield fault(str(problem), path)


def _version(raw: dict[str, Any], path: str, words: Words) -> Iterator[Problem]:
    if words.versions and raw.get("version") not in words.versions:
        message = f"found version {raw.get('version')!r}, expected {', '.join(map(repr, words.versions))}"
        yield fault(message, f"{path}.version", "UnsupportedVersionError")


def _text(raw: dict[str, Any], key: str) -> str:
    value = raw.get(key)
    return value if isinstance(value, str) else ""
