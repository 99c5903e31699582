"""Layer blobs as plain bytes: gzip, zstd or plain by their first bytes, hashed on both sides."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from functools import partial
from pathlib import Path

from anchore_gate.errors import ImageError, LimitExceeded
from anchore_gate.image.limits import KIB, MAX_RATIO, MIB, RATIO_FREE
from anchore_gate.image.readahead import Readable, ReadAhead
from anchore_gate.typed import IO, Any, Protocol

_GZIP = b"\x1f\x8b"
_ZSTD = b"\x28\xb5\x2f\xfd"
_DAMAGE = (EOFError, ValueError, OSError)
_READ = MIB
_COMPRESSED = 128 * KIB  # that igzip reads at a time


class ByteSource(Protocol):
    """Where a blob's bytes come from: a file, a slice of an archive, a connection."""

    def read(self, size: int, /) -> bytes:
        """Up to `size` bytes, b"" at the end."""


class PlainStream:
    """
    The plain bytes of a blob.

    The stored and the plain bytes are hashed as they pass, with `ahead` in a thread of its own; `finish`
    reads what is left. Bytes after the compressed data are an error, as they are to the container runtimes;
    zeros after a gzip member are padding.
    """

    def __init__(
        self,
        source: ByteSource,
        *,
        what: str,
        ratio_free: int = RATIO_FREE,
        ahead: bool = False,
        algorithms: tuple[str, str] = ("sha256", "sha256"),
    ) -> None:
        """Begin to read; `algorithms` hash the stored and the plain bytes, "" does not."""
        self.what = what
        self.plain_size = 0
        self._stored = _HashedReader(source, algorithms[0])
        self._ratio_free = ratio_free
        inner, self.compression = _inflater(self._stored)
        self._hash = hashlib.new(algorithms[1], usedforsecurity=False) if algorithms[1] else None
        passing = self._hash.update if self._hash else _nothing
        self._ahead = ReadAhead(inner, passing) if ahead else None
        self._inner: Readable = self._ahead or _HashedPlain(inner, passing)
        self.lend = partial(self._lent, self._ahead) if self._ahead else None

    def __enter__(self) -> PlainStream:
        return self

    def __exit__(self, *_: object) -> None:
        if self._ahead is not None:
            self._ahead.close()

    def readinto(self, view: memoryview) -> int:
        """Fill the front of `view` with the next bytes; 0 at the end. Raises `ImageError`."""
        try:
            count = self._inner.readinto(view) or 0
        except _DAMAGE as problem:
            raise self._damaged(problem) from problem
        self._count(count)
        return count

    def _lent(self, ahead: ReadAhead) -> memoryview:
        """The next bytes where they were read ahead to. Raises `ImageError`."""
        try:
            lent = ahead.lend()
        except _DAMAGE as problem:
            raise self._damaged(problem) from problem
        self._count(len(lent))
        return lent

    def _damaged(self, problem: Exception) -> ImageError:
        return ImageError(f"{self.what}: {self.compression} data is damaged: {problem}")

    def _count(self, count: int) -> None:
        self.plain_size += count
        if self.plain_size > self._ratio_free and self.plain_size > MAX_RATIO * self._stored.size:
            raise LimitExceeded(
                f"{self.what}: {self._stored.size} stored bytes grow more than {MAX_RATIO}-fold (a bomb?)"
            )

    def finish(self) -> None:
        """Read to the end, so that the digests are those of the whole."""
        view = memoryview(bytearray(64 * KIB))
        while self.readinto(view):
            pass
        while self._stored.readinto(view):
            pass

    @property
    def stored_size(self) -> int:
        """Bytes read from the source so far."""
        return self._stored.size

    @property
    def stored_hex(self) -> str:
        """The digest of the stored bytes read so far."""
        return self._stored.hash.hexdigest() if self._stored.hash else ""

    @property
    def plain_hex(self) -> str:
        """The digest of the plain bytes read so far."""
        return self._hash.hexdigest() if self._hash else ""


def _nothing(_: memoryview) -> None:
    """Nobody asks for a digest."""


