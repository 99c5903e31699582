from __future__ import annotations

import contextlib
import struct
from collections.abc import Callable, Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anchore_gate.catalog import catalog, needs, rpm_bdb, rpm_ndb, rpm_sqlite
from anchore_gate.catalog.database import BadDatabase
from anchore_gate.catalog.rpm_header import Tag
from anchore_gate.errors import CatalogError
from anchore_gate.model.inventory import Package
from tests.support import rpmdb
from tests.support.files import Files, Node

RHEL = "ID=rhel\nVERSION_ID=9.2\n"
PLAIN = rpmdb.package("plain")
BIG = rpmdb.package("big", vendor="v" * 9000)
OPENSSL = rpmdb.package(
    "openssl-libs",
    "3.0.7",
    "16.el9_2",
    epoch=1,
    sourcerpm="openssl-3.0.7-16.el9_2.src.rpm",
    vendor="Red Hat, Inc.",
    packager="Red Hat",
    modularitylabel="openssl:3:20",
    basenames=("lib.so", "lib.conf", "doc", "ghost", "link", "openssl"),
    dirnames=("/usr/lib64/", "/etc/pki/"),
    dirindexes=(0, 1, 0, 0, 0, 1),
    filemodes=(0o100755, 0o100644, 0o100644, 0o100644, 0o120777, 0o40755),
    filesizes=(10, 20, 30, 0, 6, 4096),
    filedigests=("a" * 64, "b" * 64, "c" * 64, "", "", ""),
    filedigestalgo=8,
    fileflags=(0, 1, 2, 64, 0, 0),
    filestates=(0, 0, 2, 0, 0, 0),
    fileverifyflags=(0xFFFFFFFF, 0xFFFFFFFF & ~3, 0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF & ~64),
    fileusername=("root",) * 6,
    filegroupname=("root",) * 6,
)
FORMATS = {"Packages": rpmdb.bdb, "Packages.db": rpmdb.ndb, "rpmdb.sqlite": rpmdb.sqlite}
READERS = {"Packages": rpm_bdb.headers, "Packages.db": rpm_ndb.headers, "rpmdb.sqlite": rpm_sqlite.headers}
Build = Callable[[Iterable[bytes]], bytes]


def image(path: str, content: bytes, **more: bytes) -> Files:
    return Files(
        {"/etc/os-release": RHEL, path: Node(content, layer=3), **more},
        wants=needs().wants,
    )


def packages(path: str, content: bytes) -> tuple[Package, ...]:
    return catalog(image(path, content)).packages


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize(
    "folder", ["/var/lib/rpm", "/usr/lib/sysimage/rpm", "/usr/share/rpm", "/srv/root/var/lib/rpm"]
)
def test_every_format_is_read_in_every_folder(name: str, folder: str) -> None:
    found = packages(f"{folder}/{name}", FORMATS[name]([PLAIN, BIG, OPENSSL]))
    assert [(one.name, one.version) for one in found] == [
        ("big", "1.0-1.el9"),
        ("openssl-libs", "1:3.0.7-16.el9_2"),
        ("plain", "1.0-1.el9"),
    ]


def test_a_package_has_all_that_its_header_says() -> None:
    (found,) = packages("/var/lib/rpm/rpmdb.sqlite", rpmdb.sqlite([OPENSSL]))
    assert found == Package(
        type="rpm",
        name="openssl-libs",
        version="1:3.0.7-16.el9_2",
        purl="pkg:rpm/redhat/openssl-libs@3.0.7-16.el9_2?arch=x86_64&distro=rhel-9.2&epoch=1"
        "&upstream=openssl-3.0.7-16.el9_2.src.rpm",
        architecture="x86_64",
        licenses=("MIT",),
        locations=("/var/lib/rpm/rpmdb.sqlite",),
        layer=3,
        upstream="openssl",
        epoch=1,
        modularity="openssl:3:20",
        vendor="Red Hat, Inc.",
        maintainer="Red Hat",
        found_by="rpm",
    )


def test_an_epoch_of_nought_is_printed_where_it_is_recorded() -> None:
    found = packages("/var/lib/rpm/Packages.db", rpmdb.ndb([rpmdb.package("a", epoch=0), rpmdb.package("b")]))
    assert [(one.version, one.epoch) for one in found] == [("0:1.0-1.el9", 0), ("1.0-1.el9", None)]


