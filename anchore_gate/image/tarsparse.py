"""Sparse tar members: old GNU, and the pax formats 0.0, 0.1 and 1.0 (GNU tar manual, D.2)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from anchore_gate.errors import ImageError, LimitExceeded
from anchore_gate.image.limits import MAX_SPARSE_SEGMENTS, MIB
from anchore_gate.image.tarheader import Extension, number

Segments = tuple[tuple[int, int], ...]
_HOLE = bytes(MIB)
_FORMATS = frozenset({("", ""), ("0", "0"), ("0", "1"), ("1", "0")})  # major, minor


def gnu_segments(header: bytes, block: Callable[[], bytes]) -> tuple[Segments, int]:
    """The segments and real size of an old GNU sparse member; `block` gives the header's next block."""
    numbers = _gnu_numbers(header[386:482])
    extended = header[482]
    while extended:
        following = block()
        numbers += _gnu_numbers(following[:504])
        extended = following[504]
        if len(numbers) > 2 * MAX_SPARSE_SEGMENTS:
            raise LimitExceeded(f"a sparse tar member has more than {MAX_SPARSE_SEGMENTS} segments")
    return _checked(numbers, number(header[483:495]))


def _gnu_numbers(raw: bytes) -> list[int]:
    used = (raw[at : at + 12] for at in range(0, len(raw), 12))
    found = [(number(one) if one[0] else None) for one in used]
    return [one for one in found if one is not None]


def pax_segments(
    extension: Extension, block: Callable[[], bytes], stored: int
) -> tuple[Segments, int] | None:
    """
    The segments and real size that pax fields describe, None for a plain member; `stored` is its own size.

    What Go takes for a plain member is one: else a layer could show a scanner other bytes than a runtime.
    """
    fields = extension.fields
    version = fields.get("GNU.sparse.major", ""), fields.get("GNU.sparse.minor", "")
    told = extension.sparse or [one for one in fields.get("GNU.sparse.map", "").split(",") if one]
    if version not in _FORMATS or (version == ("", "") and not told):
        return None
    size = extension.count("GNU.sparse.size", extension.count("GNU.sparse.realsize", stored))
    return _checked(_map_in_front(block) if version == ("1", "0") else [_decimal(one) for one in told], size)


def _map_in_front(block: Callable[[], bytes]) -> list[int]:
    lines: list[bytes] = []
    rest = b""
    wanted = 1
    while len(lines) < wanted:
        *whole, rest = (rest + block()).split(b"\n")
        lines += whole
        if lines and wanted == 1:
            wanted = 1 + 2 * _decimal(lines[0].decode("ascii", "replace"))
        if wanted > 2 * MAX_SPARSE_SEGMENTS:
            raise LimitExceeded(f"a sparse tar member has more than {MAX_SPARSE_SEGMENTS} segments")
        if len(lines) < wanted and len(rest) > 64:
            raise ImageError("a sparse tar member has a damaged map")
    return [_decimal(one.decode("ascii", "replace")) for one in lines[1:wanted]]


def _decimal(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 20):
        raise ImageError(f"a sparse tar member has a damaged map: {text[:40]!r}")
    return int(text)


def _checked(numbers: list[int], size: int) -> tuple[Segments, int]:
    if len(numbers) % 2 or len(numbers) > 2 * MAX_SPARSE_SEGMENTS:
        raise ImageError("a sparse tar member has a damaged map")
    segments = tuple(zip(numbers[::2], numbers[1::2], strict=True))
    position = 0
    for offset, length in segments:
        if offset < position or length < 0 or (size and offset + length > size):
            raise ImageError("a sparse tar member has segments that overlap or lie outside of it")
        position = offset + length
    return segments, size


def expanded(pieces: Iterable[memoryview | bytes], segments: Segments, size: int) -> Iterator[bytes]:
    """The file a sparse member makes, holes filled. Raises `ImageError` where data is missing."""
    stream = iter(pieces)
    have = b""
    position = 0
    for offset, length in segments:
        yield from _holes(offset - position)
        position = offset + length
        while length:
            have = have or bytes(next(stream, b""))
            if not have:
                raise ImageError("a sparse tar member has less data than its map says")
            yield have[:length]
            length, have = max(0, length - len(have)), have[length:]
    yield from _holes(size - position)


def _holes(count: int) -> Iterator[bytes]:
    while count > 0:
        yield _HOLE[:count]
        count -= MIB
