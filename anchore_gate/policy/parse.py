"""From a policy's JSON to its values: every fault is kept, with its place, not only the first."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any, NoReturn

from anchore_gate.errors import InvalidBundle
from anchore_gate.model.evaluation import MatchedRule, Problem
from anchore_gate.policy import legacy
from anchore_gate.policy.bundle import Allowlist, Bundle, ImageRule, Rule, RuleSet
from anchore_gate.policy.items import Items
from anchore_gate.policy.legacy import ENGINE_WORDS, ENTERPRISE_WORDS, Words, words_of
from anchore_gate.policy.pattern import Pattern
from anchore_gate.policy.rule import RuleFault, parse_rule

_FAULTY = (ValueError, TypeError, KeyError, AttributeError)  # what an item that is none makes of itself


class Fault(ValueError):
    """One thing that is wrong, where, and Engine's word for its kind."""

    def __init__(self, message: str, path: str, kind: str = "ValidationError") -> None:
        super().__init__(message)
        self.problem = Problem(severity="error", type=kind, message=message, path=path)


def parse_bundle(raw: Any, *, source: str = "", digest: str = "") -> Bundle:
    """
    Read a policy in either dialect. Raises `InvalidBundle` for what is no policy at all.

    `digest` names the file it came from; without one the JSON itself is hashed.
    """
    _check_kind(raw)
    words = _dialect(raw)
    faults: list[Problem] = []
    lists = {
        name: tuple(_elements(raw, name, faults))
        for name in (
            words.rule_sets,
            words.allowlists,
            "mappings",
            words.allowlisted_images,
            words.denylisted_images,
        )
    }
    rule_sets = _identified(lists[words.rule_sets], faults)
    allowlists = _identified(lists[words.allowlists], faults)
    return Bundle(
        id=_text(raw, "id"),
        name=_text(raw, "name"),
        description=_text(raw, words.description),
        digest=digest or digest_of(_canonical(raw)),
        source=source,
        words=words,
        mappings=tuple(_image_rules(lists["mappings"], faults, words, is_mapping=True)),
        rule_sets=tuple(_rule_set(one, path, words) for one, path in rule_sets),
        allowlists=tuple(_allowlist(one, path, words) for one, path in allowlists),
        allowlisted_images=tuple(_image_rules(lists[words.allowlisted_images], faults, words)),
        denylisted_images=tuple(_image_rules(lists[words.denylisted_images], faults, words)),
        problems=tuple(faults),
    )


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


def digest_of(content: bytes) -> str:
    """The sha256 of a policy file, as `sha256sum` prints it."""
    return "sha256:" + hashlib.sha256(content).hexdigest()


def _canonical(raw: Any) -> bytes:
    return json.dumps(raw, sort_keys=True, separators=(",", ":")).encode("utf-8", "surrogatepass")


def _dialect(raw: dict[str, Any]) -> Words:
    has_new, has_old = (raw.get(one.rule_sets) is not None for one in (ENTERPRISE_WORDS, ENGINE_WORDS))
    if has_new and has_old:
        raise InvalidBundle("both 'rule_sets' and 'policies': one policy, one dialect")
    version = raw.get("version")
    words = words_of(raw)
    if words.versions and version not in words.versions:
        expected = ", ".join(map(repr, words.versions))
        raise InvalidBundle(f"found version {version!r}, expected {expected}", path="version")
    if not has_new and not has_old:
        raise InvalidBundle("neither 'rule_sets' (Enterprise) nor 'policies' (Engine): an empty policy")
    if not isinstance(raw.get("id"), str) or not raw["id"]:
        raise InvalidBundle("required, a text", path="id")
    return words


def _elements(raw: dict[str, Any], name: str, faults: list[Problem]) -> Iterator[tuple[dict[str, Any], str]]:
    value = raw.get(name)
    if value is None:
        return
    if not isinstance(value, list):
        raise InvalidBundle(f"not a list: {str(value)[:60]!r}", path=name)
    for index, element in enumerate(value):
        path = f"{name}[{index}]"
        if isinstance(element, dict):
            yield element, path
        else:
            faults.append(Fault("not an object", path).problem)


def _identified(
    elements: tuple[tuple[dict[str, Any], str], ...], faults: list[Problem]
) -> Iterator[tuple[dict[str, Any], str]]:
    for element, path in elements:
        if isinstance(element.get("id"), str):
            yield element, path
        else:
            faults.append(Fault("required, a text", f"{path}.id").problem)


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
        id=raw["id"], name=_text(raw, "name"), rules=tuple(rules), problems=tuple(problems), path=path
    )


