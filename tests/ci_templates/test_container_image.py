"""The gate's own image: its Dockerfile passes what the gate asks of others."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from configparser import ConfigParser
from importlib.util import find_spec
from pathlib import Path

import pytest

from anchore_gate import gate
from anchore_gate.image.dockerfile import load_dockerfile
from anchore_gate.model.evaluation import Action
from tests.support.base_image import has_setuptools, make_rootfs, make_wheels
from tests.support.tools import ROOT, needs_tool, tool

DOCKERFILE = ROOT / "Dockerfile"


def test_it_runs_as_a_user_and_opens_no_port() -> None:
    written = load_dockerfile(DOCKERFILE).instructions
    keywords = [one.keyword for one in written]
    assert "ADD" not in keywords
    assert [one.value for one in written if one.keyword == "USER"] == ["gate"]
    assert "EXPOSE" not in keywords


def passes(image: Path, sample_data: Path) -> set[str]:
    """Judge an image, with our Dockerfile, by the shipped policy: the rules of the Dockerfile that warn."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ANCHORE_GATE_CACHE_DIR", str(sample_data))
        # the sample has advisories and no list of what is exploited
        warn = Action.WARN
        result = gate(str(image), policy="nist-sp-800-190", dockerfile=DOCKERFILE, unsupported=warn)
    outcomes = [one for one in result.evaluation.outcomes if one.effective_action is not Action.GO]
    assert result.passed, outcomes
    assert [one.trigger for one in outcomes if one.effective_action is Action.STOP] == []
    return {one.rule_id for one in outcomes if one.gate == "dockerfile"}


def test_its_dockerfile_passes_nist_sp_800_190(demo_images: tuple[Path, Path], sample_data: Path) -> None:
    # A command that ends has no HEALTHCHECK.
    assert passes(demo_images[0], sample_data) <= {"nist-healthcheck"}


class Buildah:
    """Builds without a daemon, in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self._store = ["--root", str(folder / "root"), "--runroot", str(folder / "run")]

    def __call__(self, *words: str | Path) -> subprocess.CompletedProcess[str]:
        command = [tool("buildah"), *self._store, "--storage-driver", "vfs", *(str(word) for word in words)]
        return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def buildah(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Buildah]:
    """Buildah, with `python:3.12-slim` made from this machine: there is no network to pull it from."""
    folder = tmp_path_factory.mktemp("buildah")
    base = folder / "base"
    make_rootfs(base / "rootfs")
    # The step shows whether commands can be run at all: not every container allows it.
    (base / "Containerfile").write_text(
        "FROM scratch\nCOPY rootfs /\nENV PATH=/usr/local/bin:/usr/sbin:/bin\nRUN true\n"
    )
    run = Buildah(folder)
    built = run("build", "--isolation=chroot", "-q", "-t", "docker.io/library/python:3.12-slim", base)
    shutil.rmtree(base)
    if built.returncode:
        pytest.skip(f"buildah cannot build here: {built.stderr.strip().splitlines()[-1][:120]}")
    yield run
    shutil.rmtree(folder, ignore_errors=True)  # hundreds of megabytes


@needs_tool("buildah", "Debian package buildah")
@needs_tool("useradd", "Debian package passwd")
@pytest.mark.skipif(not has_setuptools(77), reason="no `setuptools` (pip install 'setuptools>=77')")
@pytest.mark.skipif(find_spec("yaml") is None, reason="no `PyYAML` (pip install PyYAML)")
def test_what_its_dockerfile_builds_runs_and_passes_nist_sp_800_190(
    buildah: Buildah, tmp_path: Path, sample_data: Path
) -> None:
    setup = ConfigParser(interpolation=None)
    setup.read(ROOT / "setup.cfg")
    asked = [*setup["options"]["install_requires"].split("\n"), setup["options.extras_require"]["yaml"]]
    wheels, archive = tmp_path / "wheels", tmp_path / "gate.tar"
    wheels.mkdir()
    make_wheels(wheels, [*filter(None, asked), "setuptools"])
    options = ["--isolation=chroot", "--pull=never", "-v", f"{wheels}:/wheels:ro"]
    built = buildah("build", *options, "-t", "localhost/gate:1", ROOT)
    assert built.returncode == 0, built.stdout + built.stderr
    assert buildah("from", "--pull=never", "--name", "gate", "localhost/gate:1").returncode == 0
    script = "/opt/gate/bin/anchore-gate policy list"
    ran = buildah("run", "--isolation=chroot", "gate", "--", "sh", "-c", script)
    assert "nist-sp-800-190" in ran.stdout, ran.stderr
    saved = buildah("push", "-q", "localhost/gate:1", f"docker-archive:{archive}:localhost/gate:1")
    assert saved.returncode == 0, saved.stderr
    assert passes(archive, sample_data) <= {"nist-healthcheck"}
