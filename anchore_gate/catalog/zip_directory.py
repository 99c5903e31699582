"""
Zip archives, read by their central directory only (PKWARE APPNOTE 6.3.10): bounded, from any seekable stream.

Nothing is decompressed but the members that are asked for, and those never beyond a limit.
"""

from __future__ import annotations

import io
import struct
import tempfile
import zlib
from collections.abc import Iterator

from anchore_gate.image.needs import MIB
from anchore_gate.typed import Protocol
from anchore_gate.values import dataclass

MAX_DIRECTORY = 64 * MIB  # bytes; the largest war files seen have 3 MiB
MAX_ENTRIES = 500_000
SPOOL = 8 * MIB  # bytes of a compressed inner archive that are held in memory; more goes to a nameless file
_CHUNK = 256 * 1024
_TAIL = 22 + 65_535  # end record and the longest comment
_END, _END64, _LOCATOR64 = b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07"
_ENTRY, _LOCAL = 0x02014B50, b"PK\x03\x04"
_HEAD = struct.Struct("<I24xHHH")  # signature, lengths of name, extra and comment
_STORED, _DEFLATED = 0, 8
_ENCRYPTED = 0x1
_HUGE = 0xFFFFFFFF


class Stream(Protocol):
    """A seekable source of bytes."""

    def seek(self, offset: int, whence: int = ..., /) -> int:
        """See `io.IOBase.seek`."""

    def read(self, size: int = ..., /) -> bytes:
        """See `io.RawIOBase.read`."""

    def close(self) -> None:
        """See `io.IOBase.close`."""


class BadZip(ValueError):
    """The archive is damaged, hostile, or of a kind that is not read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One entry of the central directory."""

    name: str
    method: int
    flags: int
    compressed: int  # bytes
    size: int  # bytes, as the directory says
    offset: int  # of the local header


class ZipDirectory:
    """The wanted entries of one archive; the stream stays open and is the caller's."""

    def __init__(self, stream: Stream, endings: tuple[bytes, ...]) -> None:
        """Read the directory, keep entries whose names end in one of `endings`. Raises `BadZip`."""
        self._stream = stream
        self._length = stream.seek(0, io.SEEK_END)
        directory, self._shift = self._directory()
        self.members = tuple(self._members(directory, endings))

    def _at(self, offset: int, size: int) -> bytes:
        if offset < 0 or size < 0 or offset + size > self._length:
            raise BadZip("the archive is cut")
        self._stream.seek(offset)
        content = self._stream.read(size)
        if len(content) != size:
            raise BadZip("the archive is cut")
        return content

    def _directory(self) -> tuple[bytes, int]:
        tail_at = max(0, self._length - _TAIL)
        tail = self._at(tail_at, self._length - tail_at)
        found = tail.rfind(_END)
        if found < 0 or found + 22 > len(tail):
            raise BadZip("no zip directory")
        end = tail_at + found
        count, size, offset = struct.unpack_from("<HII", tail, found + 10)
        if _HUGE in (size, offset) or count == 0xFFFF:
            end, count, size, offset = self._end64(end, count, size, offset)
        if size > MAX_DIRECTORY or count > MAX_ENTRIES:
            raise BadZip(f"zip directory too large: {count} entries, {size} bytes")
        # Executable jars carry a script before the first entry: offsets may count from behind it.
        shift = end - size - offset
        if shift < 0:
            raise BadZip("the zip directory overlaps its end record")
        return self._at(offset + shift, size), shift

    def _end64(self, end: int, count: int, size: int, offset: int) -> tuple[int, int, int, int]:
        if end < 20 or not (locator := self._at(end - 20, 20)).startswith(_LOCATOR64):
            return end, count, size, offset
        at = struct.unpack_from("<Q", locator, 8)[0]
        for start in (at, end - 20 - 56):  # as written, or directly before the locator
            if 0 <= start <= end - 56 and (record := self._at(start, 56)).startswith(_END64):
                count, size, offset = struct.unpack_from("<QQQ", record, 32)
                return start, count, size, offset
        raise BadZip("no zip64 end record")

    def _members(self, directory: bytes, endings: tuple[bytes, ...]) -> Iterator[Member]:
        at, entries, last = 0, 0, len(directory) - 46
        unpack = _HEAD.unpack_from
        while at <= last:
            signature, name_size, extra_size, comment_size = unpack(directory, at)
            if signature != _ENTRY:
                raise BadZip("damaged zip directory")
            name_end = at + 46 + name_size
            name = directory[at + 46 : name_end]
            if name.endswith(endings):
                yield _member(directory, at, name, directory[name_end : name_end + extra_size])
            at = name_end + extra_size + comment_size
            entries += 1
            if entries > MAX_ENTRIES:
                raise BadZip(f"more than {MAX_ENTRIES} zip entries")

    def _payload_at(self, member: Member) -> int:
        start = member.offset + self._shift
        header = self._at(start, 30)
        if not header.startswith(_LOCAL):
            raise BadZip(f"no local header for {member.name[:200]!r}")
        name_size, extra_size = struct.unpack_from("<HH", header, 26)
        return int(start + 30 + name_size + extra_size)

    def chunks(self, member: Member, *, limit: int) -> Iterator[bytes]:
        """A member's bytes, decompressed. Raises `BadZip`, also when they are more than `limit`."""
        if member.flags & _ENCRYPTED:
            raise BadZip(f"encrypted: {member.name[:200]!r}")
        if member.method not in (_STORED, _DEFLATED):
            raise BadZip(f"compression method {member.method}: {member.name[:200]!r}")
        if member.size > limit:
            raise BadZip(f"{member.size} bytes, more than {limit}: {member.name[:200]!r}")
        given = 0
        for chunk in self._plain(member):
            given += len(chunk)
            if given > limit:
                raise BadZip(f"more than {limit} bytes: {member.name[:200]!r}")
            yield chunk

    def _plain(self, member: Member) -> Iterator[bytes]:
        raw = self._raw(member)
        return raw if member.method == _STORED else _inflated(raw, member)

    def _raw(self, member: Member) -> Iterator[bytes]:
        at, left = self._payload_at(member), member.compressed
        while left > 0:
            raw = self._at(at, min(left, _CHUNK))
            at, left = at + len(raw), left - len(raw)
            yield raw

    def read(self, member: Member, *, limit: int) -> bytes:
        """A member's bytes at once. See `chunks`."""
        return b"".join(self.chunks(member, limit=limit))

    def open(self, member: Member, *, limit: int) -> Stream:
        """A member as a seekable stream: a window on this archive where it is stored as it is."""
        if member.method == _STORED and not member.flags & _ENCRYPTED:
            if member.compressed > limit:
                raise BadZip(f"{member.compressed} bytes, more than {limit}: {member.name[:200]!r}")
            return _Window(self._stream, self._payload_at(member), member.compressed)
        spool = tempfile.SpooledTemporaryFile(max_size=SPOOL)  # noqa: SIM115  # the caller closes it
        try:
            for chunk in self.chunks(member, limit=limit):
                spool.write(chunk)
        except BadZip:
            spool.close()
            raise
        return spool


