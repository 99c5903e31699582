"""Objects that are written alike, read by one expression, sooner than a parser makes each a value."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from anchore_gate.regex import regex
from anchore_gate.typed import Any

_CONTROLS = tuple(map(chr, range(32)))
_BLANKS = regex(r'(\{[ \t\r\n]*)"[^"]*"([ \t\r\n]*:[ \t\r\n]*)"[^"]*"([ \t\r\n]*,[ \t\r\n]*)"')
_BETWEEN = regex(r'"([ \t\r\n]*\})([ \t\r\n]*,[ \t\r\n]*)\{')
_TEXT = '[^"]*'  # `Shape.read` sees to it that no escape and no control character is in it


class Shape:
    """
    How the objects of a list are written: their keys in order, which may be missing or null, and the blanks.

    All values are texts or null. Objects that are written in another way are none of its business.
    """

    __slots__ = ("_expression", "_groups", "blanks", "keys", "nullable", "optional", "orders", "wanted")

    def __init__(
        self,
        keys: tuple[str, ...],
        *,
        orders: set[tuple[str, ...]],
        nullable: set[str],
        wanted: tuple[str, ...],
        blanks: tuple[str, ...],
    ) -> None:
        """`wanted` are keys whose texts are asked for; `blanks` hold brace, colon, comma, brace, comma."""
        self.keys, self.orders, self.nullable, self.wanted = keys, orders, nullable, wanted
        optional = self.optional = {key for key in keys if not all(key in order for order in orders)}
        self.blanks = blanks
        self._groups = [
            group
            for key in keys
            for group in ([key] if key in wanted else []) + ([f"has {key}"] if key in optional else [])
        ]
        opened, _, _, closed, _ = map(re.escape, blanks)
        pairs = "".join(self._pair(number, key) for number, key in enumerate(keys))
        self._expression = re.compile(f"{opened}{pairs}{closed}")

    def _pair(self, number: int, key: str) -> str:
        _, colon, comma, _, _ = map(re.escape, self.blanks)
        value = f'"({_TEXT})"' if key in self.wanted else f'"{_TEXT}"'
        if key in self.nullable:
            value = f"(?:{value}|null)"
        pair = f'{comma if number else ""}"{re.escape(key)}"{colon}{value}'
        return f"(?:{pair}()|)" if key in self.optional else pair

    def read(self, text: str) -> dict[str, list[Any]] | None:
        """What is under the keys that are wanted, in objects with commas between; None if it cannot tell."""
        if "\\" in text:
            return None
        parts = self._expression.split(text)
        step = len(self._groups) + 1
        objects = len(parts) // step
        between = parts[step:-1:step]
        if parts[0] or parts[-1] or not objects or between.count(self.blanks[-1]) != objects - 1:
            return None
        columns = {name: parts[place::step] for place, name in enumerate(self._groups, 1)}
        missing = sum(columns.pop(f"has {key}").count(None) for key in self.optional)
        return columns if self._is_clean(text, objects, objects * len(self.keys) - missing) else None

    def _is_clean(self, text: str, objects: int, pairs: int) -> bool:
        """Whether control characters are in the blanks alone: no text has one (RFC 8259, section 7)."""
        times = (objects, pairs, pairs - objects, objects, objects - 1)
        for control in _CONTROLS:
            if control in text:
                expected = sum(n * blank.count(control) for n, blank in zip(times, self.blanks, strict=True))
                if text.count(control) != expected:
                    return False
        return True


def learn(
    text: str, objects: Sequence[dict[str, Any]], wanted: tuple[str, ...], known: Shape | None = None
) -> Shape | None:
    """The shape that objects share with those of the `known` one, from their text and values, or that one."""
    values = {(key, value.__class__) for one in objects for key, value in one.items()}
    nullable = {key for key, kind in values if kind is not str}
    orders = set(map(tuple, objects))
    blanks = known.blanks if known else _blanks(text)
    if not blanks or not {kind for _, kind in values} <= {str, type(None)}:
        return known
    if known:
        if orders <= known.orders and nullable <= known.nullable:
            return known
        orders |= known.orders
        nullable |= known.nullable
    keys = _merged(sorted(orders, key=lambda order: (-len(order), order)))
    if not all(_is_among(order, keys) for order in orders):
        return known
    if not all(keys[0] in order for order in orders):
        return known  # the comma comes before each of the others
    return Shape(keys, orders=orders, nullable=nullable, wanted=wanted, blanks=blanks)


def _merged(orders: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """The keys of the first, and each of the others' behind the one that it comes behind there."""
    keys: list[str] = []
    for order in orders:
        place = 0
        for key in order:
            if key not in keys:
                keys.insert(place, key)
            place = keys.index(key) + 1
    return tuple(keys)


def _blanks(text: str) -> tuple[str, ...]:
    pairs, between = _BLANKS.match(text), _BETWEEN.search(text)
    return (*pairs.groups(), *between.groups()) if pairs and between else ()


def _is_among(some: Iterable[str], keys: Iterable[str]) -> bool:
    """Whether all are there, in this order."""
    left = iter(keys)
    return all(key in left for key in some)
