"""Failing runs with known secrets: none is in anything that is said or written."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.support.registry import build_image, fake_registry
from tests.support.web import Asked, Reply, Respond, Site, serve

IMAGE = build_image({"app": b"x"})
PASSWORD, QUERY, TOKEN = "known-secret-password", "known-secret-query", "known-secret-token"
BASIC = base64.b64encode(f"app:{PASSWORD}".encode()).decode()


def echo(asked: Asked) -> bytes:
    """Everything the server was told, as a careless registry would give it back."""
    return json.dumps(
        {"errors": [{"code": "X", "message": f"{asked.path} {asked.headers} {asked.body!r}"}]}
    ).encode()


def basic_refused(asked: Asked) -> Reply:
    return Reply(401, echo(asked), headers={"WWW-Authenticate": 'Basic realm="x"'})


def token_refused(asked: Asked) -> Reply:
    if asked.path.startswith("/token"):
        return Reply(403, echo(asked))
    realm = f"http://{asked.headers['host']}/token?sig={QUERY}"
    return Reply(401, echo(asked), headers={"WWW-Authenticate": f'Bearer realm="{realm}",service="s"'})


def token_useless(asked: Asked) -> Reply:
    if asked.path.startswith("/token"):
        return Reply(body=json.dumps({"token": TOKEN}).encode())
    realm = f"http://{asked.headers['host']}/token?sig={QUERY}"
    if "authorization" not in asked.headers:
        return Reply(401, echo(asked), headers={"WWW-Authenticate": f'Bearer realm="{realm}",service="s"'})
    return Reply(403, echo(asked))


def redirected(asked: Asked) -> Reply:
    if "authorization" not in asked.headers:
        return basic_refused(asked)
    if "/blobs/" in asked.path:
        return Reply(307, headers={"Location": f"http://10.0.0.1/b?X-Amz-Signature={QUERY}"})
    return Reply(0)


def broken(asked: Asked) -> Reply:
    return basic_refused(asked) if "authorization" not in asked.headers else Reply(418, echo(asked))


@pytest.mark.parametrize("respond", [basic_refused, token_refused, token_useless, redirected, broken])
@pytest.mark.parametrize("command", [("check",), ("registry", "list")], ids=["check", "list"])
def test_no_secret_is_said_or_written(respond: Respond, command: tuple[str, ...], tmp_path: Path) -> None:
    if respond is redirected and command != ("check",):
        return  # a list reads no blob
    with serve(fake_registry(IMAGE, respond)) as site:
        target = f"{site.host}/app:1" if command == ("check",) else site.host
        reports = ["--report-dir", str(tmp_path / "reports")] if command == ("check",) else []
        done = run([*command, target, *reports], tmp_path)
    written = "".join(path.read_text(errors="replace") for path in tmp_path.rglob("*") if path.is_file())
    assert done.returncode == 3, done.stderr
    for secret in (PASSWORD, QUERY, TOKEN, BASIC):
        assert secret not in done.stdout + done.stderr + written
    assert "Traceback" not in done.stderr


def guarded(asked: Asked) -> Reply:
    return basic_refused(asked) if "authorization" not in asked.headers else Reply(0)


def logins(site: Site) -> set[str]:
    return {login for asked in site.asked if (login := asked.headers.get("authorization"))}


def test_credentials_of_nobody_in_particular_are_shown_to_none_of_two_registries(tmp_path: Path) -> None:
    with serve(fake_registry(IMAGE, guarded)) as one, serve(fake_registry(IMAGE, guarded)) as other:
        done = run(["check", f"{one.host}/app:1", f"{other.host}/app:1"], tmp_path)
        assert done.returncode == 2
        assert "--registry-host" in done.stderr
        assert not one.asked
        assert not other.asked


@pytest.mark.parametrize("host", ["r.io/team", "https://r.io", "r.io:port", "team", "a b"])
def test_a_registry_host_that_is_none_is_a_usage_error(host: str, tmp_path: Path) -> None:
    done = run(["check", "r.io/app:1", "--registry-host", host, "--offline"], tmp_path)
    assert done.returncode == 2
    assert "HOST[:PORT] is expected" in done.stderr


def test_credentials_go_to_the_registry_they_are_for(tmp_path: Path) -> None:
    with serve(fake_registry(IMAGE, guarded)) as one, serve(fake_registry(IMAGE, guarded)) as other:
        images = [f"{one.host}/app:1", f"{other.host}/app:1"]
        done = run(["check", *images, "--registry-host", one.host], tmp_path)
        assert done.returncode == 3
        assert f"{other.host} asks for user and password, and none are known" in done.stdout + done.stderr
        assert logins(one) == {f"Basic {BASIC}"}
        assert not logins(other)


def test_a_base_image_in_another_registry_does_not_get_them(tmp_path: Path) -> None:
    with serve(fake_registry(IMAGE, guarded)) as one, serve(fake_registry(IMAGE, guarded)) as base:
        words = ["check", f"{one.host}/app:1", "--base-image", f"{base.host}/app:1", "--exclude-inherited"]
        assert run(words, tmp_path).returncode == 3
        assert base.asked
        assert not logins(base)


def run(words: list[str], home: Path) -> subprocess.CompletedProcess[str]:
    environ: Mapping[str, str] = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "ANCHORE_GATE_REGISTRY_USERNAME": "app",
        "ANCHORE_GATE_REGISTRY_PASSWORD": PASSWORD,
    }
    command = [sys.executable, "-m", "anchore_gate", *words]
    return subprocess.run(command, env=environ, cwd=home, capture_output=True, text=True, check=False)
