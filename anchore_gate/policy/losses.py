"""What is lost, or may be, when a policy is written in the other product generation's words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterator, Mapping

from anchore_gate.policy import legacy
from anchore_gate.policy.legacy import ENTERPRISE_WORDS, Words
from anchore_gate.policy.strictness import KEYS, unknown_to
from anchore_gate.typed import Any

_MOVED = frozenset({"reason", "owner", legacy.SINGLE_RULE_SET_ID})  # said in other words
_TOLD = 5


def losses(raw: Mapping[str, Any], old: Words, new: Words, ids: Container[tuple[str, str]]) -> Iterator[str]:
    """What a reader must know of a sound policy that is written in new words. One line each."""
    yield from _keys(raw, old, new)
    for path, rule in _rules(raw, old):
        for said in unknown_to(new, rule):
            yield f"{path}: {said}"
    if new is not ENTERPRISE_WORDS:
        for number, mapping in enumerate(raw.get("mappings") or ()):
            kind = mapping["image"]["type"]
            if kind != "tag":
                yield f"mappings[{number}]: Anchore Engine fails on a mapping by {kind}"
    if old is not new:
        yield from _ids(raw, old, ids)


def _keys(raw: Mapping[str, Any], old: Words, new: Words) -> Iterator[str]:
    if new is not ENTERPRISE_WORDS:
        for name in legacy.SOURCES:
            if old is ENTERPRISE_WORDS and raw.get(name):
                yield f"{name} are left out: Anchore Engine knows none"
        return
    lost = Counter(
        (kind, key)
        for kind, part in _parts(raw, old)
        for key in part
        if key not in KEYS[kind] and key not in _MOVED and key not in _words(old)
    )
    for (kind, key), count in lost.items():
        where = f"of {count} {kind}s" if count > 1 else f"of a {kind}"
        yield f"the key {key!r} {where} is left out: Anchore Enterprise refuses it"


def _words(words: Words) -> tuple[str, ...]:
    return (
        *(words.rule_sets, words.allowlists, words.allowlisted_images, words.denylisted_images),
        *(words.rule_set_ids, words.allowlist_ids, words.description),
    )


def _parts(raw: Mapping[str, Any], words: Words) -> Iterator[tuple[str, Mapping[str, Any]]]:
    yield "policy", raw
    for rule_set in raw.get(words.rule_sets) or ():
        yield "rule set", rule_set
        yield from (("rule", rule) for rule in rule_set["rules"])
    for allowlist in raw.get(words.allowlists) or ():
        yield "allowlist", allowlist
        yield from (("item", item) for item in allowlist["items"])
    yield from (("mapping", mapping) for mapping in raw.get("mappings") or ())
    for name in (words.allowlisted_images, words.denylisted_images):
        yield from (("image rule", rule) for rule in raw.get(name) or ())


def _rules(raw: Mapping[str, Any], words: Words) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for number, rule_set in enumerate(raw.get(words.rule_sets) or ()):
        for place, rule in enumerate(rule_set["rules"]):
            yield f"{words.rule_sets}[{number}].rules[{place}]", rule


def _ids(raw: Mapping[str, Any], words: Words, known: Container[tuple[str, str]]) -> Iterator[str]:
    """Items whose ids may be hashes of messages that the products word differently, but for known ones."""
    for allowlist in raw.get(words.allowlists) or ():
        found = [
            item["trigger_id"]
            for item in allowlist["items"]
            if legacy.has_other_ids(item["gate"], item["trigger_id"])
            and (item["gate"].lower(), item["trigger_id"]) not in known
        ]
        if found:
            more = f" and {len(found) - _TOLD} more" if len(found) > _TOLD else ""
            yield (
                f"{allowlist['id']}: {', '.join(found[:_TOLD])}{more}: "
                "what may be a hash of the old words is understood here, a service wants that of its own"
            )
