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
from tests.support.web import Asked, Reply, Respond, serve

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
