"""What Go wrote into programs; the programs here are ELF headers around build info, and real ones where there are any."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Iterable
from pathlib import Path
from struct import pack

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anchore_gate.catalog.go import CATALOGER
from anchore_gate.image.rootfs import open_rootfs
from anchore_gate.model.inventory import Package, Unknown
from tests.support.databases import affected
from tests.support.files import Files, Node
from tests.support.matching import Data

PROGRAM = "/usr/bin/app"
SUM = "h1:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
MODULES = (
    "path\texample.com/app/cmd\n"
    f"mod\texample.com/app\tv1.2.3\t{SUM}\n"
    f"dep\tgolang.org/x/net\tv0.17.0\t{SUM}\n"
    f"dep\texample.com/old\tv1.0.0\n=>\texample.com/fork\tv1.0.1\t{SUM}\n"
    "dep\tk8s.io/api\tv0.0.0\n=>\t./staging/src/k8s.io/api\t(devel)\t\n"
    "build\t-compiler=gc\nbuild\tGOARCH=amd64\n"
)


def _varint(number: int) -> bytes:
    found = b""
    while number > 0x7F:
        found += bytes([number & 0x7F | 0x80])
        number >>= 7
    return found + bytes([number])


def build_info(modules: str = MODULES, toolchain: str = "go1.21.3", *, flags: int = 2) -> bytes:
    framed = b"\x30" * 16 + modules.encode() + b"\x31" * 16 if modules else b""
    texts = _varint(len(toolchain)) + toolchain.encode() + _varint(len(framed)) + framed
    return b"\xff Go buildinf:\x08" + bytes([flags]) + bytes(16) + texts


def program(info: bytes, *, bits: int = 64, order: str = "<", before: int = 1 << 20, at: int = 4096) -> bytes:
    """An ELF program whose data begin behind `before` bytes and have the build info `at` bytes further on."""
    ident = b"\x7fELF" + bytes([bits // 32, 1 if order == "<" else 2]) + bytes(10)
    length = at + len(info) + 4096
    if bits == 64:
        head = ident + pack(f"{order}HHIQQQIHHHHHH", 2, 62, 1, 0, 64, 0, 0, 64, 56, 2, 0, 0, 0)
        head += pack(f"{order}IIQQQQQQ", 1, 5, 0, 0, 0, before, before, 4096)
        head += pack(f"{order}IIQQQQQQ", 1, 6, before, before, 0, length, length, 4096)
    else:
        head = ident + pack(f"{order}HHIIIIIHHHHHH", 2, 3, 1, 0, 52, 0, 0, 52, 32, 2, 0, 0, 0)
        head += pack(f"{order}IIIIIIII", 1, 0, 0, 0, before, before, 5, 4096)
        head += pack(f"{order}IIIIIIII", 1, before, before, 0, length, length, 6, 4096)
    decoy = b"\xff Go buildinf:" + bytes(50)  # in what cannot be written: a constant of Go's own tools
    return (head + decoy).ljust(before, b"x") + bytes(at) + info + bytes(4096)


def part(pieces: Iterable[bytes]) -> bytes:
    reader = CATALOGER.needs().parts[0].reader()
    for piece in pieces:
        if not reader.feed(piece):
            break
    return reader.found


def found(content: bytes) -> list[Package | Unknown]:
    parts = {"go": {PROGRAM: here}} if (here := part([content])) else {}
    tree = {PROGRAM: Node(content=b"", layer=1)}
    return list(CATALOGER.catalog(Files(tree, parts=parts), None, with_files=False))


def named(content: bytes) -> list[tuple[str, str]]:
    every = found(content)
    assert all(isinstance(one, Package) for one in every), every
    return [(one.name, one.version) for one in every if isinstance(one, Package)]


@pytest.mark.parametrize(("bits", "order"), [(64, "<"), (64, ">"), (32, "<"), (32, ">")])
def test_modules_and_the_toolchain_are_packages(bits: int, order: str) -> None:
    every = found(program(build_info(), bits=bits, order=order))

    assert [(one.name, one.version, one.purl) for one in every if isinstance(one, Package)] == [
        ("golang.org/x/net", "v0.17.0", "pkg:golang/golang.org/x/net@v0.17.0"),
        ("example.com/fork", "v1.0.1", "pkg:golang/example.com/fork@v1.0.1"),
        ("k8s.io/api", "(devel)", "pkg:golang/k8s.io/api"),
        ("example.com/app", "v1.2.3", "pkg:golang/example.com/app@v1.2.3"),
        ("stdlib", "go1.21.3", "pkg:golang/stdlib@1.21.3"),
    ]
    last = every[-1]
    assert isinstance(last, Package)
    assert (last.type, last.locations, last.layer) == ("go-module", (PROGRAM,), 1)
    assert (last.cpes, last.main_module) == (("cpe:2.3:a:golang:go:1.21.3:-:*:*:*:*:*:*",), "example.com/app")


@pytest.mark.parametrize(
    ("settings_", "version"),
    [
        ("", "(devel)"),
        ('build\t-ldflags="-s -w -X example.com/app/version.Version=4.5.6-rc.1"\n', "v4.5.6-rc.1"),
        ("build\t-ldflags=-X=main.version=v4.5.6\n", "v4.5.6"),
        ("build\t-ldflags=\"-X 'example.com/app/version.gitVersion=v1.24.2'\"\n", "v1.24.2"),
        ("build\t-ldflags=-X=main.goVersion=1.2.3\n", "(devel)"),
        (
            "build\tvcs.revision=0123456789abcdef0123\nbuild\tvcs.time=2024-05-06T07:08:09Z\n",
            "v0.0.0-20240506070809-0123456789ab",
        ),
        ("build\tvcs.revision=0123456789abcdef0123\n", "(devel)"),
    ],
)
@pytest.mark.parametrize("main", ["mod\texample.com/app\t(devel)\t\n", ""])
def test_a_program_from_a_checkout_has_the_version_that_it_was_told(
    main: str, settings_: str, version: str
) -> None:
    name = "example.com/app" if main else "example.com/app/cmd"
    info = build_info(f"path\texample.com/app/cmd\n{main}{settings_}")

    assert named(program(info)) == [(name, version), ("stdlib", "go1.21.3")]


@pytest.mark.parametrize(
    ("toolchain", "version"),
    [
        ("go1.22", "go1.22"),
        ("go1.25-20250209-RC00 cl/724970549 X:boringcrypto", "go1.25-20250209-RC00"),
        ("go1.21rc2 X:boringcrypto", "go1.21rc2"),
        ("devel +abc", None),
        ("", None),
    ],
)
def test_the_toolchain_is_a_package_where_it_is_a_release(toolchain: str, version: str | None) -> None:
    told = dict(named(program(build_info("", toolchain))))

    assert told.get("stdlib") == version
    assert len(told) == (version is not None)


@settings(max_examples=60, deadline=None)
@given(
    cuts=st.lists(st.integers(0, 5000) | st.integers(0, 40_000), max_size=12),
    at=st.sampled_from([0, 16, 4096, 8000]),
)
def test_it_is_found_however_the_file_comes(cuts: list[int], at: int) -> None:
    content = program(build_info(MODULES * 40), before=16_384, at=at)
    places = [0, *sorted(cuts), len(content)]
    pieces = [content[a:b] for a, b in itertools.pairwise(places)]

    assert part(pieces) == build_info(MODULES * 40)


def test_nothing_is_read_of_what_is_no_go_program() -> None:
    for content in (
        b"#!/bin/sh\n" + build_info(),
        b"\x7fELF",
        b"\x7fELF" + bytes(4096) + build_info(),
        program(b""),
        program(build_info()[:10]),
        program(b"x" + build_info()),  # not where a linker would put it
    ):
        assert part([content]) == b""
    reader = CATALOGER.needs().parts[0].reader()
    assert reader.feed(b"no program") is False


@pytest.mark.parametrize(
    ("info", "reason"),
    [
        (build_info(flags=0), "built by Go before 1.18, whose build info is not read"),
        (build_info()[:40] + b"\xff" * 20, "its build info is cut or too long"),
        (build_info()[:32] + b"\xff\xff\xff\x7f", "its build info is cut or too long"),
        (build_info("\udcff".encode("utf-8", "surrogateescape").decode("latin-1")).replace(b"\xc3\xbf", b"\xff\xff"), "its build info is no text"),
    ],
    ids=["old", "no length", "too long", "no text"],
)  # fmt: skip
def test_build_info_that_cannot_be_read_is_told(info: bytes, reason: str) -> None:
    assert found(program(info)) == [Unknown(PROGRAM, "go", reason)]


@settings(max_examples=200, deadline=None)
@given(damage=st.binary(max_size=60), place=st.integers(0, 600))
def test_damaged_build_info_is_read_or_told(damage: bytes, place: int) -> None:
    info = bytearray(build_info())
    info[14 + place : 14 + place + len(damage)] = damage

    assert all(isinstance(one, (Package, Unknown)) for one in found(program(bytes(info), before=16_384)))


@pytest.mark.parametrize(
    ("name", "version", "count"),
    [
        ("example.com/app", "v1.2.3", 1),
        ("example.com/app", "(devel)", 0),
        ("example.com/app", "v0.0.0-20240506070809-0123456789ab", 0),
        ("golang.org/x/net", "v1.2.3", 1),
        ("k8s.io/api", "v1.2.3", 0),
        ("stdlib", "v1.2.3", 1),
    ],
)
def test_what_was_built_from_a_folder_matches_no_advisory(
    name: str, version: str, count: int, tmp_path: Path
) -> None:
    data = Data(tmp_path / "vulnerability.db")
    data.add("GHSA-1", "go-module", name, affected("< 9.0.0", "9.0.0", type="semver"), provider="github")
    info = build_info(MODULES.replace("v1.2.3", version))

    matched = data.match(*(one for one in found(program(info)) if isinstance(one, Package)))

    assert (len(matched.matches), matched.incomparable) == (count, ())


@pytest.mark.parametrize(
    ("name", "module"),
    [
        ("skopeo", "github.com/containers/skopeo"),
        ("buildah", "github.com/containers/buildah"),
        ("docker", "github.com/docker/cli"),
        ("containerd", "github.com/containerd/containerd"),
    ],
)
def test_real_programs_are_read(name: str, module: str, tmp_path: Path) -> None:
    program_ = shutil.which(name)
    if program_ is None:
        pytest.skip(f"no `{name}` here")
    (tmp_path / "bin").mkdir()
    shutil.copy(program_, tmp_path / "bin" / name)

    with open_rootfs(str(tmp_path), name="it") as image:
        every = list(CATALOGER.catalog(image.scan(CATALOGER.needs()), None, with_files=False))

    names = {one.name for one in every if isinstance(one, Package)}
    assert any(one.startswith(module) for one in names)
    assert "stdlib" in names
