"""Inflating ahead in a thread, while what came before is hashed and walked. Both release Python's lock."""

from __future__ import annotations

import threading
from queue import SimpleQueue
from typing import Protocol

from anchore_gate.image.limits import MIB

_BUFFERS = 3
_SIZE = MIB


class Readable(Protocol):
    """What fills memory with bytes."""

    def readinto(self, view: memoryview, /) -> int | None:
        """Fill the front of `view`; 0 at the end."""
        ...


class ReadAhead:
    """Reads `inner` in a thread of its own, at most three buffers ahead. Must be closed."""

    def __init__(self, inner: Readable) -> None:
        self._inner = inner
        self._free: SimpleQueue[memoryview | None] = SimpleQueue()
        self._full: SimpleQueue[tuple[memoryview, int] | Exception] = SimpleQueue()
        self._buffer = memoryview(b"")
        self._rest = memoryview(b"")
        self._ended: Exception | None = None
        for _ in range(_BUFFERS):
            self._free.put(memoryview(bytearray(_SIZE)))
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def readinto(self, view: memoryview, /) -> int:
        """See `Readable.readinto`. Raises what `inner` raises."""
        if not self._rest and not self._next():
            return 0
        count = min(len(view), len(self._rest))
        view[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count

    def close(self) -> None:
        """End the thread."""
        self._free.put(None)
        self._thread.join()

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

    def _read(self) -> None:
        while (view := self._free.get()) is not None:
            try:
                count = self._inner.readinto(view) or 0
            except Exception as problem:  # noqa: BLE001  # raised again where the bytes are asked for
                self._full.put(problem)
                return
            self._full.put((view, count))
            if not count:
                return
