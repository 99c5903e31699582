from __future__ import annotations

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anchore_gate.catalog import catalog, needs
from anchore_gate.errors import CatalogError
from anchore_gate.model.inventory import Inventory, Package, PackageFile
from tests.support.files import Files, Node

ALPINE = "ID=alpine\nVERSION_ID=3.19.1\n"
SHA1 = "da39a3ee5e6b4b0d3255bfef95601890afd80709"
Q1 = "Q1" + base64.b64encode(bytes.fromhex(SHA1)).decode()
BASE = f"""C:Q1VFG2SuJdASGlXwlXF3975TbbpQU=
P:alpine-baselayout
V:3.4.3-r2
A:x86_64
S:8911
I:331776
T:Alpine base dir structure and init scripts
U:https://git.example/
L:GPL-2.0-only
o:alpine-baselayout
m:Natanael Copa <ncopa@example.org>
t:1683642107
c:65502ca9379dd29d1ac4b0bf0dcf03a3dd1b324a
D:alpine-baselayout-data=3.4.3-r2 /bin/sh
F:dev
F:etc
R:motd
Z:{Q1}
F:tmp
M:0:0:1777
F:usr/bin
R:su
a:0:42:4755
Z:{Q1}
R:link
a:0:0:777
Z:Q1OFZt+ZMp7j0Gny0rqSKuWJyqYmA=

"""
LIBC = "P:musl-utils\nV:1.2.4-r2\nA:x86_64\nL:MIT AND BSD-2-Clause\no:musl\n"


def read(text: str | bytes, *, path: str = "/lib/apk/db/installed", with_files: bool = False) -> Inventory:
    content = text.encode() if isinstance(text, str) else text
    tree: dict[str, str | bytes | Node] = {"/etc/os-release": ALPINE, path: Node(content, layer=1)}
    return catalog(Files(tree, wants=needs().wants), with_files=with_files)


def test_a_package_has_all_that_the_database_says() -> None:
    base, utils = read(BASE + LIBC).packages
    assert base == Package(
        type="apk",
        name="alpine-baselayout",
        version="3.4.3-r2",
        purl="pkg:apk/alpine/alpine-baselayout@3.4.3-r2?arch=x86_64&distro=alpine-3.19.1",
        architecture="x86_64",
        licenses=("GPL-2.0-only",),
        locations=("/lib/apk/db/installed",),
        layer=1,
        maintainer="Natanael Copa <ncopa@example.org>",
        found_by="apk",
    )
    assert (utils.upstream, utils.licenses) == ("musl", ("MIT AND BSD-2-Clause",))
    assert utils.purl == "pkg:apk/alpine/musl-utils@1.2.4-r2?arch=x86_64&distro=alpine-3.19.1&upstream=musl"


@pytest.mark.parametrize("path", ["/usr/lib/apk/db/installed", "/srv/root/lib/apk/db/installed"])
def test_a_database_is_read_in_every_folder(path: str) -> None:
    assert [one.name for one in read(LIBC, path=path).packages] == ["musl-utils"]


@pytest.mark.parametrize(
    ("text", "licenses"),
    [
        ("MIT", ("MIT",)),
        ("GPL-2.0-or-later AND MIT", ("GPL-2.0-or-later AND MIT",)),
        ("GPL-2.0-only WITH Classpath-exception-2.0", ("GPL-2.0-only WITH Classpath-exception-2.0",)),
        ("GPL LGPL MIT", ("GPL", "LGPL", "MIT")),
        ("", ()),
    ],
)
def test_licences_are_an_expression_or_a_list_of_words(text: str, licenses: tuple[str, ...]) -> None:
    assert read(f"P:a\nV:1\nL:{text}\n").packages[0].licenses == licenses


