"""Images of a daemon: saved through the socket of its API."""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from anchore_gate.api import gate
from anchore_gate.engine.local import LocalEngine
from anchore_gate.errors import ConfigError, ImageError, ImageNotFound, NetworkError, RegistryAuthError
from anchore_gate.image.daemon_source import Daemon, find_local
from anchore_gate.image.needs import Needs, Want
from anchore_gate.image.registry_settings import RegistrySettings
from anchore_gate.image.sources import is_short, open_image
from tests.support.images import docker_archive, make_layer
from tests.support.web import Reply, serve

DIGEST = "sha256:" + "ab" * 32


@contextmanager
def daemon(path: Path, archive: bytes, *, cut: int = 0, name: str = "team/app:1.0") -> Iterator[list[str]]:
    """What answers on a unix socket as dockerd does, for one image."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            if self.path == f"/images/{name}/json":
                self._reply(
                    200, json.dumps({"Id": "sha256:x", "RepoDigests": ["x@y", f"team/app@{DIGEST}"]}).encode()
                )
            elif self.path == f"/images/{name}/get":
                self._reply(200, archive, cut=cut)
            elif self.path.startswith("/images/broken"):
                self._reply(500, b'{"message": "storage is read-only"}')
            else:
                self._reply(404, b'{"message": "No such image"}')

        def _reply(self, status: int, body: bytes, *, cut: int = 0) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: len(body) - cut])

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    class Server(socketserver.ThreadingUnixStreamServer):
        daemon_threads = True

    with Server(str(path), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield asked
        server.shutdown()


@pytest.fixture
def archive(tmp_path: Path) -> bytes:
    path = tmp_path / "image.tar"
    docker_archive(path, [make_layer({"etc/os-release": "ID=debian\n"})], tag="team/app:1.0")
    return path.read_bytes()


@pytest.fixture
def socket_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "d.sock"
    for scheme in ("DOCKER_HOST", "CONTAINER_HOST"):
        monkeypatch.setenv(scheme, f"unix://{path}")
    return path


@pytest.mark.parametrize("scheme", ["docker", "podman"])
def test_an_image_of_a_daemon_is_read(scheme: str, socket_path: Path, archive: bytes) -> None:
    want = Want.exact("/etc/os-release")
    with daemon(socket_path, archive), open_image(f"{scheme}:team/app:1.0") as opened:
        files = opened.scan(Needs(wants=(want,)))
        assert files.read("/etc/os-release") == b"ID=debian\n"
        image = opened.image
    assert (image.source, image.tag, str(image.digest)) == (scheme, "docker.io/team/app:1.0", DIGEST)
    assert image.name == f"{scheme}:team/app:1.0"


def test_a_short_reference_that_a_daemon_has_is_read_there(socket_path: Path, archive: bytes) -> None:
    with daemon(socket_path, archive), open_image("team/app:1.0") as opened:
        assert opened.image.source == "docker"


def test_a_daemon_of_this_machine_is_asked_offline_too(socket_path: Path, archive: bytes) -> None:
    with daemon(socket_path, archive):
        result = gate("team/app:1.0", policy="anchore-default", engine=LocalEngine(offline=True))
    assert result.evaluation.outcomes


@pytest.mark.parametrize(("status", "error"), [(404, ImageNotFound), (401, RegistryAuthError)])
def test_what_a_registry_does_not_give_and_a_daemon_has_is_said(
    status: int, error: type[Exception], socket_path: Path, archive: bytes
) -> None:
    with serve(lambda _: Reply(status)) as site, daemon(socket_path, archive, name=f"{site.host}/app:1"):
        settings = RegistrySettings(http_hosts=(site.host,))
        says = f"docker has it here: `docker:{site.host}/app:1`"
        with pytest.raises(error, match=says), open_image(f"{site.host}/app:1", registry=settings):
            pass


def test_a_daemon_without_the_image_is_passed_over(socket_path: Path, archive: bytes) -> None:
    with daemon(socket_path, archive):
        assert find_local("other:1") is None


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("app:1.2", True),
        ("team/app", True),
        ("localhost/app:1", True),
        ("r.io/app", False),
        ("localhost:5000/app", False),
        ("app@sha256:" + "a" * 64, False),
    ],
)
def test_only_names_without_a_registry_are_looked_for_here(text: str, short: bool) -> None:
    assert is_short(text) is short


def test_an_image_that_is_not_there_says_what_to_do(socket_path: Path, archive: bytes) -> None:
    with (
        daemon(socket_path, archive),
        pytest.raises(ImageNotFound, match="pull it, or name it `registry:other:1`"),
        open_image("docker:other:1"),
    ):
        pass


def test_a_daemon_that_fails_is_quoted(socket_path: Path, archive: bytes) -> None:
    with (
        daemon(socket_path, archive),
        pytest.raises(ImageError, match=r"answers 500 .*storage is read-only"),
        open_image("docker:broken:1"),
    ):
        pass


def test_a_cut_transfer_is_no_verdict(socket_path: Path, archive: bytes) -> None:
    with (
        daemon(socket_path, archive, cut=10),
        pytest.raises(NetworkError, match="was cut"),
        open_image("docker:team/app:1.0"),
    ):
        pass


def test_no_daemon_is_one_line(socket_path: Path) -> None:
    with pytest.raises(NetworkError, match=r"no connection to .*d\.sock"), open_image("docker:app"):
        pass


def test_a_daemon_behind_ssh_is_refused_with_a_way_out() -> None:
    with pytest.raises(ConfigError, match="docker save -o FILE"):
        Daemon.find("docker", {"DOCKER_HOST": "ssh://host"})


def test_a_place_that_may_not_be_looked_at_has_no_daemon(tmp_path: Path) -> None:
    places = {"XDG_RUNTIME_DIR": "/" + "x" * 5000, "HOME": str(tmp_path)}  # fails for root as well
    assert Daemon.find("podman", places) == Daemon.find(
        "podman", {**places, "XDG_RUNTIME_DIR": str(tmp_path)}
    )


def test_no_socket_is_no_daemon(tmp_path: Path) -> None:
    assert Daemon.find("podman", {"XDG_RUNTIME_DIR": str(tmp_path), "HOME": str(tmp_path)}) is None
