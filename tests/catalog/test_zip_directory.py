from __future__ import annotations

import io
import struct
import zipfile
from contextlib import closing

import pytest

from anchore_gate.catalog.zip_directory import BadZip, ZipDirectory
from tests.support.zips import zipped


def directory(content: bytes) -> ZipDirectory:
    return ZipDirectory(io.BytesIO(content), (b"",))


def test_only_wanted_entries_are_kept() -> None:
    found = ZipDirectory(io.BytesIO(zipped({"a": "1", "b": "2"})), (b"b",))
    assert [member.name for member in found.members] == ["b"]


@pytest.mark.parametrize("stored", [True, False])
def test_a_member_comes_back_as_it_was(stored: bool) -> None:
    content = bytes(range(256)) * 5000
    archive = directory(zipped({"a": content}, stored=stored))
    assert archive.read(archive.members[0], limit=10**7) == content
    with closing(archive.open(archive.members[0], limit=10**7)) as stream:
        assert stream.seek(0, io.SEEK_END) == len(content)
        assert stream.seek(-3, io.SEEK_END) == len(content) - 3
        assert stream.read() == content[-3:]


def test_a_member_that_lies_about_its_size_ends_at_the_limit() -> None:
    content = bytearray(zipped({"a": b"\0" * 1_000_000}))
    at = content.rfind(b"PK\x01\x02")
    struct.pack_into("<I", content, at + 24, 10)
    archive = directory(bytes(content))
    with pytest.raises(BadZip, match="more than 1000 bytes"):
        archive.read(archive.members[0], limit=1000)


def test_a_cut_member_is_bad() -> None:
    content = bytearray(zipped({"a": b"abc" * 1000}))
    at = content.rfind(b"PK\x01\x02")
    struct.pack_into("<I", content, at + 20, 5)
    archive = directory(bytes(content))
    with pytest.raises(BadZip, match="cut member"):
        archive.read(archive.members[0], limit=10_000)


@pytest.mark.parametrize(
    ("offset", "format", "value", "reason"),
    [(-12, "<H", 0xFFFE, None), (-10, "<I", 0x7FFFFFFF, "too large"), (-6, "<I", 0x7FFFFFFF, "overlaps")],
    ids=["count", "size", "offset"],
)
def test_numbers_in_the_end_record_are_not_believed(
    offset: int, format: str, value: int, reason: str | None
) -> None:
    content = bytearray(zipped({"a": "1"}))
    struct.pack_into(format, content, len(content) + offset, value)
    if reason is None:
        assert len(directory(bytes(content)).members) == 1
        return
    with pytest.raises(BadZip, match=reason):
        directory(bytes(content))


def test_an_encrypted_member_is_bad() -> None:
    content = bytearray(zipped({"a": "1"}))
    content[content.rfind(b"PK\x01\x02") + 8] |= 1
    archive = directory(bytes(content))
    with pytest.raises(BadZip, match="encrypted"):
        archive.read(archive.members[0], limit=10)


def test_sizes_of_zip64_are_read() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive, archive.open("a", "w", force_zip64=True) as member:
        member.write(b"abc")
    found = directory(stream.getvalue())
    assert found.read(found.members[0], limit=10) == b"abc"
