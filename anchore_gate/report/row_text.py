"""
Values straight to JSON's text, by their declared fields, many at a time.

It is what an encoder makes of `rows.row`, in half the time: a result holds values by the hundred thousand, so
each field is written for many values in turn, and no object stands between a value and its text.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from enum import IntEnum
from functools import cache, partial
from itertools import chain, islice
from json.encoder import encode_basestring as quoted
from math import isfinite
from operator import attrgetter

from anchore_gate.model.digest import Digest
from anchore_gate.report.rows import hints_of, moment, names_of
from anchore_gate.typed import Any

_AT_ONCE = 500
_Column = Callable[[Sequence[Any]], Iterable[str]]  # a field of many values, to the text of each


def members(kind: Any, values: Iterable[Any], names: tuple[str, ...] = ()) -> Iterator[str]:
    """The members of an object for each value, e.g. `"id":"CVE-1","link":""`: those fields, or all."""
    names = names or names_of(kind)
    fields, columns = attrgetter(*names), _columns(kind, names)
    form = ",".join(f'"{name}":%s' for name in names)
    rest = iter(values)
    while chunk := list(islice(rest, _AT_ONCE)):
        given = zip(*map(fields, chunk), strict=True)
        yield from map(
            form.__mod__, zip(*[write(one) for write, one in zip(columns, given, strict=True)], strict=True)
        )


def objects(kind: Any, values: Iterable[Any]) -> Iterator[str]:
    """Each value as an object of all its fields, of which there must be two."""
    return map("{%s}".__mod__, members(kind, values))


@cache
def _columns(kind: Any, names: tuple[str, ...]) -> tuple[_Column, ...]:
    return tuple(_column(hints_of(kind)[name]) for name in names)


def _column(hint: Any) -> _Column:
    simple: dict[Any, _Column] = {
        str: partial(map, quoted),
        bool: partial(map, {True: "true", False: "false"}.__getitem__),
        int: partial(map, repr),
        float: partial(map, _float),
        datetime: lambda moments: [f'"{moment(when)}"' for when in moments],
        Digest: lambda digests: [f'"{digest}"' for digest in digests],
    }
    if hint in simple:
        return simple[hint]
    arms = typing.get_args(hint)
    if isinstance(hint, types.UnionType):
        return _maybe(_column(next(arm for arm in arms if arm is not types.NoneType)))
    if typing.get_origin(hint) is tuple:
        return _lists(_column(arms[0]))
    if issubclass(hint, IntEnum):
        return partial(map, {member: f'"{member.name.lower()}"' for member in hint}.__getitem__)
    return partial(objects, hint)


def _float(number: float) -> str:
    if not isfinite(number):
        raise ValueError(f"no number in JSON: {number}")
    return repr(number)


def _maybe(write: _Column) -> _Column:
    def written(values: Sequence[Any]) -> Iterable[str]:
        known = iter(write([value for value in values if value is not None]))
        return ["null" if value is None else next(known) for value in values]

    return written


def _lists(write: _Column) -> _Column:
    """Lists of one kind: all their items are written in one go."""

    def written(values: Sequence[Any]) -> Iterable[str]:
        items = iter(write(list(chain.from_iterable(values))))
        return [f"[{','.join(islice(items, len(value)))}]" for value in values]

    return written
