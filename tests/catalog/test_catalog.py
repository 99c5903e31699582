from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from anchore_gate import catalog as room
from anchore_gate.catalog import catalog, catalogers, needs
from anchore_gate.catalog.cataloger import Cataloger, Ownership
from anchore_gate.image.filesystem import Filesystem
from anchore_gate.image.literals import required_literals
from anchore_gate.image.needs import Needs, Want
from anchore_gate.model.inventory import Distro, Inventory, Package, Unknown
from tests.support.files import Files, Node, link

STATUS = "Package: python3-x\nVersion: 1\nArchitecture: all\n\n"
METADATA = "/usr/lib/python3/dist-packages/x-1.dist-info/METADATA"
WHEEL = Want(names=frozenset({"METADATA"}), limit=100)


@dataclass(frozen=True)
class Wheels:
    """A cataloger of one kind of file, to see what becomes of what it yields."""

    name: str = "wheels"

    def needs(self) -> Needs:
        return Needs(wants=(WHEEL,))

    def catalog(
        self, files: Filesystem, distro: Distro | None, *, with_files: bool
    ) -> Iterator[Package | Ownership | Unknown]:
        for path in files.kept(WHEEL):
            yield Package(type="python", name="x", version="1", locations=(path,))


@pytest.fixture(autouse=True)
def _only(monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = (*(one for one in catalogers() if one.name in {"apk", "deb", "rpm"}), Wheels())
    monkeypatch.setattr(room, "catalogers", lambda: chosen)


def with_list(text: str, **more: bytes | Node) -> Files:
    tree = {"/var/lib/dpkg/status": STATUS, "/var/lib/dpkg/info/python3-x.list": text, METADATA: b"", **more}
    return Files(tree)


def owner(files: Files) -> list[str]:
    return [one.owned_by for one in catalog(files).packages if one.type == "python"]


def test_every_cataloger_has_the_shape() -> None:
    shape = {name for name in vars(Cataloger) if not name.startswith("_")}
    assert shape == {"name", "needs", "catalog"}
    assert all(hasattr(one, name) for one in catalogers() for name in shape)


def test_what_a_want_says_that_paths_hold_is_in_every_path_that_fits() -> None:
    told = [want for want in needs().wants if want.holds]
    assert told
    for want in told:
        literals = required_literals(want.pattern)
        assert literals is not None
        assert all(want.holds.encode() in literal for literal in literals)
        assert not want.names | want.suffixes


def test_what_an_os_package_brought_is_owned_by_it_and_kept() -> None:
    assert owner(with_list(f"{METADATA}\n")) == ["pkg:deb/python3-x@1?arch=all"]


def test_what_nobody_brought_is_owned_by_nobody() -> None:
    assert owner(with_list("/usr\n/usr/lib\n")) == [""]


def test_a_database_that_writes_lib_for_usr_lib_owns_too() -> None:
    listed = f"{METADATA.removeprefix('/usr')}\n"
    assert owner(with_list(listed, **{"/lib": link("usr/lib")})) == ["pkg:deb/python3-x@1?arch=all"]
    assert owner(with_list(listed)) == [""]


def test_one_package_in_two_databases_is_one_package() -> None:
    files = Files({"/var/lib/dpkg/status": STATUS, "/var/lib/dpkg/status.d/x": STATUS})
    assert [one.name for one in catalog(files).packages] == ["python3-x"]


def test_language_packages_of_one_name_in_two_places_are_two() -> None:
    files = Files({"/a/METADATA": b"", "/b/METADATA": b""})
    assert [one.locations for one in catalog(files).packages] == [("/a/METADATA",), ("/b/METADATA",)]


def test_evidence_that_is_too_large_is_unknown() -> None:
    files = Files({"/a/METADATA": b"x" * 101}, wants=needs().wants)
    assert catalog(files).unknowns == (Unknown("/a/METADATA", "wheels", "101 bytes, more than 100"),)


def test_the_inventory_is_sorted_whatever_the_order_of_the_database() -> None:
    paragraphs = [f"Package: p{n}\nVersion: {n}\n" for n in range(20)]
    ways = [paragraphs, paragraphs[::-1]]
    one, other = (catalog(Files({"/var/lib/dpkg/status": "\n".join(way)}), with_files=True) for way in ways)
    assert one == other
    assert list(one.packages) == sorted(one.packages, key=lambda p: p.name)


def test_an_empty_filesystem_has_nothing() -> None:
    assert catalog(Files({})) == Inventory()


def test_an_inventory_is_hashable() -> None:
    assert hash(catalog(with_list(f"{METADATA}\n"), with_files=True))
