"""Regular expressions that are compiled when they are first used: a run uses few of them."""

from __future__ import annotations

import re
from collections.abc import Callable

from anchore_gate.typed import TYPE_CHECKING, Any, TypeVar

__all__ = ["flags_first", "quietly", "regex"]

_T = TypeVar("_T")

if TYPE_CHECKING:
    from re import compile as regex
else:

    class regex:  # noqa: N801  # stands for `re.compile`
        """`re.compile`, later."""

        def __init__(self, pattern: str | bytes, flags: int = 0) -> None:
            self._told = (pattern, flags)

        def __getattr__(self, name: str) -> Any:
            found = getattr(re.compile(*self._told), name)
            setattr(self, name, found)
            return found


_PARTS = regex(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*|\(\?([aiLmsux]+)\)", re.DOTALL)


def flags_first(pattern: str) -> str:
    """
    The same expression, with the flags that count for all of it in front.

    Up to Python 3.10, which Anchore Engine runs on, they may stand anywhere; from 3.11 on nowhere else.
    """
    if pattern.find("(?", 1) < 0:
        return pattern
    flags: set[str] = set()
    is_behind = False

    def without(found: re.Match[str]) -> str:
        nonlocal is_behind
        if found[1] is None:
            return found[0]
        is_behind = is_behind or found.start() > 0
        flags.update(found[1])
        return "(?:)"

    rest = _PARTS.sub(without, pattern)
    return f"(?{''.join(sorted(flags))}){rest}" if is_behind else pattern


def quietly(read: Callable[..., _T], *given: Any) -> _T:
    """What `read` makes of an expression of a user's: its `FutureWarning` helps nobody who runs a gate."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return read(*given)
