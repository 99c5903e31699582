from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anchore_gate.catalog import catalog, needs
from anchore_gate.errors import CatalogError
from anchore_gate.model.inventory import Inventory, Package, PackageFile
from tests.support.files import Files, Node, link

Tree = dict[str, "bytes | str | Node"]
DEBIAN = "ID=debian\nVERSION_ID=12\n"
MD5 = "d41d8cd98f00b204e9800998ecf8427e"
LIBC = """Package: libc6
Status: install ok installed
Priority: optional
Section: libs
Installed-Size: 12986
Maintainer: GNU Libc Maintainers <debian-glibc@example.org>
Architecture: amd64
Multi-Arch: same
Source: glibc
Version: 2.36-9+deb12u4
Conffiles:
 /etc/ld.so.conf.d/x86_64-linux-gnu.conf d4e7a7b88a71b5ffd9e2644e71a0cfab
 /etc/old.conf d4e7a7b88a71b5ffd9e2644e71a0cfab obsolete
Description: GNU C Library: Shared libraries
 Contains the standard libraries.
 .
 Package: not-a-field
"""
GONE = "Package: gone\nStatus: deinstall ok config-files\nArchitecture: amd64\nVersion: 1\n"
BINUTILS = "Package: gcc-12-base\nStatus: install ok installed\nSource: gcc (1:12.2)\nVersion: 12.2.0-14\nArchitecture: all\n"


def read(tree: Tree, *, with_files: bool = False, release: str = DEBIAN) -> Inventory:
    return catalog(Files({"/etc/os-release": release, **tree}, wants=needs().wants), with_files=with_files)


def status(text: str) -> Tree:
    return {"/var/lib/dpkg/status": text}


def test_a_package_has_all_that_dpkg_says() -> None:
    tree: Tree = {
        "/var/lib/dpkg/info/libc6:amd64.list": Node(b"/.\n/lib\n/lib/libc.so.6\n", layer=2),
        "/usr/share/doc/libc6/copyright": "License: LGPL-2.1+\n",
    }
    assert read(status(LIBC) | tree).packages == (
        Package(
            type="deb",
            name="libc6",
            version="2.36-9+deb12u4",
            purl="pkg:deb/debian/libc6@2.36-9%2Bdeb12u4?arch=amd64&distro=debian-12&upstream=glibc",
            architecture="amd64",
            licenses=("LGPL-2.1+",),
            locations=(
                "/var/lib/dpkg/status",
                "/var/lib/dpkg/info/libc6:amd64.list",
                "/usr/share/doc/libc6/copyright",
            ),
            layer=2,
            upstream="glibc",
            maintainer="GNU Libc Maintainers <debian-glibc@example.org>",
            found_by="deb",
        ),
    )


def test_a_source_of_another_version_is_told() -> None:
    (found,) = read(status(BINUTILS)).packages
    assert (found.upstream, found.upstream_version) == ("gcc", "1:12.2")
    assert found.purl.endswith("&upstream=gcc%401:12.2")


@pytest.mark.parametrize(
    ("state", "count"),
    [
        ("install ok installed", 1),
        ("install ok half-configured", 1),
        ("hold ok installed", 1),
        ("install reinstreq half-installed", 1),
        ("install ok triggers-pending", 1),
        ("deinstall ok installed", 1),
        ("deinstall ok config-files", 0),
        ("purge ok not-installed", 0),
    ],
)
def test_what_is_unpacked_counts_as_installed(state: str, count: int) -> None:
    assert len(read(status(f"Package: a\nStatus: {state}\nVersion: 1\n")).packages) == count


def test_a_purged_package_without_a_version_is_no_unknown() -> None:
    inventory = read(status(LIBC + "\nPackage: b\nStatus: purge ok not-installed\n\n" + GONE))
    assert ([one.name for one in inventory.packages], inventory.unknowns) == (["libc6"], ())


@pytest.mark.parametrize(
    "path",
    [
        "/var/lib/dpkg/status",
        "/usr/lib/dpkg/status",
        "/var/lib/dpkg/status.d/libc6",
        "/srv/chroot/var/lib/dpkg/status",
        "/usr/lib/opkg/status",
        "/usr/lib/opkg/info/libc6.control",
    ],
)
def test_every_place_of_a_status_file_is_read(path: str) -> None:
    assert [one.name for one in read({path: LIBC}).packages] == ["libc6"]


def test_distroless_keeps_its_lists_beside_the_status() -> None:
    folder = "/var/lib/dpkg/status.d"
    tree: Tree = {
        f"{folder}/base": BINUTILS.replace("gcc-12-base", "base"),
        f"{folder}/base.md5sums": f"{MD5}  usr/lib/python3/site-packages/x/METADATA\n",
        f"{folder}/base.preinst": "#!/bin/sh\n",
    }
    inventory = read(tree, with_files=True)
    assert ([one.name for one in inventory.packages], inventory.unknowns) == (["base"], ())
    assert inventory.files[0][1] == (
        PackageFile(path="/usr/lib/python3/site-packages/x/METADATA", digest=MD5, algorithm="md5"),
    )


