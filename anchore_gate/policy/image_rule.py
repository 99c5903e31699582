"""Mappings and the elements of image lists: which images are meant, and everything that is wrong with one."""

from __future__ import annotations

from collections.abc import Iterator

from anchore_gate.model.evaluation import MatchedRule, Problem
from anchore_gate.policy import legacy
from anchore_gate.policy.bundle import ImageRule, Reference
from anchore_gate.policy.fault import fault, mistyped
from anchore_gate.policy.legacy import Words
from anchore_gate.policy.pattern import Pattern
from anchore_gate.typed import Any
from anchore_gate.values import replace

_TYPES = ("tag", "digest", "id")


def read_mapping(raw: dict[str, Any], path: str, words: Words) -> Iterator[ImageRule | Reference | Problem]:
    """The mapping, or everything that is wrong with it and what it refers to all the same."""
    problems = tuple(_allowlist_faults(raw, path, words))
    for part in _read(raw, path, sets=_rule_set_ids(raw, path, words), lists=_ids(raw, words.allowlist_ids)):
        if isinstance(part, ImageRule):
            yield replace(part, problems=problems)
            return
        yield part
    yield from problems
    yield read_reference(raw, path, words, picks_images=True)


def read_image_rule(raw: dict[str, Any], path: str) -> Iterator[ImageRule | Problem]:
    """The element of an image list, or everything that is wrong with it."""
    yield from _read(raw, path, sets=(), lists=())


def read_reference(raw: dict[str, Any], path: str, words: Words, *, picks_images: bool) -> Reference:
    """What a mapping refers to, as far as it can be read."""
    single = raw.get(legacy.SINGLE_RULE_SET_ID) if words is legacy.ENGINE_WORDS else None
    return Reference(
        path=path,
        rule_set_ids=(single,) if isinstance(single, str) and single else _ids(raw, words.rule_set_ids),
        allowlist_ids=_ids(raw, words.allowlist_ids),
        picks_images=picks_images,
    )


def _read(
    raw: dict[str, Any], path: str, *, sets: tuple[str, ...] | Problem, lists: tuple[str, ...]
) -> Iterator[ImageRule | Problem]:
    registry, repository = _pattern(raw, "registry", path), _pattern(raw, "repository", path)
    kind, image = _image(raw.get("image"), f"{path}.image")
    if (
        isinstance(registry, Problem)
        or isinstance(repository, Problem)
        or isinstance(kind, Problem)
        or isinstance(image, Problem)
        or isinstance(sets, Problem)
    ):
        found = (registry, repository, kind, image, sets)
        yield from dict.fromkeys(one for one in found if isinstance(one, Problem))
        return
    matched = MatchedRule(
        id=_text(raw, "id"),
        name=_text(raw, "name"),
        registry=registry.text,
        repository=repository.text,
        image_type=kind,
        image_value=image.text,
        rule_set_ids=sets,
        allowlist_ids=lists,
    )
    yield ImageRule(
        registry=registry, repository=repository, image_type=kind, image=image, matched=matched, path=path
    )


def _image(raw: Any, path: str) -> tuple[str | Problem, Pattern | Problem]:
    if not isinstance(raw, dict):
        missing = mistyped(raw, "an object of type and value", path)
        return missing, missing
    kind = raw.get("type")
    if kind not in _TYPES:  # not a set: it may be a list
        kind = fault(f"not one of {', '.join(_TYPES)}: {kind!r}"[:200], f"{path}.type")
    return kind, _pattern(raw, "value", path)


def _pattern(raw: dict[str, Any], key: str, path: str) -> Pattern | Problem:
    value = raw.get(key)
    if not isinstance(value, str):
        return mistyped(value, "a text", f"{path}.{key}")
    try:
        return Pattern.parse(value)
    except ValueError as problem:
        return fault(str(problem), f"{path}.{key}")


def _rule_set_ids(raw: dict[str, Any], path: str, words: Words) -> tuple[str, ...] | Problem:
    several, one = raw.get(words.rule_set_ids), None
    if words is legacy.ENGINE_WORDS:
        one = raw.get(legacy.SINGLE_RULE_SET_ID)
        if one and several:
            return fault(f"either {legacy.SINGLE_RULE_SET_ID} or {words.rule_set_ids}, not both", path)
    if one is not None and not (one == "" and several):
        single = f"{path}.{legacy.SINGLE_RULE_SET_ID}"
        return (one,) if isinstance(one, str) and one else mistyped(one or None, "a text", single)
    if not several or not _is_ids(several):
        return fault("required, a list of ids that is not empty", f"{path}.{words.rule_set_ids}")
    return tuple(several)


def _allowlist_faults(raw: dict[str, Any], path: str, words: Words) -> Iterator[Problem]:
    if not _is_ids(raw.get(words.allowlist_ids)):
        yield mistyped(raw.get(words.allowlist_ids), "a list of ids", f"{path}.{words.allowlist_ids}")


def _ids(raw: dict[str, Any], key: str) -> tuple[str, ...]:
    value = raw.get(key)
    return tuple(value) if isinstance(value, list) and _is_ids(value) else ()


def _is_ids(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _text(raw: dict[str, Any], key: str) -> str:
    value = raw.get(key)
    return value if isinstance(value, str) else ""