def test_files_have_modes_owners_and_checksums() -> None:
    ((_, files),) = read(BASE, with_files=True).files
    assert files == (
        PackageFile(path="/dev", mode=0o755, user="0", group="0", type="dir"),
        PackageFile(path="/etc", mode=0o755, user="0", group="0", type="dir"),
        PackageFile(path="/etc/motd", digest=SHA1, algorithm="sha1", mode=0o644, user="0", group="0"),
        PackageFile(path="/tmp", mode=0o1777, user="0", group="0", type="dir"),
        PackageFile(path="/usr/bin", mode=0o755, user="0", group="0", type="dir"),
        PackageFile(path="/usr/bin/su", digest=SHA1, algorithm="sha1", mode=0o4755, user="0", group="42"),
        PackageFile(
            path="/usr/bin/link",
            digest="38566df99329ee3d069f2d2ba922ae589caa6260",
            algorithm="sha1",
            mode=0o777,
            user="0",
            group="0",
        ),
    )


@pytest.mark.parametrize(
    ("checksum", "expected"),
    [
        ("D41D8CD98F00B204E9800998ECF8427E", ("d41d8cd98f00b204e9800998ecf8427e", "md5")),
        ("Q2" + base64.b64encode(b"\1" * 32).decode(), ("01" * 32, "sha256")),
        ("Q1***", ("", "")),
        ("é", ("", "")),
        ("", ("", "")),
    ],
)
def test_other_checksums_are_told_apart(checksum: str, expected: tuple[str, str]) -> None:
    ((_, files),) = read(f"P:a\nV:1\nF:\nR:x\nZ:{checksum}\n", with_files=True).files
    assert [(one.path, one.digest, one.algorithm) for one in files if one.type == "file"] == [
        ("/x", *expected)
    ]


def test_without_a_release_file_the_repository_names_the_branch() -> None:
    tree: dict[str, str | bytes | Node] = {
        "/lib/apk/db/installed": LIBC,
        "/etc/apk/repositories": "#x\nhttps://mirror.example/alpine/v3.18/main\n",
    }
    assert "distro=alpine-3.18" in catalog(Files(tree)).packages[0].purl


@pytest.mark.parametrize("text", ["\n" * 1_000_000, "https://" + "/alpine/v" * 100_000, " " * 1_000_000])
def test_a_long_list_of_repositories_is_read_in_no_time(text: str) -> None:
    tree: dict[str, str | bytes | Node] = {"/lib/apk/db/installed": LIBC, "/etc/apk/repositories": text}
    assert "distro" not in catalog(Files(tree)).packages[0].purl


def test_an_entry_without_a_name_is_unknown_and_the_others_are_read() -> None:
    inventory = read("V:1\nA:x86_64\n\n" + LIBC)
    assert [one.name for one in inventory.packages] == ["musl-utils"]
    assert [one.reason for one in inventory.unknowns] == ["an entry without name or version"]


def test_a_database_that_is_something_else_is_an_error() -> None:
    with pytest.raises(CatalogError, match="/lib/apk/db/installed"):
        read(b"\x7fELF\0\0\1\xff\n\nxx")


def test_a_blank_database_is_unknown() -> None:
    assert [one.reason for one in read("\n\n").unknowns] == ["no packages in it"]


def test_a_database_that_is_too_large_is_an_error() -> None:
    class Long(Files):
        @property
        def oversized(self) -> tuple[tuple[str, int], ...]:
            return (("/lib/apk/db/installed", 1 << 40),)

    with pytest.raises(CatalogError, match="1099511627776 bytes"):
        catalog(Long({}))


LINES = st.sampled_from(
    (*BASE.split("\n"), "", "", "P:", "V:", "F:../..", "R:", "a::", "M:9:9:999999999", "Z:Q1", ":")
)


@settings(max_examples=150, deadline=None)
@given(st.lists(LINES | st.text(max_size=20), max_size=40).map("\n".join) | st.binary(max_size=200))
def test_damage_never_crashes(text: str | bytes) -> None:
    assert survived(text)


def survived(text: str | bytes) -> bool:
    try:
        return all(one.name and one.version for one in read(text, with_files=True).packages)
    except CatalogError:
        return True
