"""Images of a real Docker daemon: loaded, built, pulled from a registry."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from anchore_gate.api import gate
from anchore_gate.engine.local import LocalEngine
from anchore_gate.model.result import GateResult
from tests.support.daemons import environment, running
from tests.support.registry import run_registry
from tests.support.tools import needs_tool, tool

pytestmark = [needs_tool(one, "apt install docker.io") for one in ("dockerd", "docker")]
ARCHIVE = Path(__file__).parents[1] / "vectors/policy-cases/images/tinydeb.tar"
# What needs the kernel's help is left out: no test starts a container.
_MODEST = (
    *("--storage-driver=vfs", "--bridge=none", "--iptables=false", "--ip6tables=false"),
    *("--ip-forward=false", "--ip-masq=false"),
)


class Docker:
    """The client of a daemon with a store of its own."""

    def __init__(self, socket: Path) -> None:
        self.address = f"unix://{socket}"

    def run(self, *arguments: str) -> str:
        client = [tool("docker"), *arguments]
        environ = environment(DOCKER_HOST=self.address)
        done = subprocess.run(client, env=environ, capture_output=True, text=True, check=True, timeout=60)
        return done.stdout.strip()

    def answers(self) -> bool:
        with suppress(subprocess.SubprocessError):
            return bool(self.run("version"))
        return False


@pytest.fixture(scope="module")
def docker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Docker]:
    folder = tmp_path_factory.mktemp("docker")
    made = Docker(folder / "d.sock")
    (folder / "daemon.json").write_text("{}")
    places = {"data-root": "root", "exec-root": "exec", "pidfile": "pid", "config-file": "daemon.json"}
    options = [f"--{name}={folder / place}" for name, place in places.items()]
    command = [tool("dockerd"), *options, "-H", made.address, *_MODEST]
    with running(command, environment(), log=folder / "log", answers=made.answers):
        made.run("load", "-q", "-i", str(ARCHIVE))
        yield made


@pytest.fixture(autouse=True)
def _reachable(docker: Docker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", docker.address)
    monkeypatch.setenv("CONTAINER_HOST", "unix:///nowhere")


def judged(image: str, policy: str = "cis-docker-4") -> GateResult:
    result = gate(image, policy=policy, engine=LocalEngine(offline=True))
    assert isinstance(result, GateResult)
    return result


def found(result: GateResult) -> list[tuple[str, str]]:
    return [(one.gate, hit.trigger_id) for one in result.evaluation.outcomes for hit in one.findings]


@pytest.mark.parametrize("image", ["docker:tinydeb:12", "tinydeb:12", "docker:docker.io/library/tinydeb:12"])
def test_a_docker_image_is_judged_as_its_archive_is(image: str) -> None:
    assert found(judged(image)) == found(judged(f"docker-archive:{ARCHIVE}")) != []


@pytest.mark.parametrize("length", [12, 64])
def test_an_id_has_the_name_of_its_only_tag(length: int, docker: Docker) -> None:
    whole = docker.run("images", "-q", "--no-trunc", "tinydeb:12")
    image = judged(f"docker:{whole.removeprefix('sha256:')[:length]}").image
    assert (f"sha256:{image.id}", image.tag) == (whole, "docker.io/tinydeb:12")


def test_an_image_that_was_just_built_is_judged_by_its_short_name(docker: Docker, tmp_path: Path) -> None:
    (tmp_path / "os-release").write_text("ID=debian\nVERSION_ID=12\n")
    (tmp_path / "Dockerfile").write_text(
        "FROM scratch\nCOPY os-release /etc/os-release\nEXPOSE 22 8080/udp\nUSER root\n"
    )
    docker.run("build", "-q", "-t", "team/app:ci", str(tmp_path))
    messages = [
        finding.message
        for outcome in judged("team/app:ci", "nist-sp-800-190").evaluation.outcomes
        for finding in outcome.findings
    ]
    assert any("port (22)" in message for message in messages)
    assert any("User root" in message for message in messages)


def test_what_was_pulled_has_the_digest_of_its_registry(docker: Docker, tmp_path: Path) -> None:
    with run_registry(tmp_path) as host:  # a daemon asks one on this machine by http
        name = f"{host}/team/app:1"
        docker.run("tag", "tinydeb:12", name)
        docker.run("push", name)
        pushed = docker.run("inspect", "--format", "{{index .RepoDigests 0}}", name).partition("@")[2]
        image = judged(f"docker:{name}").image
        docker.run("rmi", name)
    assert (str(image.digest), image.tag) == (pushed, name)
