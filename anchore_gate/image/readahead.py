"""Inflating ahead in one thread and hashing in another, while what came before is walked."""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import SimpleQueue

from anchore_gate.image.limits import MIB
from anchore_gate.typed import Protocol

_BUFFERS = 8  # the more, the less one waits for another; 4 layers at a time have 32 MiB
_SIZE = MIB


class Readable(Protocol):
    """What fills memory with bytes."""

    def readinto(self, view: memoryview, /) -> int | None:
        """Fill the front of `view`; 0 at the end."""


_Read = tuple[memoryview, int] | Exception


class ReadAhead:
    """
    Reads `inner` in a thread of its own and shows it to `passing` in another, some buffers ahead.

    Inflating and hashing release Python's lock, walking does not: so all of a machine's two cores have work.
    Must be closed.
    """

    def __init__(self, inner: Readable, passing: Callable[[memoryview], object]) -> None:
        self._inner = inner
        self._passing = passing
        self._free: SimpleQueue[memoryview | None] = SimpleQueue()
        self._read: SimpleQueue[_Read | None] = SimpleQueue()
        self._full: SimpleQueue[_Read] = SimpleQueue()
        self._buffer = memoryview(b"")
        self._rest = memoryview(b"")
        self._ended: Exception | None = None
        for _ in range(_BUFFERS):
            self._free.put(memoryview(b""))  # made when it is needed
        self._threads = [
            threading.Thread(target=work, daemon=True) for work in (self._read_on, self._pass_on)
        ]
        for thread in self._threads:
            thread.start()

    def readinto(self, view: memoryview, /) -> int:
        """See `Readable.readinto`. Raises what `inner` raises."""
        if not self._rest and not self._next():
            return 0
        count = min(len(view), len(self._rest))
        view[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count

    def lend(self) -> memoryview:
        """
        The next bytes where they lie, until more is asked for; none at the end. Raises what `inner` raises.

        To copy them would be work for the one thread that has most of it.
        """
        if not self._rest:
            self._next()
        lent, self._rest = self._rest, memoryview(b"")
        return lent

    def close(self) -> None:
        """End the threads."""
        self._free.put(None)
        for thread in self._threads:
            thread.join()

    def _next(self) -> bool:
        if self._ended is not None:
            raise self._ended
        if self._buffer:
            self._free.put(self._buffer)
            self._buffer = memoryview(b"")
        found = self._full.get()
        if isinstance(found, Exception):
            self._ended = found
            raise found
        self._buffer, count = found
        self._rest = self._buffer[:count]
        if not count:
            self._buffer = memoryview(b"")
            self._full.put(found)  # the end stays the end
        return bool(count)

    def _read_on(self) -> None:
        while (free := self._free.get()) is not None:
            try:
                view = free or memoryview(bytearray(_SIZE))
                count = self._inner.readinto(view) or 0
            except Exception as problem:  # noqa: BLE001  # raised again where the bytes are asked for
                self._read.put(problem)
                break
            self._read.put((view, count))
            if not count:
                break
        self._read.put(None)

    def _pass_on(self) -> None:
        while (found := self._read.get()) is not None:
            if not isinstance(found, Exception):
                self._passing(found[0][: found[1]])
            self._full.put(found)
