"""Malware scans by a real clamd, with a database of one signature."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from anchore_gate import GateError, GateResult, LocalEngine, gate
from anchore_gate.policy.parse import parse_bundle
from tests.policy.support import bundle, rule
from tests.support.daemons import running
from tests.support.images import docker_archive, make_layer
from tests.support.tools import needs_tool, tool

pytestmark = needs_tool("clamd", "apt install clamav-daemon")
EVIL = b"this is a virus, honest"
ASKED = bundle(rule("malware", "scans"), rule("malware", "scan_not_run", "WARN"))


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    """Its socket; the folder is short, as names of sockets must be."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "db").mkdir()
        digest = hashlib.md5(EVIL, usedforsecurity=False).hexdigest()
        (folder / "db" / "one.hdb").write_text(f"{digest}:{len(EVIL)}:Test.Virus\n")
        socket = folder / "clamd.ctl"
        told = {
            "LocalSocket": socket,
            "DatabaseDirectory": folder / "db",
            "TemporaryDirectory": folder,
            "Foreground": "yes",
            "StreamMaxLength": "1M",
        }
        configuration = folder / "clamd.conf"
        configuration.write_text("".join(f"{key} {value}\n" for key, value in told.items()))
        command = [tool("clamd"), "-c", str(configuration)]
        with running(command, os.environ, log=folder / "log", answers=socket.is_socket):
            yield socket


def judged(tmp_path: Path, place: Path, content: bytes) -> GateResult:
    image = docker_archive(tmp_path / "a.tar", [make_layer({"opt/fine": "fine", "opt/it": content})])
    return gate(f"docker-archive:{image}", policy=parse_bundle(ASKED), engine=LocalEngine(clamd=place))


@pytest.mark.parametrize(("content", "passed"), [(EVIL, False), (b"fine as well", True)])
def test_what_it_knows_is_found(content: bytes, passed: bool, tmp_path: Path, place: Path) -> None:
    result = judged(tmp_path, place, content)
    ids = [one.trigger_id for outcome in result.evaluation.outcomes for one in outcome.findings]
    path = hashlib.md5(b"/opt/it", usedforsecurity=False).hexdigest()
    assert ids == ([] if passed else [f"clamav+Test.Virus.UNOFFICIAL+{path}"])
    assert result.passed is passed


def test_a_file_longer_than_it_takes_is_named_with_what_to_do(tmp_path: Path, place: Path) -> None:
    with pytest.raises(GateError, match=r"'/opt/it' failed: clamd said '.*size limit.* StreamMaxLength"):
        judged(tmp_path, place, os.urandom(3 * 1024 * 1024))
