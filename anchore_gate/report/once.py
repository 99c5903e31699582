"""What every report asks of a result, worked out once for all: findings come by the hundred thousand."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from anchore_gate.model.result import GateResult

_Answer = TypeVar("_Answer")
_MOST = 64  # results kept at a time
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


def forget() -> None:
    """Let go of all results."""
    for kept in _KEPT:
        kept.clear()
