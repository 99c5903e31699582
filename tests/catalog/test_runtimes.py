from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anchore_gate.catalog import catalog
from anchore_gate.catalog.runtimes import CATALOGER
from anchore_gate.model.inventory import Package
from anchore_gate.policy.wording import message
from tests.support.databases import affected
from tests.support.files import Files
from tests.support.matching import Data, only

HEADER = "/usr/local/include/python3.11/patchlevel.h"
DEFINES = '/* Version as a string */\n#define PY_MICRO_VERSION\t4\n#define PY_VERSION      \t"3.11.4"\n'


def found(files: dict[str, bytes | str]) -> list[Package]:
    every = list(CATALOGER.catalog(Files(files), None, with_files=False))
    assert all(isinstance(one, Package) for one in every)
    return [one for one in every if isinstance(one, Package)]


def test_a_python_that_was_built_is_named_by_its_header() -> None:
    (one,) = found({HEADER: DEFINES})
    assert (one.type, one.name, one.version, one.purl) == (
        "binary",
        "python",
        "3.11.4",
        "pkg:generic/python@3.11.4",
    )
    assert one.cpes[0] == "cpe:2.3:a:python:python:3.11.4:*:*:*:*:*:*:*"


@pytest.mark.parametrize(
    ("programs", "place"),
    [
        (
            ["/usr/local/bin/python3.11", "/usr/local/lib/libpython3.11.so.1.0"],
            "/usr/local/lib/libpython3.11.so.1.0",
        ),
        (["/usr/local/bin/python3.11"], "/usr/local/bin/python3.11"),
        ([], HEADER),
    ],
    ids=["library", "interpreter", "neither"],
)
def test_it_lies_where_its_program_does(programs: list[str], place: str) -> None:
    (one,) = found({HEADER: DEFINES, **dict.fromkeys(programs, b"\x7fELF")})
    assert one.locations[0] == place
    assert one.locations[-1] == HEADER


@pytest.mark.parametrize(
    ("text", "version"),
    [("go1.21.3\ntime 2023-10-09T17:04:35Z\n", "1.21.3"), ("go1.20", "1.20"), ("go1.22rc2\n", "1.22rc2")],
)
def test_go_is_named_by_its_version_file(text: str, version: str) -> None:
    (one,) = found({"/usr/local/go/VERSION": text, "/usr/local/go/bin/go": b"\x7fELF"})
    assert (one.name, one.version, one.locations[0]) == ("go", version, "/usr/local/go/bin/go")
    assert one.cpes == (f"cpe:2.3:a:golang:go:{version}:*:*:*:*:*:*:*",)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/usr/lib/x86_64-linux-gnu/perl/5.36/CORE/patchlevel.h", "#define PERL_VERSION 36\n"),
        ("/srv/app/VERSION", "1.2.3\n"),
        ("/srv/argo/VERSION", "argo1.21\n"),
        ("/srv/app/VERSION", "go1.21-like\n"),
    ],
    ids=["perl", "number", "argo", "other"],
)
def test_files_of_these_names_that_speak_of_neither_are_none(path: str, text: str) -> None:
    assert found({path: text}) == []


def test_busybox_is_named_by_its_banner() -> None:
    (one,) = found({"/opt/tools/busybox": b"\x7fELF\0\nBusyBox v1.36.1 (2023-01-01)\n\0"})

    assert (one.type, one.name, one.version) == ("binary", "busybox", "1.36.1")
    assert (one.purl, one.locations) == ("pkg:generic/busybox@1.36.1", ("/opt/tools/busybox",))
    assert one.cpes == ("cpe:2.3:a:busybox:busybox:1.36.1:*:*:*:*:*:*:*",)


@pytest.mark.parametrize(
    "content", [b"", b"BusyBox", b"BusyBox v1.36 (x)", b"complete -F _busybox busybox\n"]
)
def test_a_busybox_that_tells_no_whole_version_is_none(content: bytes) -> None:
    assert found({"/bin/busybox": content}) == []


def test_the_busybox_of_a_distribution_is_its_package() -> None:
    tree: dict[str, bytes | str] = {
        "/lib/apk/db/installed": "P:busybox\nV:1.36.1-r7\nA:x86_64\nF:bin\nR:busybox\n\n",
        "/bin/busybox": b"BusyBox v1.36.1 (2023-01-01)\n",
    }

    assert [one.version for one in catalog(Files(tree)).packages] == ["1.36.1-r7"]


def test_one_that_the_distribution_brought_is_its_package() -> None:
    header = "/usr/include/python3.11/patchlevel.h"
    tree = {
        "/var/lib/dpkg/status": "Package: libpython3.11-dev\nVersion: 3.11.2-6\nArchitecture: amd64\n\n",
        "/var/lib/dpkg/info/libpython3.11-dev.list": f"{header}\n",
    }
    every = catalog(Files({**tree, header: DEFINES, HEADER: DEFINES})).packages
    assert [one.locations[0] for one in every if one.name == "python"] == [HEADER]


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300))
def test_no_bytes_crash_it(content: bytes) -> None:
    found({HEADER: content, "/x/VERSION": content, "/bin/busybox": content})


def test_the_flaws_of_a_built_python_are_found(tmp_path: Path) -> None:
    data = Data(tmp_path / "vulnerability.db")
    handle = data.writer.vulnerability("CVE-2023-40217", provider="nvd", blob={"id": "CVE-2023-40217"})
    data.writer.affected_cpe(handle, vendor="python", product="python", blob=affected(">= 3.11.0, < 3.11.5"))

    match = only(data.match(*found({HEADER: DEFINES})))

    assert match.vulnerability.id == "CVE-2023-40217"
    assert "non-os package type (binary) - /usr/local/include/python3.11/patchlevel.h" in message(match, ())
