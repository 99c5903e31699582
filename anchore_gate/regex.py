"""Regular expressions that are compiled when they are first used: a run uses few of them."""

from __future__ import annotations

import re
from collections.abc import Callable

from anchore_gate.typed import TYPE_CHECKING, Any, TypeVar

__all__ = ["quietly", "regex"]

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


def quietly(read: Callable[..., _T], *given: Any) -> _T:
    """What `read` makes of an expression of a user's: its `FutureWarning` helps nobody who runs a gate."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return read(*given)
