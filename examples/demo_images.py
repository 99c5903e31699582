"""
Build the demo's two images, as `docker save` would write them, from real package files.

Operating system: the dpkg entries of real Debian 12 packages (`examples/images/dpkg-status`; the first image has no
openssl). Python packages: the
files of real wheels, taken from the environment this runs in. What is wrong with the second image is put there
on purpose; its key is the one that Amazon's documentation shows, and its private key holds no key.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import distribution
from pathlib import Path

HERE = Path(__file__).parent
SITE = "usr/local/lib/python3.11/site-packages"
OS_RELEASE = b'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nNAME="Debian GNU/Linux"\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\nID=debian\n'
ROOT = b"root:x:0:0:root:/root:/bin/bash\n"
APP = ROOT + b"app:x:1000:1000:app:/app:/usr/sbin/nologin\n"
_BLANK_KEY = ("-----BEGIN RSA PRIVATE KEY-----\n" + "A" * 64 + "\n-----END RSA PRIVATE KEY-----\n").encode()
_CREDENTIALS = b"[default]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\nregion = eu-central-1\n"


def build(folder: Path) -> tuple[Path, Path]:
    """Write `good.tar` and `bad.tar` into `folder`; gives their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    status = (HERE / "images" / "dpkg-status").read_text()
    base = {"etc/os-release": OS_RELEASE, "var/lib/dpkg/status": status.encode()}
    paragraphs = status.split("\n\n")
    slim = "\n\n".join(one for one in paragraphs if "Package: openssl\n" not in f"{one}\n")
    wheels = dict(_wheels(("requests", "idna", "certifi", "packaging")))
    good = _archive(
        folder / "good.tar",
        tag="demo/good:1.0",
        steps=[
            (
                "/bin/sh -c #(nop) COPY dir:base in / ",
                base | {"etc/passwd": APP, "var/lib/dpkg/status": slim.encode()},
            ),
            ("RUN /bin/sh -c pip install requests # buildkit", wheels),
            ("COPY app.py /app/ # buildkit", {"app/app.py": b"import requests\n"}),
        ],
        config={
            "User": "app",
            "Cmd": ["python3", "/app/app.py"],
            "Healthcheck": {"Test": ["CMD", "python3", "-c", "import requests"]},
        },
    )
    bad = _archive(
        folder / "bad.tar",
        tag="demo/bad:1.0",
        steps=[
            ("/bin/sh -c #(nop) COPY dir:base in / ", base | {"etc/passwd": ROOT}),
            ("RUN /bin/sh -c pip install requests # buildkit", wheels),
            ("ADD app.tar.gz /app/ # buildkit", {"app/app.py": b"import requests\n"}),
            (
                "COPY keys/ /root/ # buildkit",
                {"root/.aws/credentials": _CREDENTIALS, "root/.ssh/id_rsa": _BLANK_KEY},
            ),
        ],
        config={"ExposedPorts": {"22/tcp": {}, "8080/tcp": {}}, "Cmd": ["python3", "/app/app.py"]},
    )
    return good, bad


def _wheels(names: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    for name in names:
        for file in distribution(name).files or ():
            path = Path(str(file.locate()))
            if file.suffix != ".pyc" and ".." not in file.parts and path.is_file():
                yield f"{SITE}/{file.as_posix()}", path.read_bytes()


def _archive(
    path: Path, *, tag: str, steps: list[tuple[str, Mapping[str, bytes]]], config: Mapping[str, object]
) -> Path:
    layers = [_layer(files) for _, files in steps]
    document = {
        "architecture": "amd64",
        "os": "linux",
        "config": config,
        "rootfs": {
            "type": "layers",
            "diff_ids": [f"sha256:{hashlib.sha256(one).hexdigest()}" for one in layers],
        },
        "history": [{"created_by": step} for step, _ in steps],
    }
    written = json.dumps(document).encode()
    config_name = f"{hashlib.sha256(written).hexdigest()}.json"
    names = [f"{hashlib.sha256(one).hexdigest()}/layer.tar" for one in layers]
    manifest = [{"Config": config_name, "RepoTags": [tag], "Layers": names}]
    packed = {name: gzip.compress(one, 6, mtime=0) for name, one in zip(names, layers, strict=True)}
    members = packed | {config_name: written, "manifest.json": json.dumps(manifest).encode()}
    path.write_bytes(_layer(members))
    return path


def _layer(files: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, content in sorted(files.items()):
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(content), 0o644
            tar.addfile(member, io.BytesIO(content))
    return out.getvalue()
