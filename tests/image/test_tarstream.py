from __future__ import annotations

import io
import struct
import subprocess
import tarfile
from contextlib import suppress
from pathlib import Path
from shutil import which

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anchore_gate.errors import ImageError, LimitExceeded
from anchore_gate.image import tarstream
from anchore_gate.image.tarsparse import expanded
from anchore_gate.image.tarstream import BLOCK, Member, TarStream
from tests.support.images import make_tar


class Dribble:
    """A source that gives a few bytes at a time: chunk borders fall everywhere."""

    def __init__(self, content: bytes, step: int) -> None:
        self._stream = io.BytesIO(content)
        self._step = step

    def readinto(self, view: memoryview, /) -> int:
        return self._stream.readinto(view[: self._step])


class Lender(Dribble):
    """A source that lends its memory, and uses it again as soon as more is asked for."""

    def __init__(self, content: bytes, step: int) -> None:
        super().__init__(content, step)
        self._memory = bytearray(step)

    def readinto(self, view: memoryview, /) -> int:
        self._memory[:] = b"#" * self._step
        return super().readinto(view)

    def lend(self) -> memoryview:
        count = super().readinto(memoryview(self._memory))
        return memoryview(self._memory)[:count]


def walk(
    content: bytes, *, step: int = 1 << 20, capacity: int = 2 << 20, source: type[Dribble] = Dribble
) -> list[tuple[Member, bytes]]:
    tar = TarStream(source(content, step), what="it", capacity=capacity)
    found = []
    for member in tar.members():
        if member.segments is not None:
            found.append((member, b"".join(expanded(tar.pieces(), member.segments, member.size))))
        else:
            body = tar.body(4096)
            found.append((member, bytes(body) if body is not None else b"".join(map(bytes, tar.pieces()))))
    return found


def record(key: str, value: str) -> bytes:
    body = f" {key}={value}\n".encode()
    length = len(body) + 1
    while len(str(length)) + len(body) != length:
        length += 1
    return str(length).encode() + body


def header_of(
    name: str,
    *,
    kind: bytes = b"0",
    size: bytes = b"00000000000\0",
    link: bytes = b"",
    magic: bytes = b"ustar\x0000",
) -> bytes:
    raw = struct.pack(
        "100s8s8s8s12s12s8sc100s8s247x",
        name.encode(),
        b"0000644\0",
        b"0000000\0",
        b"0000000\0",
        size,
        b"00000000000\0",
        b" " * 8,
        kind,
        link,
        magic,
    )
    return summed(bytearray(raw))


def summed(header: bytearray) -> bytes:
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    return bytes(header)


def pax(*records: bytes, kind: bytes = b"x") -> bytes:
    body = b"".join(records)
    return header_of("x", kind=kind, size=b"%011o\0" % len(body)) + body + bytes(-len(body) % 512)


def long_name(name: bytes) -> bytes:
    return header_of("L", kind=b"L", size=b"%011o\0" % len(name)) + name + bytes(-len(name) % 512)


def file_of(name: str, content: bytes, *, kind: bytes = b"0", prefix: bytes = b"") -> bytes:
    magic = b"ustar  \0" if prefix else b"ustar\x0000"
    header = bytearray(header_of(name, kind=kind, size=b"%011o\0" % len(content), magic=magic))
    header[345 : 345 + len(prefix)] = prefix
    return summed(header) + content + bytes(-len(content) % 512)


NAMES = st.text(st.characters(exclude_characters="\0/", exclude_categories=["Cs"]), min_size=1, max_size=120)
PATHS = st.lists(NAMES, min_size=1, max_size=4).map("/".join)


@st.composite
def members(draw: st.DrawFn) -> list[tuple[tarfile.TarInfo, bytes]]:
    found = []
    for name in draw(st.lists(PATHS, max_size=6, unique=True)):
        member = tarfile.TarInfo(name)
        kind = draw(
            st.sampled_from(
                [tarfile.REGTYPE, tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE]
            )
        )
        content = draw(st.binary(max_size=3000)) if kind == tarfile.REGTYPE else b""
        member.type, member.size = kind, len(content)
        member.mode = draw(st.integers(0, 0o7777))
        member.uid, member.gid = draw(st.integers(0, 2**31)), draw(st.integers(0, 2**21 - 1))
        member.linkname = draw(PATHS) if kind in (tarfile.SYMTYPE, tarfile.LNKTYPE) else ""
        found.append((member, content))
    return found


