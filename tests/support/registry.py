"""Debian's `docker-registry` on a free port of 127.0.0.1, and images pushed to it by our own code."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import shutil
import socket
import subprocess
import tarfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from anchore_gate.net.session import Session, SessionSettings
from tests.support.certificates import Authority
from tests.support.web import Asked, Reply, Respond

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
PROGRAM = "docker-registry"


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


@contextmanager
def run_registry(
    folder: Path,
    *,
    auth: Mapping[str, Any] | None = None,
    tls: Authority | None = None,
    storage: bool = False,
    client_certificates: bool = False,
) -> Iterator[str]:
    """The `host:port` of a registry that lives until the `with` ends; skips the test without the program."""
    program = shutil.which(PROGRAM)
    if program is None:
        pytest.skip(f"{PROGRAM} is not installed (apt install docker-registry)")
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    store = {"filesystem": {"rootdirectory": str(folder / "store")}} if storage else {"inmemory": {}}
    http: dict[str, Any] = {"addr": f"127.0.0.1:{port}", "secret": "only-for-this-test"}
    if tls is not None:
        http["tls"] = {"certificate": str(tls.certificate), "key": str(tls.key)}
        if client_certificates:
            http["tls"]["clientcas"] = [str(tls.ca)]
    config = {
        "version": "0.1",
        "log": {"level": "error", "accesslog": {"disabled": True}},
        "storage": {**store, "delete": {"enabled": True}},
        "http": http,
        **({"auth": dict(auth)} if auth else {}),
    }
    (folder / "config.yml").write_text(json.dumps(config))  # JSON is YAML
    with (folder / "log").open("wb") as log:
        running = subprocess.Popen([program, "serve", str(folder / "config.yml")], stdout=log, stderr=log)
    try:
        _wait_for(port, running, folder / "log")
        yield f"127.0.0.1:{port}"
    finally:
        running.terminate()
        running.wait(10)


def _wait_for(port: int, running: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(500):
        assert running.poll() is None, log.read_text()
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.01)
    raise AssertionError("the registry does not start")


def digest_of(content: bytes | memoryview) -> str:
    """The sha256 digest as text."""
    return "sha256:" + hashlib.sha256(content).hexdigest()


def layer_of(files: Mapping[str, bytes]) -> bytes:
    """A plain tar with these files."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            member.mode = 0o644
            tar.addfile(member, io.BytesIO(content))
    return out.getvalue()


@dataclass
class BuiltImage:
    """An image in memory."""

    layers: list[bytes]  # as stored
    config: bytes
    manifest: bytes
    media_type: str = MANIFEST
    blobs: dict[str, bytes] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        return digest_of(self.manifest)


def build_image(
    *files: Mapping[str, bytes], architecture: str = "amd64", level: int = 6, **manifest: Any
) -> BuiltImage:
    """One layer per mapping, from the base upwards; `manifest` replaces members of the manifest."""
    plain = [layer_of(one) for one in files]
    stored = [gzip.compress(one, level, mtime=0) for one in plain]
    config = json.dumps(
        {
            "architecture": architecture,
            "os": "linux",
            "config": {"User": "app"},
            "rootfs": {"type": "layers", "diff_ids": [digest_of(one) for one in plain]},
            "history": [{"created_by": f"COPY {number}"} for number in range(len(plain))],
        }
    ).encode()
    document = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": descriptor(CONFIG, config),
        "layers": [descriptor(LAYER, one) for one in stored],
        **manifest,
    }
    body = json.dumps(document).encode()
    return BuiltImage(stored, config, body, blobs={digest_of(one): one for one in (config, *stored)})


def index_of(*images: tuple[BuiltImage, dict[str, str]], **members: Any) -> bytes:
    """An index of images with their platforms."""
    entries = [{**descriptor(MANIFEST, image.manifest), "platform": platform} for image, platform in images]
    return json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": entries, **members}).encode()


def descriptor(media_type: str, content: bytes) -> dict[str, Any]:
    """What points to some bytes."""
    return {"mediaType": media_type, "digest": digest_of(content), "size": len(content)}


def push(
    base: str,
    repository: str,
    tag: str,
    image: BuiltImage,
    *,
    authorization: str = "",
    ca: Path | None = None,
) -> None:
    """Push an image, blob by blob, as the distribution specification says."""
    with Session(SessionSettings(ca_bundle=ca)) as session:
        for content in image.blobs.values():
            push_blob(session, base, repository, content, authorization)
        push_manifest(session, base, repository, tag, image.manifest, image.media_type, authorization)


def push_blob(session: Session, base: str, repository: str, content: bytes, authorization: str = "") -> None:
    """Push one blob in one piece."""
    headers = {"Authorization": authorization} if authorization else {}
    with session.request(
        "POST", f"{base}/v2/{repository}/blobs/uploads/", headers=headers, body=b""
    ) as answer:
        assert answer.status == 202, answer.error_text()
        place = answer.headers["Location"]
    place = place if place.startswith("http") else base + place
    url = f"{place}{'&' if '?' in place else '?'}digest={digest_of(content)}"
    sent = {**headers, "Content-Type": "application/octet-stream"}
    with session.request("PUT", url, headers=sent, body=content) as answer:
        assert answer.status == 201, answer.error_text()


