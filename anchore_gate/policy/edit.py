"""Items written into the allowlists of a policy's text; everything else stays as it was written."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from anchore_gate.errors import ConfigError, UsageError
from anchore_gate.model.evaluation import MatchedRule
from anchore_gate.policy.document import parse_json
from anchore_gate.policy.jsontext import Place, added, appended, replaced
from anchore_gate.policy.legacy import ENTERPRISE_WORDS, Words, words_of
from anchore_gate.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """A finding that is to be accepted."""

    gate: str
    trigger_id: str
    expires_on: str  # RFC 3339
    reason: str
    owner: str = ""


def accept(text: str, acceptance: Acceptance, *, allowlist_id: str) -> str:
    """
    The policy's text with the item in that allowlist: a new one at its end, or the old one renewed.

    Raises `UsageError` where the policy has no such allowlist, `InvalidBundle` where it is no JSON.
    """
    raw = parse_json(text)
    words = words_of(raw)
    place = _place(raw, words, allowlist_id)
    items = raw[words.allowlists][place]["items"]
    array: Place = (words.allowlists, place, "items")
    written = _fields(acceptance, words)
    known = next((n for n, one in enumerate(items) if _is_same(one, acceptance)), None)
    if known is None:
        items.append({"id": _new_id(items, acceptance), **written})
        return _checked(appended(text, array, items[-1]), raw)
    items[known] |= written
    return _checked(replaced(text, (*array, known), items[known]), raw)


def with_allowlist(text: str, mapping: MatchedRule, *, allowlist_id: str | None = None) -> tuple[str, str]:
    """
    The policy's text with an allowlist that the mapping refers to, and that list's id.

    It is the one of that id, or the mapping's first one; a mapping without any gets a new one. Raises
    `UsageError` where the policy has no such list or mapping, `InvalidBundle` where it is no JSON.
    """
    raw = parse_json(text)
    words = words_of(raw)
    number = _number(raw, mapping)
    if number is None:
        if allowlist_id or mapping.allowlist_ids:
            return text, allowlist_id or mapping.allowlist_ids[0]
        raise UsageError("the policy has no such mapping as the result names: give --allowlist ID")
    ids = raw["mappings"][number].get(words.allowlist_ids)
    if isinstance(ids, list) and ids:
        if allowlist_id is not None and allowlist_id not in ids:
            known = ", ".join(map(str, ids))
            raise UsageError(
                f"the image's mapping does not refer to {allowlist_id!r} (it refers to: {known})"
            )
        return text, allowlist_id or str(ids[0])
    made = allowlist_id or _unused("accepted", raw, words)
    changed = _put(text, raw, ("mappings", number), words.allowlist_ids, made)
    if made not in _known(raw, words):
        version = words.versions[0] if words.versions else "2"
        entry = {"id": made, "name": "Accepted findings", "version": version, "items": []}
        changed = _put(changed, raw, (), words.allowlists, entry)
    return _checked(changed, raw), made


def _put(text: str, raw: Any, place: Place, key: str, value: Any) -> str:
    """One more element in the array under a key, which may be missing or null; `raw` follows."""
    holder = raw
    for step in place:
        holder = holder[step]
    if isinstance(holder.get(key), list):
        holder[key].append(value)
        return appended(text, (*place, key), value)
    if holder.get(key) is not None:
        raise UsageError(f"the policy's {key!r} is not a list")
    is_null = key in holder
    holder[key] = [value]
    return replaced(text, (*place, key), [value]) if is_null else added(text, place, key, [value])


def _checked(changed: str, expected: Any) -> str:
    if parse_json(changed) != expected:
        raise ConfigError("the policy could not be edited in place; add the item by hand")
    return changed


def _number(raw: Any, mapping: MatchedRule) -> int | None:
    """Which mapping of the file the result speaks of."""
    known = raw.get("mappings") if isinstance(raw, dict) else None
    wanted = (mapping.registry, mapping.repository, mapping.image_type, mapping.image_value)
    for number, one in enumerate(known if isinstance(known, list) else ()):
        image = one.get("image") if isinstance(one, dict) else None
        if isinstance(image, dict) and (one.get("id") or "") == mapping.id:
            found = (one.get("registry"), one.get("repository"), image.get("type"), image.get("value"))
            if found == wanted:
                return number
    return None


def _known(raw: Any, words: Words) -> list[str]:
    lists = raw.get(words.allowlists)
    return (
        [str(one.get("id")) for one in lists or () if isinstance(one, dict)]
        if isinstance(lists, list)
        else []
    )


def _unused(name: str, raw: Any, words: Words) -> str:
    taken = _known(raw, words)
    numbered = (f"{name}-{number}" for number in range(2, len(taken) + 3))
    return next(one for one in (name, *numbered) if one not in taken)


def _place(raw: Any, words: Words, allowlist_id: str) -> int:
    lists = raw.get(words.allowlists) if isinstance(raw, dict) else None
    known = []
    for number, one in enumerate(lists if isinstance(lists, list) else ()):
        if isinstance(one, dict) and isinstance(one.get("items"), list):
            if one.get("id") == allowlist_id:
                return number
            known.append(str(one.get("id")))
    raise UsageError(f"the policy has no allowlist {allowlist_id!r} (it has: {', '.join(known) or 'none'})")


def _is_same(item: Any, acceptance: Acceptance) -> bool:
    if not isinstance(item, dict):
        return False
    gate = str(item.get("gate")).lower()
    return (gate, item.get("trigger_id")) == (acceptance.gate.lower(), acceptance.trigger_id)


def _fields(acceptance: Acceptance, words: Words) -> dict[str, str]:
    # Enterprise refuses keys it does not know and has one for the reason
    reason = "description" if words is ENTERPRISE_WORDS else "reason"
    fields = {
        "gate": acceptance.gate,
        "trigger_id": acceptance.trigger_id,
        "expires_on": acceptance.expires_on,
        reason: acceptance.reason,
    }
    return {**fields, "owner": acceptance.owner} if acceptance.owner else fields


def _new_id(items: list[Any], acceptance: Acceptance) -> str:
    taken = {one.get("id") for one in items if isinstance(one, dict)}
    made = "allow-" + sha256(f"{acceptance.gate} {acceptance.trigger_id}".encode()).hexdigest()[:12]
    number, unique = 1, made
    while unique in taken:
        number += 1
        unique = f"{made}-{number}"
    return unique
