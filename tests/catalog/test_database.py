from __future__ import annotations

import pytest

from anchore_gate.catalog import catalog, needs
from anchore_gate.catalog.database import BadDatabase, Budget, is_wanted, layer_of
from anchore_gate.errors import CatalogError
from anchore_gate.image.needs import Want
from tests.support.files import Files, Node, link


def test_packages_are_counted() -> None:
    budget = Budget(packages=1)
    budget.package()
    with pytest.raises(BadDatabase, match="packages"):
        budget.package()


def test_paths_are_counted_with_what_each_costs() -> None:
    assert list(Budget(paths=2 * 65).counted(["a", "b"])) == ["a", "b"]
    with pytest.raises(BadDatabase, match="paths"):
        list(Budget(paths=2 * 65 - 1).counted(["a", "b"]))


@pytest.mark.parametrize(
    ("want", "path", "answer"),
    [
        (Want(names=frozenset({"Status"})), "/x/status", True),
        (Want(suffixes=frozenset({".LIST"})), "/x/a.list", True),
        (Want(suffixes=frozenset({".list"}), pattern="/y/.*"), "/x/a.list", False),
        (Want(pattern="/x/.*"), "/x/anything", True),
        (Want(names=frozenset({"a"})), "/x/b", False),
    ],
)
def test_a_want_says_which_paths_it_means(want: Want, path: str, answer: bool) -> None:
    assert is_wanted(want, path) is answer


def test_the_layer_is_that_of_the_oldest_file_and_else_of_the_database() -> None:
    files = Files(
        {"/a": Node(layer=4), "/b": Node(layer=2), "/d": Node(type="dir", layer=0), "/db": Node(layer=9)}
    )
    assert layer_of(files, "/db", ["/d", "/a", "/b", "/none"]) == 2
    assert layer_of(files, "/db", ["/d"]) == 9
    assert layer_of(files, "/none") is None


INSTALLED = "P:musl\nV:1.2.5-r0\n\n"
STATUS = "Package: base\nStatus: install ok installed\nVersion: 1\nArchitecture: all\n\n"
APK, DEB = "/lib/apk/db/installed", "/var/lib/dpkg/status"


@pytest.mark.parametrize(
    ("tree", "name"),
    [
        ({APK: link("/srv/db"), "/srv/db": INSTALLED}, "musl"),
        ({"/lib/apk/db": link("/srv"), "/srv/installed": INSTALLED}, "musl"),
        ({DEB: link("../../../srv/db"), "/srv/db": STATUS}, "base"),
        ({"/var/lib/dpkg": link("/srv"), "/srv/status": STATUS}, "base"),
        ({"/lib": link("usr/lib"), "/usr" + APK: INSTALLED}, "musl"),
        ({DEB: link("status-1"), "/var/lib/dpkg/status-1": STATUS}, "base"),
    ],
)
def test_a_database_behind_a_link_is_read_once(tree: dict[str, str | Node], name: str) -> None:
    assert [one.name for one in catalog(Files(tree)).packages] == [name]


def test_a_database_behind_a_link_that_nobody_kept_is_no_empty_one() -> None:
    files = Files({DEB: link("/srv/db"), "/srv/db": STATUS}, wants=needs().wants)
    with pytest.raises(CatalogError, match="a link to '/srv/db', which was not kept"):
        catalog(files)


@pytest.mark.parametrize("target", ["/nowhere", DEB, "/var"])
def test_a_link_that_leads_to_no_file_is_no_database(target: str) -> None:
    assert catalog(Files({DEB: link(target)}, wants=needs().wants)).packages == ()
