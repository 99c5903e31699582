"""One at a time, and who waited fails with who went before: what was tried in vain is not tried by each."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from anchore_gate.errors import NetworkError, PolicyError, RemoteError


class Turn:
    """A lock for what two hundred images need once: tried by each in turn, it would take hours to fail."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._failures = 0
        self._error: RemoteError | NetworkError | PolicyError | None = None

    def __reduce__(self) -> tuple[type[Turn], tuple[()]]:
        return Turn, ()

    def idle(self, seconds: float) -> None:
        """Wait until nobody has the turn, and not longer than that."""
        if self._lock.acquire(timeout=seconds):
            self._lock.release()

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Have the turn. Raises what the one before raised, where that happened while this one waited."""
        seen = self._failures
        with self._lock:
            if self._error is not None and self._failures > seen:
                raise type(self._error)(str(self._error)) from self._error
            try:
                yield
            except (RemoteError, NetworkError, PolicyError) as error:
                self._failures += 1
                self._error = error
                raise
