"""Images of a real podman service, under its own API and under Docker's."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from anchore_gate.api import gate
from anchore_gate.engine.local import LocalEngine
from anchore_gate.errors import ImageNotFound
from anchore_gate.image.registry_settings import RegistrySettings
from anchore_gate.image.sources import open_image
from anchore_gate.model.result import GateResult
from tests.support.daemons import environment, last_line, running
from tests.support.registry import run_registry
from tests.support.tools import needs_tool, tool

pytestmark = needs_tool("podman", "apt install podman")
ARCHIVE = Path(__file__).parents[1] / "vectors/policy-cases/images/tinydeb.tar"


class Podman:
    """The program with a store of its own."""

    def __init__(self, folder: Path) -> None:
        configuration = folder / "storage.conf"
        configuration.write_text(
            f'[storage]\ndriver = "vfs"\nrunroot = "{folder}/run"\ngraphroot = "{folder}/graph"\n'
        )
        self.socket = folder / "podman.sock"
        self.environment = environment(CONTAINERS_STORAGE_CONF=str(configuration))

    def run(self, *arguments: str) -> str:
        command = [tool("podman"), *arguments]
        done = subprocess.run(
            command, env=self.environment, capture_output=True, text=True, check=True, timeout=60
        )
        return done.stdout.strip()


@pytest.fixture(scope="module")
def podman(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Podman]:
    folder = tmp_path_factory.mktemp("podman")
    made = Podman(folder)
    try:
        made.run("load", "-q", "-i", str(ARCHIVE))
    except subprocess.CalledProcessError as problem:  # some user's namespace that cannot be had
        pytest.skip(f"podman cannot load an image here: {last_line(problem.stderr.encode())}")
    command = [tool("podman"), "system", "service", "--time=0", f"unix://{made.socket}"]
    with running(command, made.environment, log=folder / "log", answers=made.socket.is_socket):
        yield made


@pytest.fixture(autouse=True)
def _reachable(podman: Podman, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONTAINER_HOST", f"unix://{podman.socket}")
    monkeypatch.setenv("DOCKER_HOST", f"unix://{podman.socket}")


def judged(image: str) -> GateResult:
    result = gate(image, policy="cis-docker-4", engine=LocalEngine(offline=True))
    assert isinstance(result, GateResult)
    return result


def found(result: GateResult) -> list[tuple[str, str]]:
    return [(one.gate, hit.trigger_id) for one in result.evaluation.outcomes for hit in one.findings]


@pytest.mark.parametrize(
    "image",
    ["podman:localhost/tinydeb:12", "docker:localhost/tinydeb:12", "podman:tinydeb:12", "tinydeb:12"],
)
def test_a_podman_image_is_judged_as_its_archive_is(image: str, podman: Podman) -> None:
    result, archive = judged(image), judged(f"docker-archive:{ARCHIVE}")
    assert found(result) == found(archive) != []
    assert result.image.id == archive.image.id == podman.run("images", "-q", "--no-trunc", "tinydeb")[7:]


@pytest.mark.parametrize("image", ["podman:localhost/tinydeb:12", "docker:tinydeb:12"])
def test_the_digest_is_the_one_podman_remembers(image: str, podman: Podman) -> None:
    remembered = podman.run("image", "inspect", "--format", "{{.Digest}}", "localhost/tinydeb:12")
    assert str(judged(image).image.digest) == remembered


def test_an_image_may_be_named_by_its_id(podman: Podman) -> None:
    short = podman.run("images", "-q", "tinydeb")
    named, by_id = judged("podman:localhost/tinydeb:12").image, judged(f"podman:{short}").image
    assert (by_id.id, by_id.tag, by_id.digest) == (named.id, named.tag, named.digest)


def test_what_was_built_and_never_pushed_is_pointed_to(podman: Podman, tmp_path: Path) -> None:
    with run_registry(tmp_path) as host:
        name = f"{host}/team/app:ci"
        podman.run("tag", "localhost/tinydeb:12", name)
        says = rf"has it here: `docker:{name}`"
        with (
            pytest.raises(ImageNotFound, match=says),
            open_image(name, registry=RegistrySettings(http_hosts=(host,))),
        ):
            pass