@given(
    members(),
    st.sampled_from([tarfile.PAX_FORMAT, tarfile.GNU_FORMAT]),
    st.integers(1, 700),
    st.sampled_from([1024, 5000]),
    st.sampled_from([Dribble, Lender]),
)
@settings(max_examples=150, deadline=None)
def test_it_reads_what_tarfile_writes(
    given_members: list[tuple[tarfile.TarInfo, bytes]],
    format: int,
    step: int,
    capacity: int,
    source: type[Dribble],
) -> None:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=format) as tar:
        for info, content in given_members:
            tar.addfile(info, io.BytesIO(content))
    # Long names need room for their headers: the capacity is small here only to move the borders.
    found = walk(stream.getvalue(), step=step, capacity=max(capacity, 8192), source=source)
    types = {b"0": "file", b"5": "dir", b"2": "symlink", b"1": "link", b"3": "chardev"}
    assert [(m.name.rstrip("/"), m.type, m.mode, m.uid, m.gid, m.link, body) for m, body in found] == [
        (i.name.rstrip("/"), types[i.type], i.mode, i.uid, i.gid, i.linkname, content)
        for i, content in given_members
    ]


@given(st.binary(max_size=2000))
@settings(max_examples=150, deadline=None)
def test_noise_is_refused_or_empty(noise: bytes) -> None:
    with suppress(ImageError):
        assert walk(noise) == []


@given(st.integers(0, 8 * 512 - 1), st.integers(0, 255))
@settings(max_examples=300, deadline=None)
def test_a_changed_byte_never_breaks_the_reader(at: int, value: int) -> None:
    sound = bytearray(make_tar({"a/" + "x" * 150: b"1", "b": b"2"}))
    sound[at] = value
    with suppress(ImageError):
        assert len(walk(bytes(sound))) <= 2


@given(st.integers(1, 3 * 512 - 1))
@settings(max_examples=60, deadline=None)
def test_a_cut_tar_is_an_error(length: int) -> None:
    sound = make_tar({"a": b"x" * 600, "b": b"y"})
    if length == 3 * 512 or (length % 512 == 0 and length >= 3 * 512):
        return
    with pytest.raises(ImageError, match="the tar is cut"):
        walk(sound[:length])


def test_a_tar_without_an_end_mark_is_whole() -> None:
    assert [m.name for m, _ in walk(make_tar({"a": b"x"})[:1024])] == ["a"]


def test_a_header_after_a_zero_block_is_refused() -> None:
    one = make_tar({"a": b""})[:512]
    with pytest.raises(ImageError, match="single zero block"):
        walk(one + bytes(512) + one)


def test_sizes_in_base_256_are_read() -> None:
    header = header_of("big", size=b"\x80" + (8**12).to_bytes(11, "big"))
    tar = TarStream(Dribble(header, 512), what="it")
    assert next(tar.members()).size == 8**12
    with pytest.raises(ImageError, match="cut"):
        list(map(bytes, tar.pieces()))


def test_negative_sizes_are_refused() -> None:
    with pytest.raises(ImageError, match="-1 bytes"):
        walk(header_of("a", size=b"\xff" * 12))


@pytest.mark.parametrize("size", [b"0_7        \0", b"+7         \0", b"9          \0", b"-1         \0"])
def test_numbers_that_are_not_octal_are_refused(size: bytes) -> None:
    with pytest.raises(ImageError, match="no octal number"):
        walk(header_of("a", size=size))


def test_an_unknown_type_is_refused() -> None:
    with pytest.raises(ImageError, match="unknown tar type b'M'"):
        walk(header_of("a", kind=b"M"))


def test_a_link_with_a_size_has_no_body() -> None:
    content = header_of("a", kind=b"2", size=b"00000001000\0", link=b"b") + header_of("b")
    assert [m.name for m, _ in walk(content)] == ["a", "b"]


