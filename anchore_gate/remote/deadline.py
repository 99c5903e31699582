"""An end for work that would not end by itself: a peer that sends a byte now and then keeps a reader."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from anchore_gate.typed import Generic, TypeVar

_T = TypeVar("_T")
_LOOK = 0.25  # seconds after which it is seen that a run was ended


class Deadline:
    """
    When a run is over, for all that it asks; whoever ends the run sooner moves it.

    Another process counts from another moment: it is told by the wall clock.
    """

    def __init__(self, at: float) -> None:
        self.at = at  # of the run's monotonic clock

    def end(self) -> None:
        """Let nobody ask any more."""
        self.at = float("-inf")

    def __reduce__(self) -> tuple[Callable[[float], Deadline], tuple[float]]:
        return _told, (self.at - time.monotonic() + time.time(),)


def _told(moment: float) -> Deadline:
    return Deadline(moment - time.time() + time.monotonic())


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


def within(left: Callable[[], float], work: Callable[[], _T]) -> _T | None:
    """What `work` returns, None when no seconds are `left` before it does. Raises what it raises."""
    worker = _Worker(work)
    worker.start()
    while worker.is_alive() and (seconds := left()) > 0:
        worker.join(min(seconds, _LOOK))
    if worker.error is not None:
        raise worker.error
    return worker.found[0] if worker.found else None
