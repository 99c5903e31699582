"""How far a download is, on one line of a terminal: bytes, layers, rate."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from types import TracebackType

from anchore_gate.model.image import Layer
from anchore_gate.typed import TextIO

_EVERY = 0.2  # seconds between two looks


class LayerProgress(AbstractContextManager["LayerProgress"]):
    """
    Draws while layers arrive, and wipes its line at the end. Silent where nobody looks.

    Call it with a layer and the bytes that came; several threads may.
    """

    def __init__(self, stream: TextIO | None = None, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream or sys.stderr
        self._clock = clock
        self._lock = threading.Lock()
        self._got: dict[tuple[int, str], int] = {}
        self._complete: set[tuple[int, str]] = set()
        self._started = self._drawn = clock()
        self._width = 0
        self._is_shown = self._stream.isatty()

    def __call__(self, layer: Layer, count: int) -> None:
        """See `Progress`."""
        if not self._is_shown:
            return
        with self._lock:
            key = (layer.index, str(layer.digest))
            self._got[key] = self._got.get(key, 0) + count
            if self._got[key] >= layer.size:
                self._complete.add(key)
            if self._clock() - self._drawn >= _EVERY:
                self._drawn = self._clock()
                self._draw()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._width:
            self._stream.write("\r" + " " * self._width + "\r")
            self._stream.flush()

    def _draw(self) -> None:
        count = sum(self._got.values())
        rate = count / max(self._drawn - self._started, 0.001)
        layers = f"{len(self._complete)} of {len(self._got)} layers"
        line = f"{count / 1e6:.1f} MB, {layers}, {rate / 1e6:.1f} MB/s"
        self._stream.write("\r" + line.ljust(self._width))
        self._stream.flush()
        self._width = max(self._width, len(line))