class _Window:
    """A part of a seekable stream, as a stream of its own; closing it leaves the other open."""

    def __init__(self, stream: Stream, start: int, size: int) -> None:
        self._stream, self._start, self._size, self._here = stream, start, size, 0

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._here, io.SEEK_END: self._size}[whence]
        self._here = max(0, base + offset)
        return self._here

    def read(self, size: int = -1, /) -> bytes:
        left = max(0, self._size - self._here)
        self._stream.seek(self._start + self._here)
        content = self._stream.read(left if size < 0 else min(size, left))
        self._here += len(content)
        return content

    def close(self) -> None:
        self._size = 0


def _member(directory: bytes, at: int, name: bytes, extra: bytes) -> Member:
    flags, method = struct.unpack_from("<HH", directory, at + 8)
    compressed, size = struct.unpack_from("<II", directory, at + 20)
    offset = struct.unpack_from("<I", directory, at + 42)[0]
    if _HUGE in (compressed, size, offset):
        size, compressed, offset = _zip64(extra, size, compressed, offset)
    text = name.decode("utf-8", "replace")
    return Member(name=text, method=method, flags=flags, compressed=compressed, size=size, offset=offset)


def _zip64(extra: bytes, *values: int) -> tuple[int, int, int]:
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<HH", extra, at)
        if kind == 1:
            numbers = iter(struct.iter_unpack("<Q", extra[at + 4 : at + 4 + length // 8 * 8]))
            size, compressed, offset = (next(numbers, (v,))[0] if v == _HUGE else v for v in values)
            return size, compressed, offset
        at += 4 + length
    size, compressed, offset = values
    return size, compressed, offset


def _inflated(chunks: Iterator[bytes], member: Member) -> Iterator[bytes]:
    inflate = zlib.decompressobj(-15)
    try:
        for raw in chunks:
            while raw and not inflate.eof:
                yield inflate.decompress(raw, _CHUNK)
                raw = inflate.unconsumed_tail
        yield inflate.flush(_CHUNK)  # less than a window: what the last call held back
    except zlib.error as problem:
        raise BadZip(f"damaged member {member.name[:200]!r}") from problem
    if not inflate.eof:
        raise BadZip(f"cut member {member.name[:200]!r}")
