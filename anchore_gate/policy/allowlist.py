"""Which accepted finding is meant: fifty thousand items, asked in the time of a look-up."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import accumulate

from anchore_gate.model.evaluation import ExpiringItem
from anchore_gate.model.suppression import Suppression
from anchore_gate.policy.bundle import Allowlist, AllowlistItem
from anchore_gate.policy.pattern import has_shape

NOTICE = timedelta(days=14)


@dataclass(slots=True)
class _Shelf:
    """The items of one gate. Numbers are places in the order of lists and items: the first wins."""

    exact: dict[str, int] = field(default_factory=dict)
    again: defaultdict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    prefixes: defaultdict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    suffixes: defaultdict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    others: list[int] = field(default_factory=list)
    lengths: tuple[frozenset[int], frozenset[int]] = (frozenset(), frozenset())

    def add(self, number: int, item: AllowlistItem) -> None:
        if self.exact.setdefault(item.trigger_id, number) != number:
            self.again[item.trigger_id].append(number)
        if item.pattern is None:
            return
        if item.pattern.expression is not None:
            self.others.append(number)
            return
        first, _, rest = item.trigger_id.partition("*")
        last = rest.rpartition("*")[2]
        if first:
            self.prefixes[first].append(number)
        elif last:
            self.suffixes[last].append(number)
        else:
            self.others.append(number)

    def seal(self) -> None:
        self.lengths = (frozenset(map(len, self.prefixes)), frozenset(map(len, self.suffixes)))

    def candidates(self, trigger_id: str) -> Iterator[int]:
        if trigger_id in self.exact:
            yield self.exact[trigger_id]
            yield from self.again.get(trigger_id, ())
        for length in self.lengths[0]:
            yield from self.prefixes.get(trigger_id[:length], ())
        for length in self.lengths[1]:
            yield from self.suffixes.get(trigger_id[-length:], ())
        yield from self.others


class Allowed:
    """The allowlists of a mapping, indexed."""

    def __init__(self, allowlists: Iterable[Allowlist], *, now: datetime) -> None:
        self._now = now
        self._lists = tuple(allowlists)
        self._items = [item for allowlist in self._lists for item in allowlist.items]
        self._ends = list(accumulate(len(allowlist.items) for allowlist in self._lists))
        self._shelves: dict[str, _Shelf] = {}
        for number, item in enumerate(self._items):
            shelf = self._shelves.get(item.gate)
            if shelf is None:
                shelf = self._shelves[item.gate] = _Shelf()
            shelf.add(number, item)
        for shelf in self._shelves.values():
            shelf.seal()
        self._met: set[int] = set()

    def find(self, gate: str, ids: tuple[str, ...]) -> tuple[Suppression | None, Suppression | None]:
        """The first item that accepts any of the ids, and the first expired one that would have."""
        shelf = self._shelves.get(gate)
        if shelf is None:
            return None, None
        expired = None
        for number in sorted({number for one in ids for number in shelf.candidates(one)}):
            item = self._items[number]
            if not any(_fits(item, one) for one in ids):
                continue
            if item.expires_on is None or item.expires_on > self._now:
                return _suppression(self._list_of(number), item), expired
            if expired is None:
                self._met.add(number)
                expired = _suppression(self._list_of(number), item)
        return None, expired

    def expiring(self) -> Iterator[ExpiringItem]:
        """What ends within two weeks, and what has ended and was missed by a finding."""
        soon = self._now + NOTICE
        for number, item in enumerate(self._items):
            if item.expires_on is None or item.expires_on > soon:
                continue
            expired = item.expires_on <= self._now
            if not expired or number in self._met:
                yield ExpiringItem(
                    allowlist_id=self._list_of(number).id,
                    item_id=item.id,
                    gate=item.gate,
                    trigger_id=item.trigger_id,
                    expires_on=item.expires_on,
                    expired=expired,
                    reason=item.reason,
                    owner=item.owner,
                )

    def _list_of(self, number: int) -> Allowlist:
        return self._lists[bisect_right(self._ends, number)]


def _fits(item: AllowlistItem, trigger_id: str) -> bool:
    if item.trigger_id == trigger_id:
        return True
    if item.pattern is None:
        return False
    if item.pattern.expression is None:
        return has_shape(item.trigger_id, trigger_id)
    return item.pattern.matches(trigger_id)


def _suppression(allowlist: Allowlist, item: AllowlistItem) -> Suppression:
    return Suppression(
        kind="allowlist",
        id=allowlist.id,
        name=allowlist.name,
        item_id=item.id,
        reason=item.reason,
        owner=item.owner,
        expires_on=item.expires_on,
    )
