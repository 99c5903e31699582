"""
Three images from the machine's package registries, built once and kept under `benchmarks/images/`.

    python -m benchmarks.images [tiny|medium|large]...

tiny: a static shell, as distroless images are laid out; medium: a Debian with interpreters and tools;
large: the same with npm packages, wheels and jars, 60,000 files and more. It takes debootstrap (as root),
apt, npm and pip; the folders are built under the machine's temporary folder, and stay there.
Each is a docker-archive with gzip layers, two of them where there is something beside Debian.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

IMAGES = Path(__file__).parent / "images"
ROOTS = Path(tempfile.gettempdir()) / "anchore-gate-benchmarks"
_TINY = ("busybox-static", "musl", "netbase", "base-files", "ca-certificates", "tzdata")
_MEDIUM = "python3,perl,git,curl,openssh-client,ruby,sqlite3"
_NPM = (
    *("express@4", "webpack@5", "typescript@5", "eslint@8", "jest@29", "react-scripts@5", "@angular/cli@17"),
    *(
        "lodash@4",
        "rxjs@7",
        "date-fns@2",
        "@mui/icons-material@5",
        "core-js@3",
        "aws-sdk@2",
        "googleapis@120",
    ),
)
_WHEELS = (
    "numpy",
    "scipy",
    "pandas",
    "django",
    "botocore",
    "sympy",
    "pyspark==3.5.1",
    "matplotlib",
    "jupyterlab",
)


def build(name: str) -> Path:
    """The archive called `name`, built where it is not there yet."""
    path = IMAGES / f"{name}.tar"
    if not path.exists():
        IMAGES.mkdir(parents=True, exist_ok=True)
        layers = [_layer(folder) for folder in _BUILDERS[name]()]
        partial = path.with_suffix(".part")
        _archive(partial, layers, tag=f"benchmark/{name}:1")
        partial.rename(path)
    return path


def _tiny() -> list[Path]:
    """A few packages unpacked, each with its own paragraph under `status.d`, as distroless images have it."""
    root = _fresh("tiny-root")
    debs = _fresh("tiny-debs")
    _run(["apt-get", "download", *_TINY], cwd=debs)
    status = root / "var/lib/dpkg/status.d"
    for deb in sorted(debs.glob("*.deb")):
        _run(["dpkg", "-x", str(deb), str(root)])
        status.mkdir(parents=True, exist_ok=True)
        fields = _run(["dpkg-deb", "-f", str(deb)])
        (status / deb.name.partition("_")[0]).write_text("Status: install ok installed\n" + fields + "\n")
    for bulk in ("usr/share/zoneinfo", "usr/share/doc"):
        shutil.rmtree(root / bulk, ignore_errors=True)
    return [root]


def _medium() -> list[Path]:
    root = ROOTS / "medium-root"
    if not (root / "var/lib/dpkg/status").exists():
        root.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(root, ignore_errors=True)
        sources = Path("/etc/apt")
        text = "\n".join(
            p.read_text() for p in sorted(sources.rglob("*.sources")) + sorted(sources.rglob("*.list"))
        )
        found = re.search(r"^URIs:\s*(\S+)|^deb\s+(?:\[[^]]*\]\s+)?(\S+)", text, re.MULTILINE)
        mirror = [found[1] or found[2]] if found else []
        release = re.search(r"^VERSION_CODENAME=(\w+)", Path("/etc/os-release").read_text(), re.MULTILINE)
        suite = release[1] if release else "stable"
        _run(["debootstrap", "--variant=minbase", f"--include={_MEDIUM}", suite, str(root), *mirror])
        shutil.rmtree(root / "var/cache/apt", ignore_errors=True)
        shutil.rmtree(root / "var/lib/apt/lists", ignore_errors=True)
    return [root]


def _large() -> list[Path]:
    base = _medium()
    app = ROOTS / "large-root"
    if not (app / "done").exists():
        shutil.rmtree(app, ignore_errors=True)
        (app / "srv/app").mkdir(parents=True)
        quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--legacy-peer-deps", "--loglevel=error"]
        _run(["npm", "install", *quiet, *_NPM], cwd=app / "srv/app")
        target = str(app / "usr/lib/python3/site-packages")
        pip = [
            sys.executable,
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--no-compile",
        ]
        _run([*pip, "--target", target, *_WHEELS])
        (app / "done").touch()
    return [*base, app]


_BUILDERS: dict[str, Callable[[], list[Path]]] = {"tiny": _tiny, "medium": _medium, "large": _large}


def _fresh(name: str) -> Path:
    path = ROOTS / name
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    return path


def _run(command: Sequence[str], *, cwd: Path | None = None) -> str:
    return subprocess.run(command, cwd=cwd, check=True, stdout=subprocess.PIPE, text=True).stdout


def _layer(root: Path) -> tuple[Path, str]:
    """The gzip layer of a folder, and its diff_id."""
    plain, packed = root.with_suffix(".layer"), root.with_suffix(".layer.gz")
    with tarfile.open(plain, "w", format=tarfile.PAX_FORMAT) as tar:
        tar.add(root, arcname=".", filter=_sober)
    digest = hashlib.sha256()
    with plain.open("rb") as source, gzip.GzipFile(packed, "wb", compresslevel=6, mtime=0) as target:
        while piece := source.read(1 << 20):
            digest.update(piece)
            target.write(piece)
    plain.unlink()
    return packed, f"sha256:{digest.hexdigest()}"


def _sober(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    # Docker writes whole seconds; a fraction would give every member a pax header of its own.
    member.mtime = int(member.mtime)
    return None if member.name.startswith(("./proc/", "./sys/", "./dev/")) else member


def _archive(path: Path, layers: list[tuple[Path, str]], *, tag: str) -> None:
    config = json.dumps(
        {
            "architecture": "amd64",
            "os": "linux",
            "config": {"User": "app", "Env": ["PATH=/usr/bin:/bin"]},
            "rootfs": {"type": "layers", "diff_ids": [diff_id for _, diff_id in layers]},
            "history": [{"created_by": f"ADD layer {i} /"} for i in range(len(layers))],
        }
    ).encode()
    name = f"{hashlib.sha256(config).hexdigest()}.json"
    manifest = [
        {"Config": name, "RepoTags": [tag], "Layers": [f"{diff_id[7:]}.tar" for _, diff_id in layers]}
    ]
    with tarfile.open(path, "w") as tar:
        for packed, diff_id in layers:
            tar.add(packed, arcname=f"{diff_id[7:]}.tar")
            packed.unlink()
        for one, content in ((name, config), ("manifest.json", json.dumps(manifest).encode())):
            part = path.with_suffix(".json")
            part.write_bytes(content)
            tar.add(part, arcname=one)
            part.unlink()


def main(names: Sequence[str]) -> int:
    """Build those that are named, or all."""
    for name in names or tuple(_BUILDERS):
        path = build(name)
        print(f"{path} {path.stat().st_size / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
