from __future__ import annotations

import gzip
import hashlib
import io
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from isal import igzip, isal_zlib

from anchore_gate.errors import ImageError, LimitExceeded
from anchore_gate.image import readahead
from anchore_gate.image.decompress import PlainStream, _zstd
from anchore_gate.image.limits import MIB

PLAIN = b"some plain bytes " * 5000
Compress = Callable[[bytes], bytes]


def by_gzip(plain: bytes) -> bytes:
    return gzip.compress(plain)


def by_zstd(plain: bytes) -> bytes:
    return bytes(_zstd().compress(plain))


def checked_zstd(plain: bytes) -> bytes:
    zstd = _zstd()
    return bytes(zstd.compress(plain, options={zstd.CompressionParameter.checksum_flag: 1}))


def stream(stored: bytes, *, ratio_free: int = 256 * MIB, ahead: bool = False) -> PlainStream:
    return PlainStream(io.BytesIO(stored), what="it", ratio_free=ratio_free, ahead=ahead)


def plain_of(stored: bytes) -> bytes:
    source = stream(stored)
    view = memoryview(bytearray(10_000))
    found = b""
    while count := source.readinto(view):
        found += view[:count]
    return found


@pytest.mark.parametrize("compress", [by_gzip, by_zstd, bytes], ids=["gzip", "zstd", "plain"])
@given(st.lists(st.binary(max_size=2000), min_size=1, max_size=4))
@settings(max_examples=40, deadline=None)
def test_members_and_frames_are_joined(compress: Compress, parts: list[bytes]) -> None:
    parts[0] = b"x" + parts[0]
    stored = b"".join(map(compress, parts))
    source = stream(stored)
    source.finish()
    assert plain_of(stored) == b"".join(parts)
    assert source.plain_hex == hashlib.sha256(b"".join(parts)).hexdigest()
    assert source.stored_hex == hashlib.sha256(stored).hexdigest()
    assert (source.plain_size, source.stored_size) == (len(b"".join(parts)), len(stored))


@pytest.mark.parametrize("compress", [by_gzip, by_zstd], ids=["gzip", "zstd"])
@given(st.data())
@settings(max_examples=40, deadline=None)
def test_cut_data_is_an_error(compress: Compress, data: st.DataObject) -> None:
    stored = compress(PLAIN)
    with pytest.raises(ImageError, match=r"it: .* data is damaged"):
        stream(stored[: data.draw(st.integers(4, len(stored) - 1))]).finish()


@pytest.mark.parametrize("compress", [by_gzip, checked_zstd], ids=["gzip", "zstd"])
def test_changed_data_is_an_error(compress: Compress) -> None:
    stored = bytearray(compress(hashlib.sha512(b"1").digest() * 3))
    stored[-6] ^= 1
    with pytest.raises(ImageError, match="damaged"):
        stream(bytes(stored)).finish()


@pytest.mark.parametrize(
    "rest", [b"\0" * 7 + b"\xff" * 50, b"\x08" + b"\0" * 6 + b"n" * 300_000], ids=["block", "name"]
)
def test_what_cannot_follow_is_an_error(rest: bytes) -> None:
    with pytest.raises(ImageError, match="it: gzip data is damaged"):
        stream(by_gzip(PLAIN)[:3] + rest).finish()


def test_gzip_is_read_where_its_reader_has_no_name(monkeypatch: pytest.MonkeyPatch) -> None:
    assert igzip.IGzipFile is not None  # it has been imported when the name is gone
    monkeypatch.delattr(isal_zlib, "_GzipReader")

    assert plain_of(by_gzip(PLAIN) + by_gzip(b"more")) == PLAIN + b"more"


@pytest.mark.parametrize("compress", [by_gzip, by_zstd], ids=["gzip", "zstd"])
def test_bytes_after_the_end_are_an_error(compress: Compress) -> None:
    with pytest.raises(ImageError, match="damaged"):
        stream(compress(PLAIN) + b"garbage after the end").finish()


def test_zeros_after_gzip_are_padding() -> None:
    assert plain_of(by_gzip(PLAIN) + bytes(100)) == PLAIN


def test_skippable_zstd_frames_are_skipped() -> None:
    skippable = b"\x50\x2a\x4d\x18\x04\x00\x00\x00abcd"
    assert plain_of(skippable + by_zstd(PLAIN) + skippable) == PLAIN


def test_nothing_is_nothing() -> None:
    assert plain_of(b"") == b""


@pytest.mark.parametrize("compress", [by_gzip, by_zstd], ids=["gzip", "zstd"])
def test_a_bomb_is_refused_before_it_grows(compress: Compress) -> None:
    source = stream(compress(bytes(20 * MIB)), ratio_free=4 * MIB)
    with pytest.raises(LimitExceeded, match="a bomb"):
        source.finish()
    assert source.plain_size < 8 * MIB


@pytest.mark.parametrize("compress", [by_gzip, by_zstd, bytes], ids=["gzip", "zstd", "plain"])
def test_reading_ahead_gives_the_same_bytes(compress: Compress) -> None:
    plain = hashlib.sha512(b"seed").digest() * 100_000
    stored = compress(plain)  # once: gzip writes the time into it
    with stream(stored, ahead=True) as source:
        source.finish()
        assert source.plain_hex == hashlib.sha256(plain).hexdigest()
        assert source.stored_hex == hashlib.sha256(stored).hexdigest()
        assert source.readinto(memoryview(bytearray(10))) == 0


def test_damage_that_is_met_ahead_is_raised_where_it_is_read() -> None:
    stored = by_gzip(PLAIN)
    with stream(stored[:-4], ahead=True) as source, pytest.raises(ImageError, match="damaged"):
        source.finish()


def test_reading_ahead_may_be_given_up() -> None:
    with stream(by_gzip(bytes(20 * MIB)), ahead=True) as source:
        assert source.readinto(memoryview(bytearray(10))) == 10


def lent_of(source: PlainStream) -> bytes:
    assert source.lend is not None
    return b"".join(map(bytes, iter(source.lend, b"")))


def test_what_is_read_ahead_is_lent_and_counted() -> None:
    plain = bytes(range(256)) * 20_000
    with stream(by_gzip(plain), ahead=True) as source:
        assert lent_of(source) == plain
        assert lent_of(source) == b""
    assert source.plain_size == len(plain)
    assert source.plain_hex == hashlib.sha256(plain).hexdigest()


def test_damage_and_bombs_are_met_in_what_is_lent() -> None:
    with stream(by_gzip(PLAIN)[:-9], ahead=True) as source, pytest.raises(ImageError, match="damaged"):
        lent_of(source)
    bomb = stream(by_gzip(bytes(20 * MIB)), ratio_free=MIB, ahead=True)
    with bomb, pytest.raises(LimitExceeded, match="a bomb"):
        lent_of(bomb)


def test_a_thread_that_gets_no_memory_does_not_leave_its_reader_waiting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(readahead, "_SIZE", 1 << 62)
    with stream(PLAIN, ahead=True) as source, pytest.raises(MemoryError):
        source.readinto(memoryview(bytearray(10)))