def push_manifest(
    session: Session,
    base: str,
    repository: str,
    tag: str,
    body: bytes,
    media_type: str,
    authorization: str = "",
) -> None:
    """Push a manifest or index under a tag or digest."""
    headers = {"Content-Type": media_type, **({"Authorization": authorization} if authorization else {})}
    url = f"{base}/v2/{repository}/manifests/{tag}"
    with session.request("PUT", url, headers=headers, body=body) as answer:
        assert answer.status == 201, answer.error_text()


@dataclass
class TokenServer:
    """Signs tokens that `docker-registry` accepts; knows one user and one refresh token."""

    authority: Authority
    user: str = "app"
    password: str = "known-secret-password"
    refresh_token: str = "known-secret-refresh"
    is_public: bool = False
    issued: list[str] = field(default_factory=list)

    def respond(self, asked: Asked) -> Reply:
        """A `Respond` for `serve`."""
        if asked.method == "POST":
            form = {name: values[0] for name, values in parse_qs(asked.body.decode()).items()}
            if form.get("refresh_token") != self.refresh_token:
                return Reply(401, b'{"error": "invalid_grant"}')
            return self._token("access_token", form.get("scope", "").split())
        basic = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        sent = asked.headers.get("authorization", "")
        if sent != f"Basic {basic}" and (sent or not self.is_public):
            return Reply(401, b'{"errors": [{"code": "UNAUTHORIZED", "message": "who are you"}]}')
        return self._token("token", parse_qs(urlsplit(asked.path).query).get("scope", []))

    def _token(self, member: str, scopes: list[str]) -> Reply:
        access = []
        for scope in scopes:
            kind, _, rest = scope.partition(":")
            name, _, actions = rest.rpartition(":")
            access.append({"type": kind, "name": name, "actions": actions.split(",")})
        now = int(time.time())
        der = base64.b64encode(_der(self.authority.certificate)).decode()
        header = {"typ": "JWT", "alg": "ES256", "x5c": [der]}
        claims = {
            "iss": "test",
            "aud": "test",
            "exp": now + 300,
            "nbf": now - 30,
            "access": access,
            "sub": self.user,
        }
        text = ".".join(_b64(json.dumps(part).encode()) for part in (header, claims))
        token = f"{text}.{_b64(_signed(text.encode(), self.authority.key))}"
        self.issued.append(token)
        return Reply(body=json.dumps({member: token, "expires_in": 300}).encode())

    def auth(self, realm: str) -> dict[str, Any]:
        """The registry's `auth` setting."""
        bundle = str(self.authority.ca)
        return {"token": {"realm": realm, "service": "test", "issuer": "test", "rootcertbundle": bundle}}


def _b64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _der(certificate: Path) -> bytes:
    lines = certificate.read_text().split("-----")[2]
    return base64.b64decode("".join(lines.split()))


def _signed(text: bytes, key: Path) -> bytes:
    """An ES256 signature: r and s as 32 bytes each, out of the DER that openssl writes."""
    command = ["openssl", "dgst", "-sha256", "-sign", str(key)]
    der = subprocess.run(command, input=text, check=True, capture_output=True).stdout
    length = der[3]
    r, rest = der[4 : 4 + length], der[4 + length :]
    s = rest[2 : 2 + rest[1]]
    return b"".join(int.from_bytes(part, "big").to_bytes(32, "big") for part in (r, s))


def fake_registry(image: BuiltImage, change: Respond | None = None) -> Respond:
    """A registry that serves one image from memory; `change` may answer first (status 0: it does not)."""

    def respond(asked: Asked) -> Reply:
        if change is not None and (reply := change(asked)).status:
            return reply
        path = urlsplit(asked.path).path
        if path == "/v2/":
            return Reply(body=b"{}")
        if "/manifests/" in path:
            name = path.rpartition("/")[2]
            if name.startswith("sha256:") and name != image.digest:
                return Reply(404)
            headers = {"Content-Type": image.media_type, "Docker-Content-Digest": image.digest}
            return Reply(body=image.manifest, headers=headers)
        blob = image.blobs.get(path.rpartition("/")[2])
        if blob is None:
            return Reply(404, b'{"errors": [{"code": "BLOB_UNKNOWN", "message": "blob unknown"}]}')
        wanted = asked.headers.get("range", "")
        if wanted:
            start = int(wanted.removeprefix("bytes=").rstrip("-"))
            span = {"Content-Range": f"bytes {start}-{len(blob) - 1}/{len(blob)}"}
            return Reply(206, blob[start:], headers=span)
        return Reply(body=blob)

    return respond
