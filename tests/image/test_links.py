"""Wanted files behind symbolic links."""

from __future__ import annotations

from pathlib import Path

import pytest

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
