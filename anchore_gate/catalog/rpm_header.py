"""An RPM header as package databases hold it: an index of tags, then their data, all big-endian."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from enum import IntEnum

from anchore_gate.catalog.database import BadDatabase
from anchore_gate.values import dataclass

MAX_TAGS = 65_535  # rpm's own limit, HEADER_TAGS_MAX
MAX_DATA = 256 * 1024 * 1024  # rpm's own limit, HEADER_DATA_MAX

_ENTRY = 16
_INTEGERS = {1: "B", 2: "B", 3: "H", 4: "I", 5: "Q"}  # rpmTagType: char, int8, int16, int32, int64
_TEXTS = frozenset({6, 8, 9})  # string, string array, translated string


class Tag(IntEnum):
    """The tags we read (rpm, rpmtag.h)."""

    NAME = 1000
    VERSION = 1001
    RELEASE = 1002
    EPOCH = 1003
    VENDOR = 1011
    LICENSE = 1014
    PACKAGER = 1015
    ARCH = 1022
    OLDFILENAMES = 1027
    FILESIZES = 1028
    FILESTATES = 1029
    FILEMODES = 1030
    FILEDIGESTS = 1035
    FILELINKTOS = 1036
    FILEFLAGS = 1037
    FILEUSERNAME = 1039
    FILEGROUPNAME = 1040
    SOURCERPM = 1044
    FILEVERIFYFLAGS = 1045
    DIRINDEXES = 1116
    BASENAMES = 1117
    DIRNAMES = 1118
    LONGFILESIZES = 5008
    FILEDIGESTALGO = 5011
    MODULARITYLABEL = 5096


_WANTED = frozenset(Tag)


@dataclass(frozen=True, slots=True)
class Header:
    """The tags of one package; their data is read when it is asked for."""

    data: memoryview
    index: dict[int, tuple[int, int, int]]  # tag: (type, offset, count)

    def has(self, tag: Tag) -> bool:
        """Whether the header has the tag."""
        return tag in self.index

    def text(self, tag: Tag) -> str:
        """The first text of a tag, "" where there is none."""
        return next(iter(self.texts(tag, limit=1)), "")

    def texts(self, tag: Tag, *, limit: int | None = None) -> tuple[str, ...]:
        """The texts of a tag. Raises `BadDatabase`."""
        kind, offset, count = self.index.get(tag, (8, 0, 0))
        if not count:
            return ()
        if kind not in _TEXTS:
            raise BadDatabase(f"tag {tag} is no text")
        count = count if limit is None else min(count, limit)
        if count > len(self.data) - offset:
            raise BadDatabase(f"tag {tag} has {count} texts in {len(self.data) - offset} bytes")
        if count == 1:
            return (self._one_text(tag, offset),)
        parts = bytes(self.data[offset:]).split(b"\0", count)
        if len(parts) <= count:
            raise BadDatabase(f"tag {tag} has {len(parts) - 1} texts, not {count}")
        return tuple(part.decode("utf-8", "replace") for part in parts[:count])

    def _one_text(self, tag: Tag, offset: int) -> str:
        # in steps, for a header may hold megabytes behind a name
        for size in (256, 65_536, len(self.data)):
            part, end, _ = bytes(self.data[offset : offset + size]).partition(b"\0")
            if end:
                return part.decode("utf-8", "replace")
        raise BadDatabase(f"tag {tag} does not end")

    def integers(self, tag: Tag) -> tuple[int, ...]:
        """The numbers of a tag. Raises `BadDatabase`."""
        kind, offset, count = self.index.get(tag, (4, 0, 0))
        if not count:
            return ()
        letter = _INTEGERS.get(kind)
        if letter is None:
            raise BadDatabase(f"tag {tag} is no number")
        shape = struct.Struct(f">{count}{letter}")
        if shape.size > len(self.data) - offset:
            raise BadDatabase(f"tag {tag} has {count} numbers in {len(self.data) - offset} bytes")
        return tuple(shape.unpack_from(self.data, offset))

    def integer(self, tag: Tag) -> int | None:
        """The first number of a tag, None where there is none."""
        return next(iter(self.integers(tag)), None)

    def paths(self) -> Iterator[str]:
        """The files of the package, in the order of all `FILE…` tags. Raises `BadDatabase`."""
        names = self.texts(Tag.BASENAMES)
        if not names:
            yield from self.texts(Tag.OLDFILENAMES)
            return
        folders, which = self.texts(Tag.DIRNAMES), self.integers(Tag.DIRINDEXES)
        if len(which) != len(names) or max(which) >= len(folders):
            raise BadDatabase("file names do not fit their folders")
        for name, folder in zip(names, which, strict=True):
            yield f"{folders[folder]}{name}"


def parse(content: bytes | memoryview) -> Header:
    """Read a header without its magic, as databases hold it. Raises `BadDatabase`."""
    view = memoryview(content)
    if len(view) < 8:
        raise BadDatabase("a header is cut short")
    tags, size = struct.unpack_from(">II", view)
    start = 8 + tags * _ENTRY
    if not 0 < tags <= MAX_TAGS or size > MAX_DATA or start + size > len(view):
        raise BadDatabase(f"a header of {len(view)} bytes says {tags} tags and {size} bytes")
    index: dict[int, tuple[int, int, int]] = {}
    for tag, kind, offset, count in struct.iter_unpack(">IIII", view[8:start]):
        if tag in _WANTED:
            if offset >= size and count:
                raise BadDatabase(f"tag {tag} lies outside of its header")
            index[tag] = (kind, offset, count)
    return Header(view[start : start + size], index)