def _allowlist(raw: dict[str, Any], path: str, words: Words) -> Allowlist:
    problems = list(_version(raw, path, words))
    given = _listed(raw, "items", path, problems)
    try:
        items = Items(given)
    except _FAULTY:
        items = Items(list(_sound(given, f"{path}.items", problems)))
    return Allowlist(id=raw["id"], name=_text(raw, "name"), items=items, problems=tuple(problems), path=path)


def _listed(raw: dict[str, Any], key: str, path: str, problems: list[Problem]) -> list[Any]:
    given = raw.get(key)
    if isinstance(given, list):
        return given
    problems.append(Fault(f"required, a list of {key}", f"{path}.{key}").problem)
    return []


def _sound(given: list[Any], path: str, problems: list[Problem]) -> Iterator[dict[str, Any]]:
    for index, one in enumerate(given):
        try:
            Items((one,))
        except _FAULTY as problem:  # noqa: PERF203  # each fault is told
            problems.append(_item_problem(one, problem, f"{path}[{index}]"))
        else:
            yield one


def _item_problem(raw: Any, problem: Exception, path: str) -> Problem:
    if not isinstance(raw, dict):
        return Fault("not an object", path).problem
    for key in ("gate", "trigger_id"):
        if not isinstance(raw.get(key), str):
            return Fault("required, a text", f"{path}.{key}").problem
    key = "trigger_id" if "regular expression" in str(problem) else "expires_on"
    return Fault(str(problem), f"{path}.{key}").problem


def _version(raw: dict[str, Any], path: str, words: Words) -> Iterator[Problem]:
    if words.versions and raw.get("version") not in words.versions:
        message = f"found version {raw.get('version')!r}, expected {', '.join(map(repr, words.versions))}"
        yield Fault(message, f"{path}.version", "UnsupportedVersionError").problem


def _image_rules(
    elements: tuple[tuple[dict[str, Any], str], ...],
    faults: list[Problem],
    words: Words,
    *,
    is_mapping: bool = False,
) -> Iterator[ImageRule]:
    for raw, path in elements:
        try:
            yield _image_rule(raw, path, words, is_mapping=is_mapping)
        except Fault as fault:  # noqa: PERF203  # each fault is told
            faults.append(fault.problem)


def _image_rule(raw: dict[str, Any], path: str, words: Words, *, is_mapping: bool) -> ImageRule:
    image = raw.get("image")
    if not isinstance(image, dict):
        raise Fault("required, an object of type and value", f"{path}.image")
    if image.get("type") not in ("tag", "digest", "id"):  # not a set: it may be a list
        raise Fault(f"not one of tag, digest, id: {image.get('type')!r}", f"{path}.image.type")
    problems: tuple[Problem, ...] = ()
    sets, lists = (_rule_set_ids(raw, path, words), raw.get(words.allowlist_ids)) if is_mapping else ((), [])
    if not isinstance(lists, list) or not all(isinstance(one, str) for one in lists):
        problems = (Fault("required, a list of ids", f"{path}.{words.allowlist_ids}").problem,)
        lists = []
    return ImageRule(
        registry=_pattern(raw, "registry", path),
        repository=_pattern(raw, "repository", path),
        image_type=image["type"],
        image=_pattern(image, "value", f"{path}.image"),
        matched=MatchedRule(
            id=_text(raw, "id"),
            name=_text(raw, "name"),
            registry=raw["registry"],
            repository=raw["repository"],
            image_type=image["type"],
            image_value=image["value"],
            rule_set_ids=sets,
            allowlist_ids=tuple(lists),
        ),
        problems=problems,
        path=path,
    )


def _rule_set_ids(raw: dict[str, Any], path: str, words: Words) -> tuple[str, ...]:
    several, one = raw.get(words.rule_set_ids), None
    if words is ENGINE_WORDS:
        one = raw.get(legacy.SINGLE_RULE_SET_ID)
        if one is not None and several is not None:
            _refuse(f"either {legacy.SINGLE_RULE_SET_ID} or {words.rule_set_ids}, not both", path)
    if isinstance(one, str) and one:
        return (one,)
    if not isinstance(several, list) or not several or not all(isinstance(each, str) for each in several):
        _refuse("required, a list of ids that is not empty", f"{path}.{words.rule_set_ids}")
    return tuple(several)


def _refuse(message: str, path: str) -> NoReturn:
    raise Fault(message, path)


def _pattern(raw: dict[str, Any], key: str, path: str) -> Pattern:
    value = raw.get(key)
    if not isinstance(value, str):
        raise Fault(f"required, a text, not {value!r}"[:200], f"{path}.{key}")
    try:
        return Pattern.parse(value)
    except ValueError as problem:
        raise Fault(str(problem), f"{path}.{key}") from problem


def _text(raw: dict[str, Any], key: str) -> str:
    value = raw.get(key)
    return value if isinstance(value, str) else ""
