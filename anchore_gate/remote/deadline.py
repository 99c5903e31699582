"""An end for work that would not end by itself: a peer that sends a byte now and then keeps a reader."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

_T = TypeVar("_T")


class _Worker(threading.Thread, Generic[_T]):
    def __init__(self, work: Callable[[], _T]) -> None:
        super().__init__(daemon=True)
        self._work = work
        self.found: list[_T] = []
        self.error: BaseException | None = None

    def run(self) -> None:
        """Do the work and keep what comes of it."""
        try:
            self.found.append(self._work())
        except BaseException as error:  # noqa: BLE001  # raised again where the work is waited for
            self.error = error


def within(seconds: float, work: Callable[[], _T]) -> _T | None:
    """What `work` returns, None when it takes longer. Raises what it raises."""
    worker = _Worker(work)
    worker.start()
    worker.join(seconds)
    if worker.error is not None:
        raise worker.error
    return worker.found[0] if worker.found else None
