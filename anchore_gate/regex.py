"""Regular expressions that are compiled when they are first used: a run uses few of them."""

from __future__ import annotations

import re

from anchore_gate.typed import TYPE_CHECKING, Any

__all__ = ["regex"]

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
