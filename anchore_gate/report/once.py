"""What every report asks of a result, worked out once for all: findings come by the hundred thousand."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps

from anchore_gate.model.result import GateResult
from anchore_gate.typed import Any, Generic, TypeVar, overload

_Answer = TypeVar("_Answer")
_Owner = TypeVar("_Owner")
_MOST = 512  # results kept at a time
_KEPT: list[dict[int, tuple[GateResult, Any]]] = []


def once(ask: Callable[[GateResult], _Answer]) -> Callable[[GateResult], _Answer]:
    """The function, asked once for each result. By identity: a hash of a result would read all of it."""
    kept: dict[int, tuple[GateResult, _Answer]] = {}
    _KEPT.append(kept)

    @wraps(ask)
    def answer(result: GateResult) -> _Answer:
        found = kept.get(id(result))
        if found is None or found[0] is not result:
            if len(kept) >= _MOST:
                kept.clear()
            found = kept[id(result)] = (result, ask(result))
        return found[1]

    return answer


class kept(Generic[_Owner, _Answer]):  # noqa: N801  # a decorator
    """
    A property that is worked out once and kept with its object.

    As `functools.cached_property`, which until Python 3.12 takes a lock each time, for all objects.
    """

    def __init__(self, ask: Callable[[_Owner], _Answer]) -> None:
        self._ask, self._name, self.__doc__ = ask, ask.__name__, ask.__doc__

    @overload
    def __get__(self, owner: None, kind: type[_Owner]) -> kept[_Owner, _Answer]: ...

    @overload
    def __get__(self, owner: _Owner, kind: type[_Owner]) -> _Answer: ...

    def __get__(self, owner: _Owner | None, kind: type[_Owner]) -> kept[_Owner, _Answer] | _Answer:
        if owner is None:
            return self
        found = owner.__dict__[self._name] = self._ask(owner)
        return found


def forget() -> None:
    """Let go of all results."""
    for kept in _KEPT:
        kept.clear()


@contextmanager
def uncollected() -> Iterator[None]:
    """No search for cycles: reports make none, and each search walks the whole run, a tenth of the time."""
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
