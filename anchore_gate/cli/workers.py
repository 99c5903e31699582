"""Many images at a time, under one deadline."""

from __future__ import annotations

import queue
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from types import FrameType

from anchore_gate.errors import TimedOut
from anchore_gate.model.result import GateResult, NoVerdict
from anchore_gate.typed import TypeVar

T = TypeVar("T")
Verdict = GateResult | NoVerdict


class Terminated(BaseException):
    """The process was asked to end (SIGTERM)."""


@contextmanager
def terminable() -> Iterator[None]:
    """Let SIGTERM arrive as `Terminated`, so that reports are still written."""

    def end(_signal: int, _frame: FrameType | None) -> None:
        raise Terminated

    previous = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)


class Crew:
    """Daemon threads that judge: one that hangs cannot keep the process from ending."""

    def __init__(self, names: Sequence[str], tasks: Sequence[Callable[[], Verdict]], *, jobs: int) -> None:
        self._names = names
        self._todo: queue.SimpleQueue[tuple[int, Callable[[], Verdict]]] = queue.SimpleQueue()
        self._done: queue.SimpleQueue[tuple[int, Verdict]] = queue.SimpleQueue()
        self._found: dict[int, Verdict] = {}
        self._begun: set[int] = set()
        for numbered in enumerate(tasks):
            self._todo.put(numbered)
        for _ in range(max(1, min(jobs, len(tasks)))):
            threading.Thread(target=self._work, daemon=True).start()

    def _work(self) -> None:
        while True:
            try:
                number, task = self._todo.get_nowait()
            except queue.Empty:
                return
            self._begun.add(number)
            self._done.put((number, task()))

    def wait(self, *, deadline: float, done: Callable[[Verdict], None]) -> None:
        """Collect verdicts until all are there or `deadline` (`time.monotonic`) has passed."""
        while len(self._found) < len(self._names):
            left = deadline - time.monotonic()
            if left <= 0:
                return
            try:
                number, verdict = self._done.get(timeout=left)
            except queue.Empty:
                return
            self._found[number] = verdict
            done(verdict)

    def verdicts(self, *, now: datetime, why: str) -> tuple[Verdict, ...]:
        """Every image's verdict, in order; `why` there is none for those that did not end."""
        return tuple(
            self._found.get(number) or NoVerdict.of(TimedOut(self._told(number, why)), name=name, now=now)
            for number, name in enumerate(self._names)
        )

    def _told(self, number: int, why: str) -> str:
        return why if number in self._begun else f"{why}; its turn never came"
