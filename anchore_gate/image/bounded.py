"""Python's `re` in a child process that ends itself: no expression on no line may hang the gate."""

from __future__ import annotations

import subprocess
import sys
import weakref
from collections.abc import Sequence
from contextlib import suppress
from struct import pack

from anchore_gate.errors import LimitExceeded

TIME_BOUND = 10  # seconds for the lines of one file
_WORKER = """
import re, signal, sys
given, told = sys.stdin.buffer, sys.stdout.buffer
def number(): return int.from_bytes(given.read(4), "big")
seconds = number()
match = re.compile(given.read(number())).match
while len(head := given.read(4)) == 4:
    signal.alarm(seconds)
    lengths = [number() for _ in range(int.from_bytes(head, "big"))]
    told.write(bytes(match(given.read(length)) is not None for length in lengths))
    told.flush()
    signal.alarm(0)
"""


class BoundedMatch:
    """An expression that RE2 does not know; the child that tries it is started when it is first asked."""

    def __init__(self, regex: bytes, *, name: str) -> None:
        self._regex, self._name = regex, name
        self._child: subprocess.Popen[bytes] | None = None

    def matches(self, texts: Sequence[bytes]) -> list[bool]:
        """Which texts it matches at their start. Raises `LimitExceeded` when that takes too long."""
        if not texts:
            return []
        if self._child is None:
            self._child = self._started()
        child = self._child
        assert child.stdin is not None
        assert child.stdout is not None
        with suppress(BrokenPipeError):  # it has ended: nothing will be read either
            child.stdin.write(pack(f"!{len(texts) + 1}L", len(texts), *map(len, texts)))
            child.stdin.writelines(texts)
            child.stdin.flush()
        answer = child.stdout.read(len(texts))
        if len(answer) < len(texts):
            raise LimitExceeded(
                f"the expression {self._name[:100]!r} took longer than {TIME_BOUND} seconds on one file"
            )
        return [bool(one) for one in answer]

    def _started(self) -> subprocess.Popen[bytes]:
        child = subprocess.Popen(  # noqa: S603  # our own interpreter and our own words
            [sys.executable, "-I", "-S", "-W", "ignore", "-c", _WORKER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        weakref.finalize(self, _end, child)
        assert child.stdin is not None
        child.stdin.write(pack("!LL", TIME_BOUND, len(self._regex)) + self._regex)
        return child


def _end(child: subprocess.Popen[bytes]) -> None:
    child.kill()
    for pipe in (child.stdin, child.stdout):
        with suppress(OSError):
            if pipe is not None:
                pipe.close()
    child.wait()
