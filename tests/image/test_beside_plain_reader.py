"""Images made at random, read by the scan in each of its ways and by the standard library, one file after another."""

from __future__ import annotations

import io
import random
import re
import tarfile
import zlib
from collections.abc import Callable
from typing import NamedTuple

import pytest

from anchore_gate.image import layered, readahead
from anchore_gate.image.layered import LayeredImage
from anchore_gate.image.limits import KIB, MIB
from anchore_gate.image.needs import Checksums, ContentSearch, Needs, Part, Want
from anchore_gate.image.squashed import SquashedFilesystem
from anchore_gate.model.digest import Digest
from anchore_gate.model.image import Image, Layer
from anchore_gate.values import replace
from tests.image.needs_of import KEY_LINE, SECRETS
from tests.support.images import BuiltLayer, digest_of, layer_of

OWN = (
    ContentSearch(kind="content", name="OWN", regex=r".*own[0-9]+secret", max_size=20_000),
    ContentSearch(kind="content", name="WIDE", regex=r"(?i)^needle", max_size=3 * MIB),
)


class Sum:
    """A part that needs all of a file."""

    def __init__(self) -> None:
        self._sum = 0
        self.found = b""

    def feed(self, piece: bytes | memoryview, /) -> bool:
        self._sum = zlib.crc32(piece, self._sum)
        self.found = str(self._sum).encode()
        return True


class Front:
    """A part that is found early, if at all."""

    def __init__(self) -> None:
        self.found = b""

    def feed(self, piece: bytes | memoryview, /) -> bool:
        self.found = bytes(piece[:4]) if bytes(piece[:4]) == b"some" else b""
        return False


PARTS = (Part(name="sum", least=MIB + 1, reader=Sum), Part(name="front", least=20_000, reader=Front))
KEPT = Want(suffixes=frozenset({".keep"}), limit=MIB + 1)
HELD = Want(pattern=r"/d1/.*", holds="/d1/")
NEEDS = Needs(
    wants=(KEPT, HELD),
    searches=SECRETS + OWN,
    checksums=(Checksums(pattern=r"/d2/.*\.keep|/d0/.*"),),
    parts=PARTS,
)
LENGTHS = (
    *(0, 1, 511, 512, 513, 7999, 8000, 8001, 9999, 10_000, 10_001, 19_999, 20_000, 20_001),
    *(128 * KIB - 1, 128 * KIB, 128 * KIB + 1, 512 * KIB, 512 * KIB + 1, MIB - 1, MIB, MIB + 1, 3 * MIB + 1),
)
LINES = (
    KEY_LINE,
    b"an own12secret here\n",
    b"NEEDLE\n",
    b"needle" * 400 + b"\n",
    b"a needle\n",
    b"own1 secret\n",
)


class File(NamedTuple):
    content: bytes
    mode: int
    layer: int


class Blob:
    def __init__(self, index: int, built: BuiltLayer) -> None:
        self.layer = Layer(
            index=index,
            diff_id=Digest.parse(built.diff_id),
            digest=Digest.parse(built.digest),
            size=len(built.blob),
        )
        self._blob = built.blob

    def open(self) -> io.BytesIO:
        return io.BytesIO(self._blob)


def made_layers(choose: random.Random) -> list[BuiltLayer]:
    return [made_layer(choose) for _ in range(choose.randint(1, 4))]


def made_layer(choose: random.Random) -> BuiltLayer:
    """Some members: folders are `d0` and so on, files `f0`, links `s0`, so that nothing changes its kind."""
    written = io.BytesIO()
    first: dict[str, str] = {}  # the name that a file, or a link to it, came by
    form = choose.choice([tarfile.PAX_FORMAT, tarfile.GNU_FORMAT, tarfile.USTAR_FORMAT])
    with tarfile.open(fileobj=written, mode="w", format=form) as tar:
        for _ in range(choose.randint(1, 25)):
            folder = "/".join(choose.sample(["d0", "d1", "d2"], choose.randint(0, 2)))
            prefix = choose.choice(["", "./"]) + (folder + "/" if folder else "")
            name = f"f{choose.randint(0, 5)}" + choose.choice(["", ".keep"])
            kind = choose.choice(
                ["file"] * 5 + ["small"] * 3 + ["link", "link", "symlink", "gone", "gone", "opaque"]
            )
            member = tarfile.TarInfo(prefix + name)
            member.mode = choose.choice([0o644, 0o755, 0o4755, 0o600])
            content = b""
            if kind in ("file", "small"):
                content = made_content(choose, LENGTHS if kind == "file" else LENGTHS[:14])
                first[normal(member.name)] = normal(member.name)
            elif kind == "link" and first:
                target = choose.choice(list(first))
                if normal(member.name) in (target, first[target]):  # refused
                    continue
                member.type, member.linkname = tarfile.LNKTYPE, target[1:]
                first[normal(member.name)] = first[target]
            elif kind == "symlink":
                target = choose.choice(["d0/f1", "/d1/f2.keep", "../f3", "f4", "s1", "s2", "d2/d1/f0", "/s0"])
                member = tarfile.TarInfo(f"{prefix}s{choose.randint(0, 2)}{choose.choice(['', '.keep'])}")
                member.type, member.linkname = tarfile.SYMTYPE, target
            elif kind == "gone":
                gone = choose.choice([name, name, "d0", "d1", "s0"])
                member = tarfile.TarInfo(f"{prefix}.wh.{gone}")
            elif kind == "opaque" and folder:
                member = tarfile.TarInfo(f"{prefix}.wh..wh..opq")
            else:
                continue
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return layer_of(written.getvalue(), compression=choose.choice(["none", "gzip", "zstd"]))