def test_old_archives_sum_signed_bytes() -> None:
    header = bytearray(header_of("\xe9\xe9"))
    signed = sum(b - 256 if b > 127 else b for b in header[:148] + b" " * 8 + header[156:])
    header[148:156] = b"%06o\0 " % signed
    assert len(walk(bytes(header))) == 1


def test_a_global_header_changes_nothing() -> None:
    stream = io.BytesIO()
    with tarfile.open(
        fileobj=stream, mode="w", format=tarfile.PAX_FORMAT, pax_headers={"path": "evil"}
    ) as tar:
        tar.addfile(tarfile.TarInfo("good"))
    assert [m.name for m, _ in walk(stream.getvalue())] == ["good"]


PATH = record("path", "other")
INNER = file_of("inner", b"")


@pytest.mark.parametrize(
    ("content", "name", "body"),
    [
        (pax(PATH) + pax(record("uid", "1")) + file_of("a", b"1"), "a", b"1"),
        (pax(PATH) + pax(kind=b"g") + file_of("a", b"1"), "a", b"1"),
        (long_name(b"long\0") + pax(kind=b"g") + file_of("a", b"1"), "a", b"1"),
        (long_name(b"long\0") + pax(PATH) + file_of("a", b"1"), "long", b"1"),
        (pax(PATH) + long_name(b"long\0") + file_of("a", b"1"), "long", b"1"),
        (long_name(b"long\0") + long_name(b"") + file_of("a", b"1"), "a", b"1"),
        (long_name(b"a\0") + file_of("a/", INNER, kind=b"\0"), "a", INNER),
        (pax(record("path", "a")) + file_of("a/", INNER, kind=b"\0"), "a", INNER),
        (pax(record("GNU.sparse.name", "other")) + file_of("a", b"1"), "a", b"1"),
        (pax(record("GNU.sparse.size", "9")) + file_of("a", b"1"), "a", b"1"),
        (
            pax(record("GNU.sparse.major", "2"), record("GNU.sparse.map", "8,1")) + file_of("a", b"1"),
            "a",
            b"1",
        ),
        (
            pax(record("GNU.sparse.major", "1"), record("GNU.sparse.minor", "0"))
            + file_of("a", b"1\n0\n4\n".ljust(BLOCK, b"\0") + b"data"),
            "a",
            b"data" + bytes(BLOCK),
        ),
        (file_of("a", b"1", prefix=b"etc"), "etc/a", b"1"),
        (file_of("a", b"1", prefix=b"\0" * 12 + b"etc"), "a", b"1"),
        (file_of("a", b"1", prefix=b"%011o\0etc" % 5), "00000000005/a", b"1"),
        (file_of("a", b"1", prefix=b"%011o\0%011o\0" % (5, 6)), "a", b"1"),
    ],
    ids=[
        "pax, pax",
        "pax, global",
        "long, global",
        "long, pax",
        "pax, long",
        "long, empty",
        "a file by its long name",
        "a file by its pax name",
        "sparse name alone",
        "sparse size alone",
        "sparse of another format",
        "sparse without a size",
        "a prefix for a time",
        "a prefix for the second time, empty",
        "a prefix for the second time",
        "times",
    ],
)
def test_headers_are_read_as_the_runtimes_read_them(content: bytes, name: str, body: bytes) -> None:
    """Recorded from Go's `archive/tar` (1.26): what it reads otherwise, a layer could hide from a scan."""
    assert [(member.name, member.type, read) for member, read in walk(content)] == [(name, "file", body)]


@pytest.mark.parametrize(
    "body",
    [
        b"5 a=1\n",
        b"x path=a\n",
        b"999 path=a\n",
        b"9 path=a\x00",
        b"7 path\n",
        b"0 path=a\n",
        b"-9 path=a\n",
        b"11 path=\0a\n",
        b"9 path=a\nrest",  # no blank after the last record: the reader has to move on
    ],
)
def test_damaged_pax_records_are_refused(body: bytes) -> None:
    padded = body + bytes(-len(body) % 512)
    with pytest.raises(ImageError, match="damaged record"):
        walk(header_of("x", kind=b"x", size=b"%011o\0" % len(body)) + padded + header_of("a"))


