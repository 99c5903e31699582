"""
RPM headers from a Berkeley DB hash file, `Packages` (CentOS and RHEL 5 to 8).

The layout is that of libdb's db_page.h: pages of one size; hash pages hold pairs of key and
value; a value that does not fit lies in a chain of overflow pages. Either byte order occurs.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from anchore_gate.catalog.database import BadDatabase
from anchore_gate.values import dataclass

_MAGIC = 0x061561
_PAGE_HEADER = 26
_HASH_UNSORTED, _OVERFLOW, _HASH_META, _HASH = 2, 7, 8, 13
_KEYDATA, _OFFPAGE = 1, 3
_PAGE_SIZES = frozenset(1 << power for power in range(9, 17))
_MIN_HEADER = 8 + 16


@dataclass(slots=True)
class _File:
    content: memoryview
    order: str  # of bytes: `<` or `>`
    page_size: int
    pages: int
    budget: int  # bytes that chains may still add up to: no page belongs to two of them

    def page(self, number: int) -> memoryview:
        if not 0 < number < self.pages:
            raise BadDatabase(f"no page {number}")
        return self.content[number * self.page_size : (number + 1) * self.page_size]


def headers(content: bytes) -> Iterator[bytes]:
    """The values of the hash, but for the one that counts packages. Raises `BadDatabase`."""
    file = _opened(content)
    for number in range(1, file.pages):
        page = file.page(number)
        if page[25] in (_HASH, _HASH_UNSORTED):
            yield from _values(file, page)


def _opened(content: bytes) -> _File:
    if len(content) < 512:
        raise BadDatabase("cut short")
    order = next((o for o in "<>" if struct.unpack_from(f"{o}I", content, 12)[0] == _MAGIC), None)
    if order is None:
        raise BadDatabase("not a Berkeley DB hash")
    (page_size,) = struct.unpack_from(f"{order}I", content, 20)
    if page_size not in _PAGE_SIZES or content[25] != _HASH_META:
        raise BadDatabase(f"page size {page_size}, type {content[25]}")
    if content[24]:
        raise BadDatabase("encrypted")
    (last,) = struct.unpack_from(f"{order}I", content, 32)
    if (last + 1) * page_size > len(content):
        raise BadDatabase(f"cut short: {last + 1} pages of {page_size} in {len(content)} bytes")
    return _File(memoryview(content), order, page_size, last + 1, len(content))


def _values(file: _File, page: memoryview) -> Iterator[bytes]:
    (entries,) = struct.unpack_from(f"{file.order}H", page, 20)
    if entries % 2 or _PAGE_HEADER + 2 * entries > len(page):
        raise BadDatabase(f"{entries} entries on a page")
    offsets = struct.unpack_from(f"{file.order}{entries}H", page, _PAGE_HEADER)
    for index in range(1, entries, 2):
        offset, end = offsets[index], offsets[index - 1]  # entries fill a page from its end
        if not _PAGE_HEADER < offset < end <= len(page):
            raise BadDatabase("an entry lies outside of its page")
        if page[offset] == _OFFPAGE:
            yield _chained(file, page, offset)
        elif page[offset] != _KEYDATA:
            raise BadDatabase(f"an entry of type {page[offset]}")
        elif end - offset > _MIN_HEADER:
            yield bytes(page[offset + 1 : end])


def _chained(file: _File, page: memoryview, offset: int) -> bytes:
    if offset + 12 > len(page):
        raise BadDatabase("an entry lies outside of its page")
    number, length = struct.unpack_from(f"{file.order}II", page, offset + 4)
    file.budget -= length
    if file.budget < 0:
        raise BadDatabase("more data than the file has bytes")
    parts: list[memoryview] = []
    while length:
        page = file.page(number)
        (number,) = struct.unpack_from(f"{file.order}I", page, 16)
        (used,) = struct.unpack_from(f"{file.order}H", page, 22)
        if page[25] != _OVERFLOW or not 0 < used <= min(length, file.page_size - _PAGE_HEADER):
            raise BadDatabase("a chain of pages is broken")
        parts.append(page[_PAGE_HEADER : _PAGE_HEADER + used])
        length -= used
    return b"".join(parts)
