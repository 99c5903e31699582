"""Items written into the allowlists of a policy's text; everything else stays as it was written."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from anchore_gate.errors import ConfigError, UsageError
from anchore_gate.policy.document import parse_json
from anchore_gate.policy.legacy import ENGINE_WORDS, ENTERPRISE_WORDS, Words

_SPACE = re.compile(r"[ \t\r\n]*")
_INDENT = re.compile(r"\n([ \t]+)\S")


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
    words = ENTERPRISE_WORDS if isinstance(raw, dict) and ENTERPRISE_WORDS.rule_sets in raw else ENGINE_WORDS
    place = _place(raw, words, allowlist_id)
    items = raw[words.allowlists][place]["items"]
    written = _fields(acceptance, words)
    known = next((n for n, one in enumerate(items) if _is_same(one, acceptance)), None)
    if known is None:
        items.append({"id": _new_id(items, acceptance), **written})
    else:
        items[known] |= written
    array = _span(text, (words.allowlists, place, "items"))
    elements = [_span(text, (words.allowlists, place, "items", n)) for n in _last_or(known, items)]
    changed = _replaced(text, array, elements, items[-1] if known is None else items[known], known)
    if parse_json(changed) != raw:
        raise ConfigError("the policy could not be edited in place; add the item by hand")
    return changed


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


def _last_or(known: int | None, items: list[Any]) -> tuple[int, ...]:
    """The element to replace, or the one to write behind (none where the list was empty)."""
    if known is not None:
        return (known,)
    return (len(items) - 2,) if len(items) > 1 else ()


def _replaced(
    text: str, array: tuple[int, int], elements: list[tuple[int, int]], item: Any, known: int | None
) -> str:
    unit = found[1] if (found := _INDENT.search(text)) else ""
    newline = "\r\n" if "\r\n" in text else "\n"
    if not elements:
        return text[: array[0]] + _first(text, array[0], item, unit, newline) + text[array[1] :]
    start, end = elements[0]
    is_short = "\n" not in text[start:end]
    margin = _margin(text, start)
    element = _written(item, "" if is_short else unit, margin, newline)
    if known is not None:
        return text[:start] + element + text[end:]
    opening = text.rfind("\n", array[0], start)
    between = f",{newline}{margin}" if opening >= 0 else ", "
    return text[:end] + between + element + text[end:]


def _first(text: str, start: int, item: Any, unit: str, newline: str) -> str:
    if not unit:
        return f"[{_written(item, '', '', newline)}]"
    margin = _margin(text, start)
    return f"[{newline}{margin}{unit}{_written(item, unit, margin + unit, newline)}{newline}{margin}]"


def _margin(text: str, position: int) -> str:
    line = text[text.rfind("\n", 0, position) + 1 : position]
    return line[: len(line) - len(line.lstrip(" \t"))]


def _written(item: Any, unit: str, margin: str, newline: str) -> str:
    lines = json.dumps(item, ensure_ascii=False, indent=unit or None).split("\n")
    return (newline + margin).join(lines)


def _span(text: str, path: tuple[str | int, ...]) -> tuple[int, int]:
    """Where the value at a path begins and ends in a JSON text that was parsed before."""
    decoder = json.JSONDecoder()
    start = _skip(text, 0)
    for wanted in path:
        position, number = _skip(text, start + 1), 0
        while True:
            key: str | int = number
            if isinstance(wanted, str):
                key, position = decoder.raw_decode(text, position)
                position = _skip(text, _skip(text, position) + 1)  # over the colon
            if key == wanted:
                break
            _, position = decoder.raw_decode(text, position)
            position, number = _skip(text, _skip(text, position) + 1), number + 1  # over the comma
        start = position
    return start, decoder.raw_decode(text, start)[1]


def _skip(text: str, position: int) -> int:
    found = _SPACE.match(text, position)
    return found.end() if found else position