def test_a_source_of_another_version_is_told() -> None:
    (found,) = packages(
        "/var/lib/rpm/Packages.db",
        rpmdb.ndb([rpmdb.package("a", sourcerpm="a-devel-2.0-3.nosrc.rpm", vendor="(none)")]),
    )
    assert (found.upstream, found.upstream_version, found.vendor) == ("a-devel", "2.0-3", "")


def test_the_oldest_owned_file_says_which_layer_brought_a_package() -> None:
    files = image("/var/lib/rpm/Packages.db", rpmdb.ndb([OPENSSL]), **{"/usr/lib64/lib.so": b""})
    assert catalog(files).packages[0].layer == 0


def test_files_are_recorded_as_rpm_would_verify_them() -> None:
    ((_, files),) = catalog(image("/var/lib/rpm/Packages", rpmdb.bdb([OPENSSL])), with_files=True).files
    assert {(one.user, one.group) for one in files} == {("root", "root")}
    assert [(one.path, one.digest, one.algorithm, one.mode, one.size) for one in files] == [
        ("/usr/lib64/lib.so", "a" * 64, "sha256", 0o100755, 10),
        ("/etc/pki/lib.conf", "", "", 0o100644, None),
        ("/usr/lib64/link", "", "", 0o120777, None),
        ("/etc/pki/openssl", "", "", None, None),
    ]
    assert [(one.type, one.is_config) for one in files] == [
        ("file", False),
        ("file", True),
        ("link", False),
        ("dir", False),
    ]


def test_without_files_none_are_built() -> None:
    assert catalog(image("/var/lib/rpm/Packages", rpmdb.bdb([OPENSSL]))).files == ()


def test_old_headers_name_whole_paths_and_have_md5() -> None:
    old = rpmdb.package("old", oldfilenames=("/bin/old",), filedigests=("d" * 32,), filemodes=(0o100755,))
    ((_, files),) = catalog(image("/var/lib/rpm/Packages", rpmdb.bdb([old])), with_files=True).files
    assert [(one.path, one.algorithm, one.mode) for one in files] == [("/bin/old", "md5", 0o100755)]


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("page_type", [2, 13])
@pytest.mark.parametrize("page_size", [512, 4096, 65536])
def test_berkeley_db_is_read_in_either_byte_order(order: str, page_type: int, page_size: int) -> None:
    content = rpmdb.bdb([PLAIN, BIG], order=order, page_type=page_type, page_size=page_size)
    assert list(rpm_bdb.headers(content)) == [PLAIN, BIG]


def test_a_small_header_inside_of_a_berkeley_db_page_is_read() -> None:
    page_size = 4096
    key, value = b"\1\1\0\0\0", b"\1" + PLAIN
    offsets = (page_size - len(key), page_size - len(key) - len(value))
    page = struct.pack("<8xIIIHHBBHH", 1, 0, 0, 2, offsets[1], 0, 13, *offsets)
    content = rpmdb.bdb([], page_size=page_size)
    content = content[:32] + struct.pack("<I", 1) + content[36:]
    content += page + b"\0" * (offsets[1] - len(page)) + value + key
    assert list(rpm_bdb.headers(content)) == [PLAIN]


def test_the_list_of_distroless_mariner_is_read() -> None:
    line = "filesystem\t1.1-15.cm2\t0\t0\tMicrosoft Corporation\t(none)\t0\tx86_64\t0\tfilesystem-1.1-15.cm2.src.rpm\n"
    found = packages(
        "/var/lib/rpmmanifest/container-manifest-2",
        (line + line.replace("filesystem", "a").replace("(none)", "2")).encode(),
    )
    assert [(one.name, one.version, one.vendor) for one in found] == [
        ("a", "2:1.1-15.cm2", "Microsoft Corporation"),
        ("filesystem", "1.1-15.cm2", "Microsoft Corporation"),
    ]


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("content", [b"", b"\0" * 8192, b"not a database at all, but long enough" * 200])
def test_a_system_database_that_is_none_is_an_error(name: str, content: bytes) -> None:
    with pytest.raises(CatalogError, match=r"/var/lib/rpm/"):
        packages(f"/var/lib/rpm/{name}", content)


