"""The items of an allowlist: looked at together, and each made into a value when somebody asks for it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
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


Columns = tuple[list[str], set[str]]  # the trigger ids of some items, and when they end
KEYS = ("trigger_id", "expires_on")
FAULTY = (ValueError, TypeError, KeyError, AttributeError)  # what an item that is none makes of itself


class Items:
    """Fifty thousand of them cost little more than the few that a finding meets."""

    __slots__ = ("_ends", "_moments", "_raws", "patterns", "trigger_ids")

    def __init__(self, raws: Sequence[dict[str, Any]] = (), columns: Iterable[Columns] | None = None) -> None:
        """Look at the JSON of all, or at its `columns`. Raises one of `FAULTY` where an item is faulty."""
        self._raws = raws
        self.trigger_ids: list[str] = []
        self.patterns: dict[int, Pattern] = {}  # by number, of those that name more than one finding
        self._moments: dict[Any, datetime] = {}
        self._ends: list[tuple[int, set[Any]]] = []  # where a group begins, and when its items end
        for trigger_ids, ends in (columns_of(raws),) if columns is None else columns:
            first = len(self.trigger_ids)
            self.trigger_ids += trigger_ids
            self.patterns.update(_patterns(trigger_ids, first))
            if ends:
                self._moments.update({text: parse_moment(text) for text in ends.difference(self._moments)})
            self._ends.append((first, ends))

    def __len__(self) -> int:
        return len(self.trigger_ids)

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
            reason=_text(find("reason") or find("description") or find("comment")),
            owner=_text(find("owner")),
        )

    def gate(self, number: int) -> str:
        """The gate of one of them, in lower case."""
        gate: str = self._raws[number]["gate"]
        return gate.lower()

    def ending(self, before: datetime) -> Iterator[int]:
        """The numbers of those that end by then."""
        soon = {text for text, moment in self._moments.items() if moment <= before}
        stops = [*(first for first, _ in self._ends[1:]), len(self)]
        for (first, written), stop in zip(self._ends, stops, strict=True):
            if not soon.isdisjoint(written):
                yield from (n for n in range(first, stop) if self._raws[n].get("expires_on") in soon)


def columns_of(raws: Sequence[dict[str, Any]]) -> Columns:
    """What is looked at in all items. Raises one of `FAULTY`."""
    trigger_ids: list[str] = [one["trigger_id"] for one in raws]
    if not {*map(type, trigger_ids), *[type(one["gate"]) for one in raws]} <= {str}:
        raise TypeError("gate and trigger_id are texts")
    return trigger_ids, {end for one in raws if (end := one.get("expires_on")) is not None and end != ""}


def _patterns(trigger_ids: Sequence[str], first: int) -> dict[int, Pattern]:
    together = "\n".join(trigger_ids)
    if "*" not in together and "regexp:" not in together:
        return {}
    return {
        first + number: Pattern.parse(text)
        for number, text in enumerate(trigger_ids)
        if "*" in text or "regexp:" in text
    }


def _text(value: Any) -> str:
    return value if isinstance(value, str) else str(value or "")
