"""The bytes of kept files: small ones in memory up to a bound, the rest in one temporary file."""

from __future__ import annotations

import io
import os
import threading
from collections.abc import Iterable
from contextlib import suppress

from anchore_gate.errors import ImageError, LimitExceeded
from anchore_gate.image.limits import GIB, KIB, MAX_KEPT, MIB
from anchore_gate.typed import BinaryIO

_SMALL = 256 * KIB
_IN_MEMORY = 16 * MIB

Content = bytes | tuple[int, int]  # as it is, or offset and length in the file


class Spool:
    """Takes files from several threads, gives them back as streams until it is closed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._file: BinaryIO | None = None
        self._end = 0
        self._held = 0
        self._total = 0

    def add(self, content: bytes) -> Content:
        """Keep a whole file."""
        with self._lock:
            if len(content) <= _SMALL and self._held + len(content) <= _IN_MEMORY:
                self._count(len(content))
                self._held += len(content)
                return content
        return self.add_pieces((content,), len(content))

    def add_pieces(self, pieces: Iterable[bytes | memoryview], size: int) -> Content:
        """Keep a file of `size` bytes that comes in pieces."""
        with self._lock:
            self._count(size)
            descriptor = self._descriptor()
            start = self._end
            self._end += size
        position = start
        for piece in pieces:
            view = memoryview(piece)
            while view:
                written = os.pwrite(descriptor, view, position)
                position += written
                view = view[written:]
        if position != start + size:
            raise ImageError(f"a kept file has {position - start} bytes, not {size}")
        return start, size

    def open(self, content: Content) -> BinaryIO:
        """A kept file as a seekable stream."""
        if isinstance(content, bytes):
            return io.BytesIO(content)
        if self._file is None:
            raise ImageError("the image is closed")
        return io.BufferedReader(Section(self._file.fileno(), *content), 64 * KIB)

    def close(self) -> None:
        """Drop everything that lies in the file."""
        if self._file is not None:
            with suppress(OSError):
                self._file.close()
        self._file = None

    def _count(self, size: int) -> None:
        self._total += size
        if self._total > MAX_KEPT:
            raise LimitExceeded(f"the wanted files are larger than {MAX_KEPT // GIB} GiB together")

    def _descriptor(self) -> int:
        if self._file is None:
            self._file = _nameless_file()
        return self._file.fileno()


def _nameless_file() -> BinaryIO:
    """A file that is gone when it is closed."""
    if hasattr(os, "O_TMPFILE"):
        flags = os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC
        with suppress(OSError):  # a filesystem that has none
            made = os.open(os.environ.get("TMPDIR") or "/tmp", flags, 0o600)  # noqa: S108  # it has no name
            return os.fdopen(made, "w+b", buffering=0)
    import tempfile  # 3 ms

    return tempfile.TemporaryFile(buffering=0)


class Section(io.RawIOBase):
    """A part of an open file, read at its own position: several may be read at a time."""

    def __init__(self, descriptor: int, start: int, size: int) -> None:
        self._descriptor = descriptor
        self._start = start
        self._size = size
        self._position = 0

    def readable(self) -> bool:
        """See `io.RawIOBase.readable`."""
        return True

    def seekable(self) -> bool:
        """See `io.RawIOBase.seekable`."""
        return True

    def tell(self) -> int:
        """See `io.RawIOBase.tell`."""
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """See `io.RawIOBase.seek`."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._size}[whence]
        if base + offset < 0:
            raise ValueError("negative seek position")
        self._position = base + offset
        return self._position

    def readinto(self, buffer: bytearray | memoryview, /) -> int:  # type: ignore[override]  # no array.array
        """See `io.RawIOBase.readinto`."""
        view = memoryview(buffer).cast("B")[: max(0, self._size - self._position)]
        if not view:
            return 0
        count = os.preadv(self._descriptor, [view], self._start + self._position)
        self._position += count
        return count