def test_a_damaged_database_elsewhere_is_unknown() -> None:
    inventory = catalog(image("/opt/var/lib/rpm/Packages", b""))
    assert [(one.path, one.cataloger) for one in inventory.unknowns] == [("/opt/var/lib/rpm/Packages", "rpm")]


def test_a_database_without_packages_is_unknown() -> None:
    inventory = catalog(image("/var/lib/rpm/rpmdb.sqlite", rpmdb.sqlite([])))
    assert [one.reason for one in inventory.unknowns] == ["no packages in it"]


@pytest.mark.parametrize(
    "bad",
    [
        rpmdb.header({Tag.NAME: "a"}),
        rpmdb.header({Tag.NAME: 7, Tag.VERSION: "1"}),
        rpmdb.package("a", basenames=("x", "y"), dirnames=("/",), dirindexes=(0, 4)),
        rpmdb.package("a", basenames=("x", "y"), dirnames=("/",), dirindexes=(0,)),
        struct.pack(">II", 0xFFFFFFFF, 0xFFFFFFFF) + b"\0" * 64,
        struct.pack(">IIIIII", 1, 4, 1000, 6, 0xFFFFFFF0, 1) + b"abc\0",
        struct.pack(">IIIIII", 1, 4, 1000, 8, 0, 0xFFFFFFFF) + b"abc\0",
        struct.pack(">IIIIII", 1, 4, 1000, 6, 0, 1) + b"abcd",
    ],
)
def test_a_damaged_header_is_an_error(bad: bytes) -> None:
    with pytest.raises(CatalogError):
        packages("/var/lib/rpm/Packages.db", rpmdb.ndb([bad]))


def test_a_chain_of_pages_that_bites_its_tail_ends() -> None:
    content = bytearray(rpmdb.bdb([BIG]))
    content[2 * 512 + 16 : 2 * 512 + 20] = struct.pack("<I", 2)
    with pytest.raises(BadDatabase):
        list(rpm_bdb.headers(bytes(content)))


def test_many_entries_of_one_chain_are_refused() -> None:
    content = bytearray(rpmdb.bdb([BIG] * 20, page_size=4096))
    for page in range(len(content) // 4096):
        if content[page * 4096 + 25] == 13:
            at = struct.unpack_from("<H", content, page * 4096 + 28)[0]
            struct.pack_into("<II", content, page * 4096 + at + 4, 2, len(content))
    with pytest.raises(BadDatabase):
        list(rpm_bdb.headers(bytes(content)))


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(sorted(FORMATS)),
    st.lists(st.tuples(st.integers(0, 1 << 20), st.integers(0, 255)), max_size=6),
    st.integers(0, 1 << 20),
)
def test_damage_never_crashes(name: str, flips: list[tuple[int, int]], cut: int) -> None:
    content = bytearray(DAMAGED[name])
    for at, value in flips:
        content[at % len(content)] = value
    if cut % 3 == 0:
        content = content[: cut % len(content)]
    assert survived(name, bytes(content))


DAMAGED = {name: build([PLAIN, OPENSSL, BIG]) for name, build in FORMATS.items()}


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(sorted(FORMATS)), st.integers(0, 1 << 20), st.sampled_from((0, 1, 0x7FFFFFFF, 0xFFFFFFFF))
)
def test_a_huge_number_anywhere_never_crashes(name: str, at: int, number: int) -> None:
    content = bytearray(DAMAGED[name])
    struct.pack_into(">I", content, at % (len(content) - 4), number)
    assert survived(name, bytes(content))


def survived(name: str, content: bytes) -> bool:
    with contextlib.suppress(CatalogError):
        catalog(Files({f"/var/lib/rpm/{name}": content}), with_files=True)
    return True


def test_a_header_that_names_one_long_folder_without_end_is_refused() -> None:
    count = 20_000
    bomb = rpmdb.package(
        "bomb", basenames=("",) * count, dirnames=("/" + "x" * 100_000,), dirindexes=(0,) * count
    )
    with pytest.raises(CatalogError, match="bytes of paths"):
        packages("/var/lib/rpm/Packages.db", rpmdb.ndb([bomb]))
