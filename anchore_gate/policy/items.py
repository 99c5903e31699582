"""The items of an allowlist: looked at together, and each made into a value when somebody asks for it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from anchore_gate.policy.moment import parse_moment
from anchore_gate.policy.pattern import Pattern
from anchore_gate.typed import Any
from anchore_gate.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class AllowlistItem:
    """What is accepted, until when and why."""

    id: str
    gate: str  # lower case
    trigger_id: str
    pattern: Pattern | None  # None: `trigger_id` names one finding
    expires_on: datetime | None
    reason: str
    owner: str


class Items:
    """Fifty thousand of them cost little more than the few that a finding meets (65 ms, 15 ms)."""

    __slots__ = ("_gates", "_moments", "_raws", "_words", "patterns", "trigger_ids")

    def __init__(self, raws: Sequence[dict[str, Any]] = ()) -> None:
        """Look at the JSON of all. Raises `ValueError`, `TypeError` or `KeyError` where one is faulty."""
        self._raws = raws
        self.trigger_ids: list[str] = [one["trigger_id"] for one in raws]
        self._gates: list[str] = [one["gate"] for one in raws]
        if not {*map(type, self._gates), *map(type, self.trigger_ids)} <= {str}:
            raise TypeError("gate and trigger_id are texts")
        self._words = {gate: gate.lower() for gate in set(self._gates)}
        self._moments = _moments(raws)
        self.patterns = _patterns(self.trigger_ids)  # by number, of those that name more than one finding

    def __len__(self) -> int:
        return len(self._raws)

    def __iter__(self) -> Iterator[AllowlistItem]:
        return map(self.item, range(len(self)))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Items) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash(tuple(self.trigger_ids))

    def item(self, number: int) -> AllowlistItem:
        """One of them."""
        find = self._raws[number].get
        return AllowlistItem(
            id=_text(find("id")),
            gate=self.gate(number),
            trigger_id=self.trigger_ids[number],
            pattern=self.patterns.get(number),
            expires_on=self._moments.get(find("expires_on")),
            reason=_text(find("reason") or find("description")),
            owner=_text(find("owner")),
        )

    def gate(self, number: int) -> str:
        """The gate of one of them, in lower case."""
        return self._words[self._gates[number]]

    def ending(self, before: datetime) -> Iterator[int]:
        """The numbers of those that end by then."""
        soon = {text for text, moment in self._moments.items() if moment <= before}
        if soon:
            yield from (number for number, one in enumerate(self._raws) if one.get("expires_on") in soon)


def _moments(raws: Sequence[dict[str, Any]]) -> dict[Any, datetime]:
    written = [one.get("expires_on") for one in raws]
    try:
        different = set(written)
    except TypeError:
        parse_moment(next(one for one in written if isinstance(one, (list, dict))))
        raise
    return {text: parse_moment(text) for text in different if text is not None and text != ""}


def _patterns(trigger_ids: Sequence[str]) -> dict[int, Pattern]:
    together = "\n".join(trigger_ids)
    if "*" not in together and "regexp:" not in together:
        return {}
    return {
        number: Pattern.parse(text)
        for number, text in enumerate(trigger_ids)
        if "*" in text or "regexp:" in text
    }


def _text(value: Any) -> str:
    return value if isinstance(value, str) else str(value or "")
