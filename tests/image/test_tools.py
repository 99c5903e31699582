"""Images that other tools made."""

from __future__ import annotations

import subprocess
from pathlib import Path
from shutil import which

import pytest

from anchore_gate.image.sources import open_image
from tests.image.needs_of import KEY_LINE, everything
from tests.support.images import Config, docker_archive, folder, make_layer

LAYERS = [
    make_layer({"etc/": folder(), "etc/key": KEY_LINE, "etc/gone": KEY_LINE, "etc/long" + "x" * 200: "1"}),
    make_layer({"etc/.wh.gone": b"", "app/": folder(), "app/run": "#!/bin/sh\n"}),
]


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    config = Config(user="app", env=["PATH=/bin"], exposed_ports=["8080/tcp"])
    return docker_archive(tmp_path / "made.tar", LAYERS, config=config, tag="example.org/app:1.0")


@pytest.mark.skipif(which("skopeo") is None, reason="skopeo is not installed")
@pytest.mark.parametrize(
    ("destination", "options"),
    [
        ("docker-archive:{}/a.tar:example.org/app:1.0", []),
        ("oci-archive:{}/o.tar:example.org/app:1.0", []),
        ("oci:{}/layout:example.org/app:1.0", []),
        ("oci:{}/zstd:example.org/app:1.0", ["--dest-compress-format=zstd", "--dest-compress"]),
    ],
    ids=["docker-archive", "oci-archive", "oci-dir", "zstd"],
)
def test_copies_by_skopeo_are_the_same_image(
    destination: str, options: list[str], archive: Path, tmp_path: Path
) -> None:
    command = [
        "skopeo",
        "--insecure-policy",
        "copy",
        "-q",
        *options,
        f"docker-archive:{archive}",
        destination.format(tmp_path),
    ]
    subprocess.run(command, check=True, capture_output=True)
    copied = destination.format(tmp_path).split(":")[1]
    with open_image(str(archive)) as first, open_image(copied) as second:
        ours, theirs = (opened.scan(everything(searches=True, checksums=True)) for opened in (first, second))
        assert list(ours.entries()) == list(theirs.entries())
        assert ours.hits == theirs.hits
        assert [hit.path for hit in theirs.hits] == ["/etc/key"]
        assert first.image.config == second.image.config
        assert first.image.tag == second.image.tag == "example.org/app:1.0"
        assert [layer.diff_id for layer in first.image.layers] == [
            layer.diff_id for layer in second.image.layers
        ]


@pytest.mark.skipif(which("buildah") is None, reason="buildah is not installed")
def test_what_buildah_builds_is_read(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(KEY_LINE)
    (tmp_path / "Containerfile").write_text("FROM scratch\nCOPY key /etc/key\nUSER app\nEXPOSE 22\n")
    store = ["--root", str(tmp_path / "root"), "--runroot", str(tmp_path / "run"), "--storage-driver", "vfs"]
    build = ["buildah", *store, "build", "--isolation=chroot", "-q", "-t", "built:1", str(tmp_path)]
    built = subprocess.run(build, capture_output=True, text=True)
    if built.returncode:
        pytest.skip(f"buildah cannot build here: {built.stderr.strip().splitlines()[-1][:120]}")
    push = ["buildah", *store, "push", "-q", "built:1", f"oci-archive:{tmp_path}/built.tar"]
    subprocess.run(push, check=True, capture_output=True)
    with open_image(str(tmp_path / "built.tar")) as opened:
        files = opened.scan(everything(searches=True))
        assert [hit.path for hit in files.hits] == ["/etc/key"]
        assert opened.image.config.user == "app"
        assert opened.image.config.exposed_ports == ("22/tcp",)
