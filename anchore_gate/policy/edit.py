"""Items written into the allowlists of a policy's text; everything else stays as it was written."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256

from anchore_gate.errors import ConfigError, UsageError
from anchore_gate.model.evaluation import MatchedRule
from anchore_gate.policy.document import parse_json
from anchore_gate.policy.jsontext import Place, added, appended, replaced
from anchore_gate.policy.legacy import ENTERPRISE_WORDS, Words, words_of
from anchore_gate.typed import Any
from anchore_gate.values import dataclass

_MARK = "\ufeff"


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """A finding that is to be accepted."""

    gate: str
    trigger_id: str
    expires_on: str  # RFC 3339
    reason: str
    owner: str = ""


class PolicyText:
    """A policy's text in which findings are accepted."""

    def __init__(self, text: str) -> None:
        """Raises `InvalidBundle` where it is no JSON."""
        self._mark = _MARK if text.startswith(_MARK) else ""
        self._text = text.removeprefix(_MARK)
        self._raw: Any = parse_json(self._text)
        self._words = words_of(self._raw)

    @property
    def id(self) -> str:
        """The policy's own."""
        return str(self._raw.get("id")) if isinstance(self._raw, dict) else ""

    @property
    def is_enterprise(self) -> bool:
        """Whether Anchore Enterprise reads it, which refuses keys that it does not know."""
        return self._words is ENTERPRISE_WORDS

    def finished(self) -> str:
        """The text with all changes. Raises `ConfigError` where it does not say what it should."""
        if parse_json(self._text) != self._raw:
            raise ConfigError("the policy could not be edited in place; add the item by hand")
        return self._mark + self._text

    def accept(self, acceptance: Acceptance, *, allowlist_id: str) -> str | None:
        """
        Put the item into that allowlist: a new one at its end, or the old one renewed.

        Until when it was accepted before: None for a new item, "" for one without an end. Raises `UsageError`
        where the policy has no such allowlist.
        """
        place = self._place(allowlist_id)
        items = self._raw[self._words.allowlists][place]["items"]
        array: Place = (self._words.allowlists, place, "items")
        written = _fields(acceptance, self._words)
        known = next((n for n, one in enumerate(items) if _is_same(one, acceptance)), None)
        if known is None:
            items.append({"id": _new_id(items, acceptance), **written})
            self._text = appended(self._text, array, items[-1])
            return None
        before = items[known].get("expires_on")
        for key, value in written.items():
            self._set((*array, known), items[known], key, value)
        return str(before or "")

    def _set(self, place: Place, holder: dict[str, Any], key: str, value: Any) -> None:
        if key not in holder:
            self._text = added(self._text, place, key, value)
        elif holder[key] != value:
            self._text = replaced(self._text, (*place, key), value)
        holder[key] = value

    def allowlist(self, acceptance: Acceptance, mapping: MatchedRule, *, wanted: str | None = None) -> str:
        """
        The id of the allowlist to write to, which the mapping refers to.

        It is the one of that id, or of the mapping's own the one that holds the item, or the first; a mapping
        without any gets a new one. Raises `UsageError` where the policy has no such list or mapping.
        """
        number = _number(self._raw, mapping)
        if number is None:
            if wanted or mapping.allowlist_ids:
                return wanted or self._best(acceptance, mapping.allowlist_ids)
            raise UsageError("the policy has no such mapping as the result names: give --allowlist ID")
        ids = self._raw["mappings"][number].get(self._words.allowlist_ids)
        if isinstance(ids, list) and ids:
            if wanted is not None and wanted not in ids:
                known = ", ".join(map(str, ids))
                raise UsageError(f"the image's mapping does not refer to {wanted!r} (it refers to: {known})")
            return wanted or self._best(acceptance, ids)
        return self._made(number, wanted or _unused("accepted", _known(self._raw, self._words)))

    def _best(self, acceptance: Acceptance, ids: Iterable[Any]) -> str:
        named = [str(one) for one in ids]
        lists = self._raw.get(self._words.allowlists)
        for place, known in enumerate(_known(self._raw, self._words)):
            if known in named and any(_is_same(item, acceptance) for item in lists[place]["items"]):
                return str(known)
        return named[0]

    def _made(self, mapping: int, allowlist_id: str) -> str:
        self._put(("mappings", mapping), self._words.allowlist_ids, allowlist_id)
        if allowlist_id not in _known(self._raw, self._words):
            version = self._words.versions[0] if self._words.versions else "2"
            entry = {"id": allowlist_id, "name": "Accepted findings", "version": version, "items": []}
            self._put((), self._words.allowlists, entry)
        return allowlist_id

    def _put(self, place: Place, key: str, value: Any) -> None:
        """One more element in the array under a key, which may be missing or null."""
        holder = self._raw
        for step in place:
            holder = holder[step]
        if isinstance(holder.get(key), list):
            holder[key].append(value)
            self._text = appended(self._text, (*place, key), value)
            return
        if holder.get(key) is not None:
            raise UsageError(f"the policy's {key!r} is not a list")
        self._set(place, holder, key, [value])

    def _place(self, allowlist_id: str) -> int:
        known = _known(self._raw, self._words)
        if allowlist_id in known:
            return known.index(allowlist_id)
        told = ", ".join(one for one in known if one is not None) or "none"
        raise UsageError(f"the policy has no allowlist {allowlist_id!r} (it has: {told})")


def _number(raw: Any, mapping: MatchedRule) -> int | None:
    """Which mapping of the file the result speaks of; a service may have given it another id."""
    known = raw.get("mappings") if isinstance(raw, dict) else None
    wanted = (mapping.registry, mapping.repository, mapping.image_type, mapping.image_value)
    fitting: dict[str, int] = {}
    for number, one in enumerate(known if isinstance(known, list) else ()):
        image = one.get("image") if isinstance(one, dict) else None
        if isinstance(image, dict):
            found = (one.get("registry"), one.get("repository"), image.get("type"), image.get("value"))
            if found == wanted:
                fitting.setdefault(str(one.get("id") or ""), number)
    return fitting.get(mapping.id, next(iter(fitting.values()), None))


def _known(raw: Any, words: Words) -> list[str | None]:
    """The ids of the allowlists, in their order; None in the place of what is none."""
    lists = raw.get(words.allowlists) if isinstance(raw, dict) else None
    elements = lists if isinstance(lists, list) else ()
    return [one.get("id") if _is_allowlist(one) else None for one in elements]


def _is_allowlist(raw: Any) -> bool:
    return isinstance(raw, dict) and isinstance(raw.get("id"), str) and isinstance(raw.get("items"), list)


def _unused(name: str, taken: list[str | None]) -> str:
    numbered = (f"{name}-{number}" for number in range(2, len(taken) + 3))
    return next(one for one in (name, *numbered) if one not in taken)


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
    taken = {str(one.get("id")) for one in items if isinstance(one, dict)}  # it may be a list
    made = "allow-" + sha256(f"{acceptance.gate} {acceptance.trigger_id}".encode()).hexdigest()[:12]
    number, unique = 1, made
    while unique in taken:
        number += 1
        unique = f"{made}-{number}"
    return unique
