"""Wanted files behind symbolic links."""

from __future__ import annotations

from pathlib import Path

import pytest

from anchore_gate.errors import LimitExceeded
from anchore_gate.image.links import scan
from anchore_gate.image.needs import Needs, Want
from anchore_gate.image.sources import open_image
from tests.support.images import Entry, docker_archive, make_layer, symlink

PASSWD = "/etc/passwd"
BASE: dict[str, bytes | str | Entry] = {"usr/lib/accounts": "root:x:0:0\n", "etc/other": "x"}


def contents(image: Path, *wants: Want) -> dict[str, bytes]:
    with open_image(str(image)) as opened:
        files = scan(opened, Needs(wants=wants))
        return {want.path: files.read(want.path) for want in wants if files.has(want.path)}


@pytest.mark.parametrize("target", ["../usr/lib/accounts", "/usr/lib/accounts", "hop"])
def test_a_file_behind_a_link_is_read(tmp_path: Path, target: str) -> None:
    links = {
        "etc/passwd": symlink(target),
        "etc/hop": symlink("/etc/last"),
        "etc/last": symlink("../usr/lib/accounts"),
    }
    image = docker_archive(tmp_path / "a.tar", [make_layer(BASE), make_layer(links)])

    assert contents(image, Want.exact(PASSWD), Want.exact("/etc/other")) == {
        PASSWD: b"root:x:0:0\n",
        "/etc/other": b"x",
    }


def test_a_file_behind_a_link_of_a_folder_is_read(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/passwd").symlink_to("/accounts")
    (tmp_path / "accounts").write_text("root:x:0:0")

    assert contents(tmp_path, Want.exact(PASSWD)) == {PASSWD: b"root:x:0:0"}


@pytest.mark.parametrize(
    ("target", "limit"), [("nowhere", 99), ("passwd", 99), ("/usr/lib", 99), ("/usr/lib/accounts", 3)]
)
def test_a_link_that_leads_to_no_file_of_that_size_gives_nothing(
    tmp_path: Path, target: str, limit: int
) -> None:
    layers = [make_layer({**BASE, "etc/passwd": symlink(target)})]

    assert contents(docker_archive(tmp_path / "a.tar", layers), Want.exact(PASSWD, limit=limit)) == {}


@pytest.mark.parametrize("path", ["/etc/passwd", "/a b/c.d+e", "/x\\y", "/new\nline"])
def test_an_exact_want_knows_its_path(path: str) -> None:
    assert Want.exact(path, limit=3).path == path
    assert Want(pattern=path).path == ""
    assert Want(names=frozenset({"passwd"})).path == ""


def scanned(tmp_path: Path, tree: dict[str, bytes | str | Entry], want: Want) -> dict[str, bytes]:
    image = docker_archive(tmp_path / "a.tar", [make_layer(tree)])
    with open_image(str(image)) as opened:
        files = scan(opened, Needs(wants=(want,)))
        return {path: files.read(path) for path in files.kept(want)}


JSON = Want(names=frozenset({"package.json"}), pattern=r".*/package\.json", limit=100)


def test_a_link_that_a_pattern_wants_leads_to_its_file(tmp_path: Path) -> None:
    tree: dict[str, bytes | str | Entry] = {"app/package.json": symlink("/opt/blob"), "opt/blob": "x"}
    assert scanned(tmp_path, tree, JSON) == {"/app/package.json": b"x"}


def test_a_link_to_a_file_that_is_wanted_itself_adds_nothing(tmp_path: Path) -> None:
    tree: dict[str, bytes | str | Entry] = {
        "app/package.json": symlink("/opt/package.json"),
        "opt/package.json": "x",
        "loop/package.json": symlink("package.json"),
        "folder/package.json": symlink("/opt"),
        "gone/package.json": symlink("/nowhere"),
    }
    assert scanned(tmp_path, tree, JSON) == {"/opt/package.json": b"x"}


def test_a_file_behind_a_link_that_is_too_large_is_said_so(tmp_path: Path) -> None:
    tree: dict[str, bytes | str | Entry] = {"app/package.json": symlink("/opt/blob"), "opt/blob": "x" * 101}
    image = docker_archive(tmp_path / "a.tar", [make_layer(tree)])
    with open_image(str(image)) as opened:
        files = scan(opened, Needs(wants=(JSON,)))
        assert (list(files.kept(JSON)), files.oversized) == ([], (("/app/package.json", 101),))


def test_more_links_than_the_limit_stop_the_scan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("anchore_gate.image.links.MAX_BEHIND", 1)
    tree: dict[str, bytes | str | Entry] = {"opt/1": "x", "opt/2": "y"}
    tree |= {f"{n}/package.json": symlink(f"/opt/{n}") for n in (1, 2)}
    with pytest.raises(LimitExceeded, match="2 wanted files"):
        scanned(tmp_path, tree, JSON)
