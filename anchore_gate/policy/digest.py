"""The digest of a policy file."""

from __future__ import annotations

import hashlib
import threading

_LONG = 128 * 1024  # bytes, for which a thread pays


class Digest:
    """The sha256 of some content, made while others read it: hashing does not hold the interpreter."""

    def __init__(self, content: bytes) -> None:
        self._made = hashlib.sha256()
        self._thread = threading.Thread(target=self._made.update, args=(content,), daemon=True)
        run = self._thread.start if len(content) >= _LONG else self._thread.run
        run()

    def __str__(self) -> str:
        """As `sha256sum` prints it."""
        if self._thread.is_alive():
            self._thread.join()
        return f"sha256:{self._made.hexdigest()}"


def digest_of(content: bytes) -> str:
    """The sha256 of a policy file, as `sha256sum` prints it."""
    return str(Digest(content))