def test_extended_headers_have_a_limit() -> None:
    with pytest.raises(LimitExceeded, match="extended tar header"):
        walk(header_of("x", kind=b"x", size=b"%011o\0" % (2 << 20)))


def test_names_have_a_limit() -> None:
    with pytest.raises(LimitExceeded, match="too long"):
        walk(make_tar({"a" * 5000: b""}))


def test_members_have_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tarstream, "MAX_MEMBERS", 10)
    with pytest.raises(LimitExceeded, match="more than 10 members"):
        walk(make_tar({str(i): b"" for i in range(11)}))


def test_old_gnu_sparse_members_are_expanded() -> None:
    header = bytearray(header_of("s", kind=b"S", size=b"%011o\0" % 4, magic=b"ustar  \0"))
    header[386:410] = b"%011o\0%011o\0" % (1000, 4)
    header[483:495] = b"%011o\0" % 2000
    [(member, body)] = walk(summed(header) + b"data" + bytes(508))
    assert body == bytes(1000) + b"data" + bytes(996)
    assert member.size == 2000


@pytest.mark.parametrize(
    "records",
    [
        {"GNU.sparse.size": "2000", "GNU.sparse.map": "1000,4", "GNU.sparse.name": "s"},
        {
            "GNU.sparse.size": "2000",
            "GNU.sparse.numblocks": "1",
            "GNU.sparse.offset": "1000",
            "GNU.sparse.numbytes": "4",
        },
        {
            "GNU.sparse.major": "1",
            "GNU.sparse.minor": "0",
            "GNU.sparse.realsize": "2000",
            "GNU.sparse.name": "s",
        },
    ],
    ids=["0.1", "0.0", "1.0"],
)
def test_pax_sparse_members_are_expanded(records: dict[str, str]) -> None:
    front = b"1\n1000\n4\n".ljust(512, b"\0") if "GNU.sparse.major" in records else b""
    pax = b"".join(record(key, value) for key, value in records.items())
    content = header_of("x", kind=b"x", size=b"%011o\0" % len(pax)) + pax + bytes(-len(pax) % 512)
    data = front + b"data"
    content += header_of("s", size=b"%011o\0" % len(data)) + data + bytes(-len(data) % 512)
    [(member, body)] = walk(content + make_tar({}))
    assert (member.name, body) == ("s", bytes(1000) + b"data" + bytes(996))


@pytest.mark.parametrize("pairs", ["1000,4,500,4", "0,3000", "1,2,3", "x,y", "-1,4", "0,1,0,1"])
def test_sparse_maps_that_make_no_sense_are_refused(pairs: str) -> None:
    pax = record("GNU.sparse.size", "2000") + record("GNU.sparse.map", pairs)
    content = header_of("x", kind=b"x", size=b"%011o\0" % len(pax)) + pax + bytes(-len(pax) % 512)
    with pytest.raises(ImageError, match="sparse"):
        walk(content + header_of("s", size=b"%011o\0" % 4) + b"data" + bytes(508))


@pytest.mark.skipif(which("tar") is None, reason="GNU tar is not installed")
@pytest.mark.parametrize(
    "options",
    [
        ["--format=gnu"],
        ["--format=pax"],
        ["--format=pax", "--sparse-version=0.0"],
        ["--format=pax", "--sparse-version=0.1"],
    ],
    ids=" ".join,
)
def test_it_reads_what_gnu_tar_writes_of_sparse_files(options: list[str], tmp_path: Path) -> None:
    with (tmp_path / "sparse").open("wb") as stream:
        for offset in range(0, 4_000_000, 130_000):
            stream.seek(offset)
            stream.write(b"data" * 100)
        stream.truncate(5_000_000)
    (tmp_path / "after").write_bytes(b"next")
    command = [
        "tar",
        "--sparse",
        *options,
        "-C",
        str(tmp_path),
        "-cf",
        str(tmp_path / "t.tar"),
        "sparse",
        "after",
    ]
    subprocess.run(command, check=True)
    found = {member.name: body for member, body in walk((tmp_path / "t.tar").read_bytes())}
    assert found["sparse"] == (tmp_path / "sparse").read_bytes()
    assert found["after"] == b"next"
