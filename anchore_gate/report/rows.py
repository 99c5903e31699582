"""Values to JSON and back, by their declared fields: the two directions in one room, so that they agree."""

from __future__ import annotations

import types
import typing
from collections.abc import Callable
from datetime import datetime, timezone
from enum import IntEnum
from functools import cache, lru_cache
from operator import attrgetter

from anchore_gate.errors import ConfigError
from anchore_gate.model.digest import Digest
from anchore_gate.typed import Any
from anchore_gate.values import fields, is_dataclass

_PLAIN = frozenset({str, int, float, bool, type(None)})


def row(value: Any, *, skip: frozenset[str] = frozenset()) -> Any:
    """The value in JSON's kinds: fields by name, actions and severities as words."""
    kind = value.__class__
    if kind in _PLAIN:
        return value
    if kind is tuple:
        return value and [item if item.__class__ in _PLAIN else row(item) for item in value]
    if isinstance(value, IntEnum):
        return _words_of(kind)[value]
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, Digest):
        return str(value)
    told = dict(zip(names_of(kind), _fields_of(kind)(value), strict=True))
    for name in skip:
        told.pop(name, None)
    for name in _deep_names(kind):
        if name in told:
            told[name] = row(told[name])
    return told


def moment(when: datetime | None) -> str | None:
    """RFC 3339, with `Z` for UTC; None stays None."""
    if when is None:
        return None
    return _utc(when) if when.tzinfo is timezone.utc else when.isoformat()


@lru_cache(maxsize=4096)  # of one zone only: elsewhere equal moments have other words
def _utc(when: datetime) -> str:
    return when.isoformat()[:-6] + "Z"


def moment_of(text: str) -> datetime:
    """The inverse of `moment`."""
    return datetime.fromisoformat(text[:-1] + "+00:00" if text.endswith("Z") else text)


def value(kind: Any, data: Any, where: str) -> Any:
    """The value of that kind. Raises `ConfigError` naming the place where `data` is none."""
    origin = typing.get_origin(kind)
    if origin in (typing.Union, types.UnionType):
        inner = next(arm for arm in typing.get_args(kind) if arm is not type(None))
        return None if data is None else value(inner, data, where)
    if origin is tuple:
        return _tuple(typing.get_args(kind), data, where)
    if is_dataclass(kind) and kind is not Digest:
        return _fields(kind, data, where)
    try:
        return _scalar(kind, data)
    except (ValueError, KeyError, TypeError, AttributeError) as problem:
        name = getattr(kind, "__name__", kind)
        raise ConfigError(f"{where}: not a {name}: {str(data)[:80]!r}") from problem


@cache
def _words_of(kind: Any) -> dict[IntEnum, str]:
    return {member: member.name.lower() for member in kind}


@cache
def names_of(kind: Any, but: tuple[str, ...] = ()) -> tuple[str, ...]:
    """The declared fields of a value, in order, but for those."""
    return tuple(field.name for field in fields(kind) if field.name not in but)


@cache
def _fields_of(kind: Any) -> Callable[[Any], tuple[Any, ...]]:
    names = names_of(kind)
    return attrgetter(*names) if len(names) > 1 else lambda value: (getattr(value, names[0]),)


@cache
def _deep_names(kind: Any) -> tuple[str, ...]:
    """The fields that are not in JSON's kinds as they are: a tuple of texts is."""
    simple = (*_PLAIN, tuple[str, ...])
    arms = {name: typing.get_args(hint) for name, hint in hints_of(kind).items()}
    return tuple(
        name
        for name, hint in hints_of(kind).items()
        if hint not in simple and not (isinstance(hint, types.UnionType) and set(arms[name]) <= _PLAIN)
    )


@cache
def hints_of(kind: Any) -> dict[str, Any]:
    """The type of each field."""
    return typing.get_type_hints(kind)


def _fields(kind: Any, data: Any, where: str) -> Any:
    if not isinstance(data, dict):
        raise ConfigError(f"{where}: not an object: {str(data)[:80]!r}")
    hints = hints_of(kind)
    known = (name for name in names_of(kind) if name in data)
    given = {name: value(hints[name], data[name], f"{where}.{name}") for name in known}
    try:
        return kind(**given)
    except TypeError as problem:
        raise ConfigError(f"{where}: {str(problem).partition('() ')[2]}") from problem


def _tuple(arms: tuple[Any, ...], data: Any, where: str) -> tuple[Any, ...]:
    if not isinstance(data, list):
        raise ConfigError(f"{where}: not a list: {str(data)[:80]!r}")
    if len(arms) == 2 and arms[1] is Ellipsis:
        return tuple(value(arms[0], item, f"{where}[{place}]") for place, item in enumerate(data))
    if len(arms) != len(data):
        raise ConfigError(f"{where}: not {len(arms)} values")
    return tuple(value(arm, item, where) for arm, item in zip(arms, data, strict=True))


def _scalar(kind: Any, data: Any) -> Any:
    if kind is float and type(data) is int:
        return float(data)
    if kind in (str, int, float, bool):
        if type(data) is not kind:
            raise TypeError
        return data
    if not isinstance(data, str):
        raise TypeError
    if kind is datetime:
        return moment_of(data)
    if kind is Digest:
        return Digest.parse(data)
    return kind[data.upper()]