def test_a_line_of_spaces_parts_paragraphs_and_names_have_any_case() -> None:
    inventory = read(status("package: a\nVERSION: 1\n \nPackage : b\nVersion: 2"))
    assert [(one.name, one.version) for one in inventory.packages] == [("a", "1"), ("b", "2")]


def test_files_have_md5_sums_and_conffiles_their_own() -> None:
    info = "/var/lib/dpkg/info/libc6:amd64"
    tree: Tree = {
        f"{info}.list": "/.\n/lib\n/lib/libc.so.6\n/etc\n/etc/ld.so.conf.d\n"
        "/etc/ld.so.conf.d/x86_64-linux-gnu.conf\n/lib/link\n",
        f"{info}.md5sums": f"{MD5}  lib/libc.so.6\nnonsense\n",
        f"{info}.conffiles": "/etc/ld.so.conf.d/x86_64-linux-gnu.conf\n",
    }
    ((_, files),) = read(status(LIBC) | tree, with_files=True).files
    assert files == (
        PackageFile(path="/etc", type="dir"),
        PackageFile(path="/etc/ld.so.conf.d", type="dir"),
        PackageFile(
            path="/etc/ld.so.conf.d/x86_64-linux-gnu.conf",
            digest="d4e7a7b88a71b5ffd9e2644e71a0cfab",
            algorithm="md5",
            is_config=True,
        ),
        PackageFile(path="/lib", type="dir"),
        PackageFile(path="/lib/libc.so.6", digest=MD5, algorithm="md5"),
        PackageFile(path="/lib/link"),
    )


@pytest.mark.parametrize(
    ("text", "licenses"),
    [
        ("Files: *\nLicense: GPL-2+ or MIT\n\nLicense: MIT.\n text\n", ("GPL-2+", "MIT")),
        ("License: none\nLicense:\nLicense: \n", ()),
        (
            "see\n `/usr/share/common-licenses/GPL-2'.\n/usr/share/common-licenses/LGPL-2.1.\n",
            ("GPL-2", "LGPL-2.1"),
        ),
        (" License: indented\n", ()),
        (b"License: caf\xe9\n", ("caf\ufffd",)),
        ("", ()),
    ],
)
def test_licences_come_from_both_forms_of_copyright_file(
    text: str | bytes, licenses: tuple[str, ...]
) -> None:
    tree: Tree = {"/usr/share/doc/libc6/copyright": text}
    assert read(status(LIBC) | tree).packages[0].licenses == licenses


def test_a_copyright_file_behind_a_link_is_read() -> None:
    tree: Tree = {
        "/usr/share/doc/libc6": link("libc-base"),
        "/usr/share/doc/libc-base/copyright": "License: MIT\n",
    }
    assert read(status(LIBC) | tree).packages[0].licenses == ("MIT",)


def test_a_name_that_climbs_reads_nothing() -> None:
    tree: Tree = {"/etc/copyright": "License: MIT\n"}
    (found,) = read(status("Package: ../../../../etc\nVersion: 1\n") | tree).packages
    assert found.licenses == ()


def test_a_paragraph_without_version_is_unknown_and_the_others_are_read() -> None:
    inventory = read(status("Package: a\nStatus: install ok installed\n\n" + LIBC))
    assert [one.name for one in inventory.packages] == ["libc6"]
    assert [one.reason for one in inventory.unknowns] == ["a paragraph without package name or version"]


@pytest.mark.parametrize("content", [b"\0\1\2\3", b"Pakij: apt\n", b"\xff" * 100])
def test_a_status_file_that_is_something_else_is_an_error(content: bytes) -> None:
    with pytest.raises(CatalogError, match="/var/lib/dpkg/status"):
        read({"/var/lib/dpkg/status": content})


def test_an_empty_status_file_is_unknown() -> None:
    assert [one.path for one in read(status("")).unknowns] == ["/var/lib/dpkg/status"]


def test_ubuntu_has_its_own_namespace() -> None:
    (found,) = read(status(BINUTILS), release="ID=ubuntu\nVERSION_ID=22.04\n").packages
    assert found.purl.startswith("pkg:deb/ubuntu/gcc-12-base@12.2.0-14?arch=all&distro=ubuntu-22.04")


LINES = st.sampled_from(
    (*LIBC.split("\n"), "", " ", "Package:", "Version", "Source: (", "Conffiles:", " / /", ":")
)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(LINES | st.text(max_size=20), max_size=40).map("\n".join),
    st.binary(max_size=80),
    st.binary(max_size=80),
)
def test_damage_never_crashes(text: str, listing: bytes, sums: bytes) -> None:
    tree: Tree = {
        "/var/lib/dpkg/info/libc6.list": listing,
        "/var/lib/dpkg/info/libc6.md5sums": sums,
        "/usr/share/doc/libc6/copyright": listing,
    }
    assert survived(status(text) | tree)


def survived(tree: Tree) -> bool:
    try:
        return all(one.name and one.version for one in read(tree, with_files=True).packages)
    except CatalogError:
        return True
