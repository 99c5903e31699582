"""Tar members from a stream of plain bytes: pax, ustar, GNU, v7, read as Go's `archive/tar` does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from struct import Struct

from anchore_gate.errors import ImageError, LimitExceeded
from anchore_gate.image.limits import KIB, MAX_EXTENDED_HEADER, MAX_MEMBERS, MAX_NAME, MAX_NAMES
from anchore_gate.image.tarheader import (
    Extension,
    checksum_fits,
    extension_of,
    gnu_prefix,
    number,
    rights,
    text_of,
)
from anchore_gate.image.tarsparse import Segments, gnu_segments, pax_segments
from anchore_gate.typed import Protocol
from anchore_gate.values import dataclass

BLOCK = 512
# name (mode uid gid) size (mtime) checksum type link magic (version owner group) major minor prefix
_HEADER = Struct("100s24s12s12x8sc100s6s2x64x16x155s12x")
_TYPES = {
    b"0": "file",
    b"\0": "file",
    b"7": "file",
    b"S": "file",
    b"1": "link",
    b"2": "symlink",
    b"3": "chardev",
    b"4": "blockdev",
    b"5": "dir",
    b"6": "fifo",
}
_EXTENSIONS = frozenset({b"x", b"g", b"L", b"K"})
_ZEROS = bytes(BLOCK)


class PlainSource(Protocol):
    """Where plain bytes come from."""

    def readinto(self, view: memoryview, /) -> int:
        """Fill the front of `view`; 0 at the end."""


@dataclass(slots=True)
class Member:
    """One member as its headers describe it. Not frozen: that is three times as fast."""

    name: str  # as written
    type: str  # file, link (a hard link), symlink, dir, chardev, blockdev, fifo
    mode: int
    uid: int
    gid: int
    size: int  # of the file it makes
    link: str
    stored: int  # bytes in the archive
    segments: Segments | None = None  # of a sparse file: (offset, length) of what is stored


class TarStream:
    """
    Walks a tar stream. The body of the current member can be read until the next one is asked for.

    A global pax header changes nothing, as in the container runtimes. Raises `ImageError`.
    """

    def __init__(self, source: PlainSource, *, what: str, capacity: int = 512 * KIB) -> None:
        self._source = source
        self._leap: Callable[[int], bool] | None = getattr(source, "skip", None)
        self._lend: Callable[[], memoryview] | None = getattr(source, "lend", None)
        self._what = what
        self._view = memoryview(b"" if self._lend else bytearray(capacity))
        self._passed = 0  # bytes of the stream before the view
        self._start = 0  # of what is not yet consumed in the view
        self._end = 0
        self._left = 0  # bytes of the current body, not yet consumed
        self._padding = 0

    @property
    def offset(self) -> int:
        """Of the next byte, from the start of the stream."""
        return self._passed + self._start

    def members(self) -> Iterator[Member]:
        """Every member in order, up to the end mark or the end of the stream."""
        extension: Extension | None = None
        count = names = 0
        while (member := self._next(extension)) is not None:
            if isinstance(member, Extension):
                extension = member if extension is None else extension.updated(member)
                continue
            extension = None
            count += 1
            names += len(member.name)
            if count > MAX_MEMBERS or names > MAX_NAMES:
                raise LimitExceeded(f"{self._what}: more than {MAX_MEMBERS} members, or too long names")
            yield member

    def body(self, limit: int) -> memoryview | None:
        """The whole current body where it is `limit` bytes at most, valid until the next call."""
        size = self._left
        if size > limit:
            return None
        if self._end - self._start < size and not self._fill(size):
            raise self._truncated()
        start = self._start
        self._start = start + size
        self._left = 0
        return self._view[start : start + size]

    def pieces(self) -> Iterator[memoryview]:
        """The current body in pieces, each valid until the next is asked for."""
        while self._left:
            if self._start == self._end and not self._fill(1):
                raise self._truncated()
            size = min(self._left, self._end - self._start)
            found = self._view[self._start : self._start + size]
            self._start += size
            self._left -= size
            yield found

    def _next(self, extension: Extension | None) -> Member | Extension | None:
        if unread := self._left + self._padding:
            self._skip(unread)
        if self._end - self._start < BLOCK and not self._fill(BLOCK):
            if self._start != self._end:
                raise self._truncated()
            return None
        start = self._start
        self._start = start + BLOCK
        block = self._view[start : start + BLOCK]
        fields = _HEADER.unpack(block)
        if not checksum_fits(block, fields[3]):
            if block != _ZEROS:
                raise ImageError(f"{self._what}: no tar header at byte {self.offset - BLOCK}")
            self._end_mark()
            return None
        stored = number(fields[2])
        if stored < 0:
            raise ImageError(f"{self._what}: a tar member of {stored} bytes at byte {self.offset - BLOCK}")
        if fields[4] in _EXTENSIONS:
            return self._extension(fields[4], stored)
        member = self._member(fields, stored, block, extension)
        if extension is not None or member.segments is not None:
            self._complete(member, extension, block if member.segments is not None else None)
        else:
            self._left = stored = member.stored
            self._padding = -stored % BLOCK
        if not member.name:
            raise self._misnamed(member)
        return member

    def _complete(self, member: Member, extension: Extension | None, sparse: memoryview | None) -> None:
        """Put in what other headers say, and find out how long the body is."""
        if extension is not None:
            extension.apply(member)
        if member.type != "file":
            member.size = member.stored = 0
        self._left = member.stored
        self._padding = -member.stored % BLOCK
        if sparse is not None:
            member.segments, member.size = gnu_segments(bytes(sparse), self._block)
        elif extension is not None and member.type == "file":
            self._pax_sparse(member, extension)
        if len(member.name) > MAX_NAME or len(member.link) > MAX_NAME:  # a header itself has no room for it
            raise self._misnamed(member)

    def _misnamed(self, member: Member) -> LimitExceeded:
        return LimitExceeded(f"{self._what}: a member name is empty or too long: {member.name[:80]!r}")

    def _member(
        self, fields: tuple[bytes, ...], stored: int, block: memoryview, extension: Extension | None
    ) -> Member:
        """The member as its own header has it; of which type it is, the name that it gets says as well."""
        name, owner, _, _, kind, link, magic, prefix = fields
        path = name.partition(b"\0")[0].decode("utf-8", "surrogateescape")
        if magic == b"ustar\0" and prefix[0]:
            star = bytes(block[508:]) == b"tar\0"  # keeps times in the rest of the prefix
            path = f"{text_of(prefix[:131] if star else prefix)}/{path}"
        elif magic == b"ustar " and (prefix[0] or prefix[12]) and bytes(block[263:265]) == b" \0":
            path = gnu_prefix(prefix) + path
        type_ = _TYPES.get(kind)
        if type_ is None:
            raise ImageError(f"{self._what}: member {path[:200]!r} has the unknown tar type {kind!r}")
        if kind == b"\0" and (extension.path(path) if extension else path).endswith("/"):
            type_ = "dir"
        if type_ != "file":  # a link may tell its file's size, and has no body
            stored = 0
        mode, uid, gid = rights(owner)
        member = Member(path, type_, mode, uid, gid, stored, "", stored)
        if link[0]:
            member.link = text_of(link)
        if kind == b"S":
            member.segments = ()
        return member

    def _pax_sparse(self, member: Member, extension: Extension) -> None:
        found = pax_segments(extension, self._sparse_block, member.stored)
        if found is not None:
            member.segments, member.size = found
            if not member.size:
                member.size = max((offset + length for offset, length in member.segments), default=0)
            member.name = extension.fields.get("GNU.sparse.name") or member.name

    def _sparse_block(self) -> bytes:
        """A block of the current body: the map of sparse format 1.0 lies in front of the data."""
        if self._left < BLOCK:
            raise ImageError(f"{self._what}: a sparse map is cut at byte {self.offset}")
        self._left -= BLOCK
        return self._block()

    def _block(self) -> bytes:
        if self._end - self._start < BLOCK and not self._fill(BLOCK):
            raise self._truncated()
        block = bytes(self._view[self._start : self._start + BLOCK])
        self._start += BLOCK
        return block

    def _extension(self, kind: bytes, size: int) -> Extension:
        if size > MAX_EXTENDED_HEADER:
            raise LimitExceeded(f"{self._what}: an extended tar header of {size} bytes at byte {self.offset}")
        self._left = size
        body = self.body(MAX_EXTENDED_HEADER)
        assert body is not None, "the size was looked at"
        self._padding = -size % BLOCK
        return extension_of(kind, bytes(body), what=self._what)

    def _end_mark(self) -> None:
        """One zero block may stand alone at the very end; a header after it makes no sense to Go either."""
        if self._end - self._start < BLOCK and not self._fill(BLOCK):
            return
        if self._view[self._start : self._start + BLOCK] != _ZEROS:
            raise ImageError(f"{self._what}: a single zero block within the tar at byte {self.offset}")

    def _skip(self, size: int) -> None:
        self._left = self._padding = 0
        while size > (have := self._end - self._start):
            self._start = self._end
            size -= have
            if self._leap is not None:
                if not self._leap(size):
                    raise self._truncated()
                self._passed += size
                return
            if not self._fill(1):
                raise self._truncated()
        self._start += size

    def _fill(self, size: int) -> bool:
        """Make at least `size` bytes lie in the view in one piece; False at the end of the stream."""
        rest = self._view[self._start : self._end]
        self._passed += self._start
        if not rest and self._lend is not None:
            self._view = rest = self._lend()
            self._start, self._end = 0, len(rest)
            if len(rest) >= size:
                return True
        if size > len(self._view) or self._lend is not None:  # what is lent is not ours to write to
            self._view = memoryview(bytearray(size))
        view, have = self._view, len(rest)
        view[:have] = rest
        self._start, self._end = 0, have
        while self._end < size:
            count = self._source.readinto(view[self._end :])
            if not count:
                return False
            self._end += count
        return True

    def _truncated(self) -> ImageError:
        return ImageError(f"{self._what}: the tar is cut at byte {self.offset + self._end - self._start}")
