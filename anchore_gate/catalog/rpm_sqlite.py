"""
RPM headers from SQLite, `rpmdb.sqlite` (RHEL 9 and later, Fedora), read page by page.

The layout is that of sqlite.org/fileformat2.html. The file's own schema is data to us, not a
program: a hostile view, trigger or virtual table has nothing to run in.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from anchore_gate.catalog.database import BadDatabase
from anchore_gate.values import dataclass, field

MAX_DEPTH = 20  # SQLite's own limit, BTCURSOR_MAX_DEPTH
MAX_COLUMNS = 2000  # SQLite's own limit

_MAGIC = b"SQLite format 3\0"
_INTERIOR, _LEAF = 5, 13
_SIZES = (0, 1, 2, 3, 4, 6, 8, 8, 0, 0)  # bytes of serial types 0 to 9
_WAL_HEAD, _FRAME_HEAD = 32, 24


@dataclass(slots=True)
class _File:
    content: memoryview
    page_size: int
    usable: int
    pages: int
    newer: dict[int, memoryview]  # pages that the write-ahead log replaces
    seen: set[int] = field(default_factory=set)

    def page(self, number: int) -> memoryview:
        """A page; each may be read once, so a file with a cycle ends."""
        if not 0 < number <= self.pages or number in self.seen:
            raise BadDatabase(f"page {number} is not there, or used twice")
        self.seen.add(number)
        if number in self.newer:
            return self.newer[number]
        page = self.content[(number - 1) * self.page_size : number * self.page_size]
        if len(page) < self.page_size:
            raise BadDatabase("cut short")
        return page


def headers(content: bytes, log: bytes = b"") -> Iterator[bytes]:
    """The blobs of table `Packages`, with the write-ahead log applied. Raises `BadDatabase`."""
    file = _opened(content, log)
    root = next((row[3] for row in _rows(file, 1, 0) if row[:2] == (b"table", b"Packages")), None)
    if not isinstance(root, int):
        raise BadDatabase("no table Packages")
    file.seen.clear()
    for row in _rows(file, root, 0):
        if isinstance(row[1], bytes):
            yield row[1]


def _opened(content: bytes, log: bytes) -> _File:
    if len(content) < 100 or not content.startswith(_MAGIC):
        raise BadDatabase("not an SQLite database")
    (page_size,) = struct.unpack_from(">H", content, 16)
    page_size = 65_536 if page_size == 1 else page_size
    usable = page_size - content[20]
    if page_size < 512 or page_size & (page_size - 1) or usable < 480:
        raise BadDatabase(f"page size {page_size}")
    newer, pages = _committed(log, page_size)
    return _File(memoryview(content), page_size, usable, pages or len(content) // page_size, newer)


def _committed(log: bytes, page_size: int) -> tuple[dict[int, memoryview], int]:
    """The pages of all finished transactions of a write-ahead log, and how many there are then."""
    if len(log) < _WAL_HEAD or struct.unpack_from(">I", log)[0] & ~1 != 0x377F0682:
        return {}, 0
    if struct.unpack_from(">I", log, 8)[0] != page_size:
        raise BadDatabase("the write-ahead log has pages of another size")
    view, salts = memoryview(log), log[16:24]
    newer: dict[int, memoryview] = {}
    waiting: dict[int, memoryview] = {}
    pages = 0
    step = _FRAME_HEAD + page_size
    for start in range(_WAL_HEAD, len(log) - step + 1, step):
        number, size = struct.unpack_from(">II", log, start)
        if log[start + 8 : start + 16] != salts:  # left over from an earlier round
            break
        waiting[number] = view[start + _FRAME_HEAD : start + step]
        if size:
            newer |= waiting
            waiting, pages = {}, size
    return newer, pages


def _rows(file: _File, number: int, depth: int) -> Iterator[tuple[int | bytes | None, ...]]:
    """The first columns of every row of a table, by its tree of pages."""
    if depth > MAX_DEPTH:
        raise BadDatabase("a tree is too deep")
    page = file.page(number)
    start = 100 if number == 1 else 0
    kind = page[start]
    (cells,) = struct.unpack_from(">H", page, start + 3)
    first = start + (12 if kind == _INTERIOR else 8)
    if kind not in (_INTERIOR, _LEAF) or first + 2 * cells > len(page):
        raise BadDatabase(f"page {number} is no table")
    for offset in struct.unpack_from(f">{cells}H", page, first):
        if not first <= offset <= len(page) - 4:
            raise BadDatabase("a cell lies outside of its page")
        if kind == _LEAF:
            yield _record(_payload(file, page, offset))
        else:
            yield from _rows(file, struct.unpack_from(">I", page, offset)[0], depth + 1)
    if kind == _INTERIOR:
        yield from _rows(file, struct.unpack_from(">I", page, start + 8)[0], depth + 1)


def _payload(file: _File, page: memoryview, offset: int) -> memoryview:
    length, offset = _varint(page, offset)
    _, offset = _varint(page, offset)  # row id
    if length > file.pages * file.page_size:
        raise BadDatabase("a row is longer than the file")
    most = file.usable - 35
    local = length
    if length > most:
        least = (file.usable - 12) * 32 // 255 - 23
        local = least + (length - least) % (file.usable - 4)
        local = least if local > most else local
    if offset + local + (4 if local < length else 0) > len(page):
        raise BadDatabase("a cell lies outside of its page")
    parts, left = [page[offset : offset + local]], length - local
    following = struct.unpack_from(">I", page, offset + local)[0] if left else 0
    while left:
        page = file.page(following)
        (following,) = struct.unpack_from(">I", page)
        parts.append(page[4 : 4 + min(left, file.usable - 4)])
        left -= len(parts[-1])
    return parts[0] if len(parts) == 1 else memoryview(b"".join(parts))


def _record(payload: memoryview) -> tuple[int | bytes | None, ...]:
    size, offset = _varint(payload, 0)
    if not offset <= size <= len(payload):
        raise BadDatabase("a row is damaged")
    values: list[int | bytes | None] = []
    data = size
    while offset < size and len(values) < MAX_COLUMNS:
        serial, offset = _varint(payload, offset)
        length = _SIZES[serial] if serial < len(_SIZES) else (serial - 12) // 2
        if serial in (10, 11) or data + length > len(payload):
            raise BadDatabase("a row is damaged")
        values.append(_value(serial, bytes(payload[data : data + length])))
        data += length
    return tuple(values) + (None,) * (4 - len(values))


def _value(serial: int, content: bytes) -> int | bytes | None:
    if serial >= 12:
        return content
    if 1 <= serial <= 6:
        return int.from_bytes(content, "big", signed=True)
    return serial - 8 if serial in (8, 9) else None


def _varint(view: memoryview, offset: int) -> tuple[int, int]:
    value = 0
    for index in range(9):
        if offset + index >= len(view):
            raise BadDatabase("a number is cut short")
        byte = view[offset + index]
        if index == 8:
            return value << 8 | byte, offset + 9
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, offset + index + 1
    raise AssertionError  # the ninth byte always ends a number
