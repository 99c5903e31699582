"""Which accepted finding is meant: fifty thousand items, asked in the time of a look-up."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import accumulate

from anchore_gate.errors import PolicyError
from anchore_gate.model.evaluation import ExpiringItem
from anchore_gate.model.suppression import Suppression
from anchore_gate.policy.bundle import Allowlist
from anchore_gate.policy.items import AllowlistItem
from anchore_gate.policy.pattern import Pattern, has_shape

NOTICE = timedelta(days=14)


class _Index:
    """Where items stand that may mean one of some findings, as numbers in the order of lists and items."""

    def __init__(self, lists: Sequence[Allowlist], starts: Sequence[int], ids: set[str]) -> None:
        self._exact: defaultdict[str, list[int]] = defaultdict(list)
        self._prefixes: defaultdict[str, list[int]] = defaultdict(list)
        self._suffixes: defaultdict[str, list[int]] = defaultdict(list)
        self._others: list[int] = []
        if not ids:
            return
        for start, allowlist in zip(starts, lists, strict=False):
            trigger_ids = allowlist.items.trigger_ids
            named = ids.intersection(trigger_ids)
            for place, text in enumerate(trigger_ids if named else ()):
                if text in named:
                    self._exact[text].append(start + place)
            for place, pattern in allowlist.items.patterns.items():
                self._shelf(pattern).append(start + place)
        self._lengths = frozenset(map(len, self._prefixes)), frozenset(map(len, self._suffixes))

    def _shelf(self, pattern: Pattern) -> list[int]:
        first, _, rest = pattern.text.partition("*")
        last = rest.rpartition("*")[2]
        if pattern.expression is None and first:
            return self._prefixes[first]
        if pattern.expression is None and last:
            return self._suffixes[last]
        return self._others

    def candidates(self, trigger_id: str) -> Iterator[int]:
        yield from self._exact.get(trigger_id, ())
        for length in self._lengths[0]:
            yield from self._prefixes.get(trigger_id[:length], ())
        for length in self._lengths[1]:
            yield from self._suffixes.get(trigger_id[-length:], ())
        yield from self._others


class Allowed:
    """What the allowlists of a mapping say of some findings."""

    def __init__(self, allowlists: Iterable[Allowlist], *, now: datetime, ids: set[str]) -> None:
        """`ids` are all those that will be asked for."""
        self._now = now
        self._lists = tuple(allowlists)
        self._starts = [0, *accumulate(len(allowlist.items) for allowlist in self._lists)]
        self._index = _Index(self._lists, self._starts, ids)
        self._met: set[int] = set()

    def find(self, gate: str, ids: tuple[str, ...]) -> tuple[Suppression | None, Suppression | None]:
        """
        The first item that accepts any of the ids, and the first expired one that would have.

        Raises `PolicyError` when an expression takes too long.
        """
        expired = None
        for number in sorted({number for one in ids for number in self._index.candidates(one)}):
            allowlist, place = self._place(number)
            if allowlist.items.gate(place) != gate:
                continue
            item = allowlist.items.item(place)
            try:
                if not any(_fits(item, one) for one in ids):
                    continue
            except PolicyError as problem:
                raise PolicyError(f"{allowlist.path}.items[{place}]: {problem}") from problem
            if item.expires_on is None or item.expires_on > self._now:
                return _suppression(allowlist, item), expired
            if expired is None:
                self._met.add(number)
                expired = _suppression(allowlist, item)
        return None, expired

    def expiring(self) -> Iterator[ExpiringItem]:
        """What ends within two weeks, and what has ended and was missed by a finding."""
        for start, allowlist in zip(self._starts, self._lists, strict=False):
            for place in allowlist.items.ending(self._now + NOTICE):
                item = allowlist.items.item(place)
                assert item.expires_on is not None  # it ends
                expired = item.expires_on <= self._now
                if not expired or start + place in self._met:
                    yield ExpiringItem(
                        allowlist_id=allowlist.id,
                        item_id=item.id,
                        gate=item.gate,
                        trigger_id=item.trigger_id,
                        expires_on=item.expires_on,
                        expired=expired,
                        reason=item.reason,
                        owner=item.owner,
                    )

    def _place(self, number: int) -> tuple[Allowlist, int]:
        """The list that an item is in, and its place there."""
        from bisect import bisect_right

        which = bisect_right(self._starts, number) - 1
        return self._lists[which], number - self._starts[which]


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