def made_content(choose: random.Random, lengths: tuple[int, ...]) -> bytes:
    length = choose.choice(lengths)
    content = bytearray(b"some words in a line\n" * (length // 21 + 1))[:length]
    for _ in range(choose.choice([0, 0, 1, 1, 3])):
        line = b"\n" + choose.choice(LINES)
        at = choose.choice([0, choose.randint(0, length), max(0, length - len(line))])
        content[at : at + len(line)] = line[: length - at]
    if length and choose.random() < 0.2:
        content[min(length - 1, choose.choice([0, 7999, 8000, 9000]))] = 0
    return bytes(content)


def normal(name: str) -> str:
    return "/" + name.removeprefix("./").strip("/")


def unpacked(layers: list[BuiltLayer]) -> dict[str, File | str]:
    """What the layers make, one unpacked over the other: files, and symbolic links by their text."""
    disk: dict[str, File | str] = {}
    for number, layer in enumerate(layers):
        with tarfile.open(fileobj=io.BytesIO(layer.tar)) as tar:
            members = [(normal(member.name), member) for member in tar]
            for path, _ in members:
                folder, _, base = path.rpartition("/")
                if base.startswith(".wh."):
                    beneath = folder if base == ".wh..wh..opq" else f"{folder}/{base[4:]}"
                    disk.pop(beneath, None)
                    disk = {old: one for old, one in disk.items() if not old.startswith(beneath + "/")}
            for path, member in members:
                if "/.wh." in path:
                    continue
                if member.islnk():
                    disk[path] = disk[normal(member.linkname)]
                elif member.issym():
                    disk[path] = member.linkname
                else:
                    stream = tar.extractfile(member)
                    assert stream is not None
                    disk[path] = File(stream.read(), member.mode, number)
    return disk


def leads_to(disk: dict[str, File | str], path: str) -> str | None:
    """The file behind a chain of links."""
    for _ in range(41):
        one = disk.get(path)
        if not isinstance(one, str):
            return path if one is not None else None
        parts = [] if one.startswith("/") else path.split("/")[1:-1]
        for part in one.strip("/").split("/"):
            parts = parts[:-1] if part == ".." else [*parts, part]
        path = "/" + "/".join(parts)
    return None


def hits_of(disk: dict[str, File | str], needs: Needs) -> set[tuple[str, str, tuple[int, ...], int]]:
    found = set()
    for path in disk:
        file = disk.get(leads_to(disk, path) or "")
        if not isinstance(file, File) or (len(file.content) > 10_000 and b"\0" in file.content[:8000]):
            continue
        for search in needs.searches:
            if len(file.content) <= search.max_size:
                expression = re.compile(search.regex.encode())
                lines = io.BytesIO(file.content).readlines()
                hit = tuple(number for number, line in enumerate(lines, 1) if expression.match(line))
                found |= {(path, search.name, hit, file.layer)} if hit else set()
    return found


def check(files: SquashedFilesystem, disk: dict[str, File | str], needs: Needs) -> None:
    plain = {path: one for path, one in disk.items() if isinstance(one, File)}
    entries = {entry.path: entry for entry in files.entries() if entry.type != "dir"}
    assert entries.keys() == disk.keys()
    assert {path: (len(one.content), one.mode, one.layer) for path, one in plain.items()} == {
        path: (entry.size, entry.mode & 0o7777, entry.layer)
        for path, entry in entries.items()
        if entry.type == "file"
    }
    assert {(hit.path, hit.name, hit.lines, hit.layer) for hit in files.hits} == hits_of(disk, needs)
    large = {path: one.content for path, one in plain.items() if len(one.content) > MIB}
    assert dict(files.parts("sum")) == {path: str(zlib.crc32(one)).encode() for path, one in large.items()}
    assert dict(files.parts("front")) == {
        path: b"some"
        for path, one in plain.items()
        if len(one.content) >= 20_000 and one.content.startswith(b"some")
    }
    for want, fits in ((KEPT, r".*\.keep"), (HELD, r"/d1/.*")):
        wanted = {
            path for path, one in plain.items() if re.fullmatch(fits, path) and len(one.content) <= want.limit
        }
        kept = {path for path in files.kept(want) if isinstance(disk[path], File)}
        assert kept == wanted
        assert all(files.read(path) == plain[path].content for path in wanted)
    summed = {path: one for path, one in plain.items() if re.fullmatch(NEEDS.checksums[0].pattern, path)}
    for path, one in summed.items():
        assert files.checksum(path, "sha256") == digest_of(one.content).removeprefix("sha256:"), path


Way = Callable[[pytest.MonkeyPatch], None]


def in_threads(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(layered, "_WORTH_A_THREAD", 1)


def in_threads_by_little(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(layered, "_WORTH_A_THREAD", 1)
    patch.setattr(readahead, "_SIZE", 70_001)  # nearly every file lies across two buffers


def in_one_go(_: pytest.MonkeyPatch) -> None: ...


@pytest.mark.parametrize("needs", [NEEDS, replace(NEEDS, searches=())], ids=["searched", "unsearched"])
@pytest.mark.parametrize("way", [in_one_go, in_threads, in_threads_by_little])
@pytest.mark.parametrize("seed", range(12))
def test_the_scan_sees_what_a_plain_reader_sees(
    seed: int, way: Way, needs: Needs, monkeypatch: pytest.MonkeyPatch
) -> None:
    way(monkeypatch)
    layers = made_layers(random.Random(seed))
    blobs = [Blob(number, layer) for number, layer in enumerate(layers)]
    with LayeredImage(Image(name="it", source="test"), blobs) as image:
        check(image.scan(needs), unpacked(layers), needs)