class _HashedPlain:
    """Hashes what it reads."""

    def __init__(self, inner: Readable, passing: Callable[[memoryview], object]) -> None:
        self._inner = inner
        self._passing = passing

    def readinto(self, view: memoryview, /) -> int:
        count = self._inner.readinto(view) or 0
        self._passing(view[:count])
        return count


class _HashedReader(io.RawIOBase):
    """Counts what is read through it, and hashes it where an algorithm is named; can be peeked at."""

    def __init__(self, source: ByteSource, algorithm: str) -> None:
        self.hash = hashlib.new(algorithm, usedforsecurity=False) if algorithm else None
        self.size = 0
        self._source = source
        self._front = b""

    def peek(self, count: int) -> bytes:
        while len(self._front) < count and (more := self._source.read(count - len(self._front))):
            self._front += more
        return self._front[:count]

    def readable(self) -> bool:
        return True

    def readinto(self, view: memoryview, /) -> int:  # type: ignore[override]  # callers hand in memory
        got = self.take(min(len(view), _READ))
        view[: len(got)] = got
        return len(got)

    def take(self, count: int) -> bytes:
        got = self._front or self._source.read(count)
        got, self._front = got[:count], got[count:]
        if self.hash is not None:
            self.hash.update(got)
        self.size += len(got)
        return got


def _inflater(stored: _HashedReader) -> tuple[Readable, str]:
    magic = stored.peek(4)
    if magic.startswith(_GZIP):
        return _GzipReader(stored), "gzip"
    if magic == _ZSTD or (magic[1:] == b"\x2a\x4d\x18" and 0x50 <= magic[0] <= 0x5F):
        return _ZstdReader(stored), "zstd"
    return stored, "plain"


class _GzipReader:
    """Member after member (RFC 1952, section 2.2)."""

    def __init__(self, stored: _HashedReader) -> None:
        from isal import igzip_lib

        damage: Any = igzip_lib.IsalError  # a class, though its stub says otherwise
        self._damage: tuple[type[Exception], ...] = (damage, OverflowError)  # of a header without an end
        self._reader = _isal_reader(stored)

    def readinto(self, view: memoryview, /) -> int:
        try:
            count: int = self._reader.readinto(view)
        except self._damage as problem:
            raise ValueError(str(problem)) from problem
        return count


def _isal_reader(stored: _HashedReader) -> Any:
    from isal import isal_zlib

    found: Any = getattr(isal_zlib, "_GzipReader", None)  # it has a stub, but no public name
    if found is None:
        from isal import igzip  # is the same, but brings `gzip` and `typing` along, which take 2 ms

        found = igzip.IGzipFile
        return found(fileobj=stored, mode="rb")
    return found(stored, _COMPRESSED)


class _ZstdReader(io.RawIOBase):
    """Frame after frame (RFC 8878, section 3.1); the window is bounded by the library's 128 MiB."""

    def __init__(self, stored: _HashedReader) -> None:
        self._zstd = _zstd()
        self._stored = stored
        self._frame = self._zstd.ZstdDecompressor()
        self._rest = b""
        self._within = False

    def readable(self) -> bool:
        return True

    def readinto(self, view: memoryview, /) -> int:  # type: ignore[override]  # callers hand in memory
        while True:
            fresh = b""
            if self._frame.needs_input:
                fresh = self._rest or self._stored.take(_READ)
                self._rest = b""
                if not fresh:
                    if self._within:
                        raise EOFError("it ends within a frame")
                    return 0
            plain = self._inflate(fresh, len(view))
            if plain:
                view[: len(plain)] = plain
                return len(plain)

    def _inflate(self, fresh: bytes, limit: int) -> bytes:
        try:
            plain: bytes = self._frame.decompress(fresh, limit)
        except self._zstd.ZstdError as problem:
            raise ValueError(str(problem)) from problem
        self._within = not self._frame.eof
        if self._frame.eof:
            self._rest = self._frame.unused_data
            self._frame = self._zstd.ZstdDecompressor()
        return plain


def _zstd() -> Any:
    """The standard library's module (3.14), or its backport."""
    try:
        from compression import zstd
    except ImportError:
        from backports import zstd
    return zstd


def zstd_file(path: Path) -> IO[bytes]:
    """A zstd file to write to."""
    written: IO[bytes] = _zstd().ZstdFile(path, "wb", level=10)
    return written
