"""
RPM headers from rpm's own format, `Packages.db` (SUSE).

The layout is that of rpm's lib/backend/ndb/rpmpkg.c: a head, pages of slots, then blobs in blocks
of 16 bytes, each between a head and a tail that carries its Adler-32. All little-endian.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

from anchore_gate.catalog.database import BadDatabase

MAX_SLOT_PAGES = 2048

_PAGE, _SLOT, _BLOCK = 4096, 16, 16
_HEAD, _TAIL = struct.Struct("<4sIII"), struct.Struct("<II4s")


def headers(content: bytes) -> Iterator[bytes]:
    """The blobs of all slots in use. Raises `BadDatabase`."""
    if len(content) < 2 * _SLOT:
        raise BadDatabase("cut short")
    magic, version, _, slot_pages = _HEAD.unpack_from(content)
    if magic != b"RpmP" or version:
        raise BadDatabase(f"not an rpm package database of version 0: {magic!r}, {version}")
    if not 0 < slot_pages <= MAX_SLOT_PAGES or slot_pages * _PAGE > len(content):
        raise BadDatabase(f"{slot_pages} pages of slots in {len(content)} bytes")
    view, budget = memoryview(content), len(content)
    for magic, package, block, blocks in _HEAD.iter_unpack(view[2 * _SLOT : slot_pages * _PAGE]):
        if magic != b"Slot":
            raise BadDatabase("a slot is damaged")
        if not package:
            continue
        blob = _blob(view, package, block * _BLOCK, blocks * _BLOCK)
        budget -= len(blob)
        if budget < 0:
            raise BadDatabase("more data than the file has bytes")
        yield bytes(blob)


def _blob(view: memoryview, package: int, start: int, room: int) -> memoryview:
    if start + room > len(view) or room < _HEAD.size + _TAIL.size:
        raise BadDatabase(f"package {package} lies outside of the file")
    magic, owner, _, length = _HEAD.unpack_from(view, start)
    end = start + _HEAD.size + length
    # the tail is aligned to the end of the last block
    tail = start + room - _TAIL.size
    if magic != b"BlbS" or owner != package or end > tail:
        raise BadDatabase(f"package {package} is damaged")
    checksum, again, magic = _TAIL.unpack_from(view, tail)
    if magic != b"BlbE" or again != length or zlib.adler32(view[start:tail]) != checksum:
        raise BadDatabase(f"package {package} is damaged")
    return view[start + _HEAD.size : end]
