"""RPM headers and the files of rpm's three databases, built from values."""

from __future__ import annotations

import sqlite3
import struct
import tempfile
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path

from anchore_gate.catalog.rpm_header import Tag

Value = str | int | tuple[str, ...] | tuple[int, ...]
_SHORT = {Tag.FILEMODES: (3, "H"), Tag.FILESTATES: (1, "B"), Tag.LONGFILESIZES: (5, "Q")}


def header(values: Mapping[Tag, Value]) -> bytes:
    """One package, as a database holds it."""
    index, data = b"", b""
    for tag, value in sorted(values.items()):
        many = value if isinstance(value, tuple) else (value,)
        kind, letter = _SHORT.get(tag, (4, "I"))
        if isinstance(many[0], str):
            kind, content = (
                8 if isinstance(value, tuple) else 6,
                b"".join(f"{v}".encode() + b"\0" for v in many),
            )
        else:
            data += b"\0" * (-len(data) % struct.calcsize(letter))
            content = struct.pack(f">{len(many)}{letter}", *many)
        index += struct.pack(">IIII", tag, kind, len(data), len(many))
        data += content
    return struct.pack(">II", len(values), len(data)) + index + data


def package(name: str, version: str = "1.0", release: str = "1.el9", **more: Value) -> bytes:
    """The header of a small package; `more` by the tag's name in lower case."""
    tags: dict[Tag, Value] = {
        Tag.NAME: name,
        Tag.VERSION: version,
        Tag.RELEASE: release,
        Tag.ARCH: "x86_64",
        Tag.LICENSE: "MIT",
    }
    return header(tags | {Tag[key.upper()]: value for key, value in more.items()})


def ndb(headers: Iterable[bytes]) -> bytes:
    """`Packages.db`."""
    slots, blobs, block = b"", b"", 4096 // 16
    for number, blob in enumerate(headers, 1):
        body = struct.pack("<4sIII", b"BlbS", number, 1, len(blob)) + blob
        body += b"\0" * (-(len(body) + 12) % 16)
        body += struct.pack("<II4s", zlib.adler32(body), len(blob), b"BlbE")
        slots += struct.pack("<4sIII", b"Slot", number, block, len(body) // 16)
        blobs += body
        block += len(body) // 16
    head = struct.pack("<4sIII16x", b"RpmP", 0, 1, 1)
    empty = struct.pack("<4sIII", b"Slot", 0, 0, 0)
    slots += empty * ((4096 - len(head) - len(slots)) // 16)
    return head + slots + blobs


def bdb(headers: Iterable[bytes], *, order: str = "<", page_size: int = 512, page_type: int = 13) -> bytes:
    """`Packages`: one bucket page for each package, its header in a chain of overflow pages."""
    pages: list[bytes] = [b""]
    for number, blob in enumerate(headers):
        room = page_size - 26
        chunks = [blob[at : at + room] for at in range(0, len(blob), room)]
        first = len(pages) + 1
        value = struct.pack(f"{order}B3xII", 3, first, len(blob))
        key = struct.pack(f"{order}BI", 1, number + 1)
        offsets = (page_size - len(key), page_size - len(key) - len(value))
        bucket = _page_head(order, len(pages), following=0, entries=2, used=offsets[1], kind=page_type)
        bucket += struct.pack(f"{order}HH", *offsets)
        pages.append(bucket + b"\0" * (offsets[1] - len(bucket)) + value + key)
        for at, chunk in enumerate(chunks):
            following = first + at + 1 if at + 1 < len(chunks) else 0
            head = _page_head(order, first + at, following=following, entries=1, used=len(chunk), kind=7)
            pages.append((head + chunk).ljust(page_size, b"\0"))
    pages[0] = _metadata(order, page_size, len(pages) - 1)
    return b"".join(pages)


def _page_head(order: str, number: int, *, following: int, entries: int, used: int, kind: int) -> bytes:
    return struct.pack(f"{order}8xIIIHHBB", number, 0, following, entries, used, 0, kind)


def _metadata(order: str, page_size: int, last: int) -> bytes:
    head = struct.pack(f"{order}8xIIIIBBBBII", 0, 0x061561, 9, page_size, 0, 8, 0, 0, 0, last)
    return head.ljust(page_size, b"\0")


def sqlite(headers: Iterable[bytes], *, page_size: int = 4096) -> bytes:
    """`rpmdb.sqlite`."""
    return sqlite_with_log(headers, (), page_size=page_size)[0]


def sqlite_with_log(
    headers: Iterable[bytes], later: Iterable[bytes], *, page_size: int = 4096
) -> tuple[bytes, bytes]:
    """`rpmdb.sqlite` with `headers`, and a write-ahead log that adds `later`."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "rpmdb.sqlite")
        connection = sqlite3.connect(path)
        try:
            connection.execute(f"PRAGMA page_size = {page_size}")
            connection.execute("CREATE TABLE 'Name' (key TEXT NOT NULL, hnum INTEGER, idx INTEGER)")
            connection.execute("CREATE TABLE 'Packages' (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB)")
            _insert(connection, headers)
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA wal_autocheckpoint = 0")
            content = path.read_bytes()
            _insert(connection, later)
            log = Path(f"{path}-wal")
            return content, log.read_bytes() if log.exists() else b""
        finally:
            connection.close()


def _insert(connection: sqlite3.Connection, headers: Iterable[bytes]) -> None:
    connection.executemany("INSERT INTO Packages (blob) VALUES (?)", [(blob,) for blob in headers])
    connection.commit()
