"""One deadline for a whole run: images that start late have what is left, and nothing stays behind."""

from __future__ import annotations

import json
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from anchore_gate.api import gate, gate_all
from anchore_gate.cli import main
from anchore_gate.engine.engine import run_of
from anchore_gate.engine.remote import RemoteEngine
from anchore_gate.errors import TimedOut
from anchore_gate.model.result import NoVerdict
from anchore_gate.net.retry import Clock
from anchore_gate.remote.deadline import Deadline
from tests.support.anchore import ALPINE, IMPORTED, PASSWORD, Engine, anchore, recorded, reply
from tests.support.enterprise import IMAGE, Enterprise, enterprise
from tests.support.images import docker_archive, make_layer
from tests.support.web import Asked, Reply, serve

NAMES = [f"team/app:1.2@sha256:{number:064x}" for number in range(6)]


class Time:
    """One clock for all: it goes on when anybody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0
        self._lock = threading.Lock()

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.now += seconds

    @property
    def clock(self) -> Clock:
        return Clock(sleep=self.sleep, monotonic=lambda: self.now)


def never_analysed() -> Enterprise:
    def image(asked: Asked, _: dict[str, str]) -> Any:
        return {**IMAGE, "image_digest": asked.path.rpartition("/")[2], "analysis_status": "analyzing"}

    def submitted(asked: Asked, _: dict[str, str]) -> Any:
        digest = json.loads(asked.body)["source"]["digest"]["pull_string"].partition("@")[2]
        return {**IMAGE, "image_digest": digest, "analysis_status": "not_analyzed"}

    paths = {f"/v2/images/{name.partition('@')[2]}": image for name in NAMES}
    return Enterprise(answers={**paths, "/v2/images": submitted})


@pytest.mark.parametrize("threads", [1, 2, None], ids=["one", "two", "its-own"])
def test_a_run_has_one_deadline_however_few_images_are_asked_for_at_a_time(threads: int | None) -> None:
    counted = Time()
    with enterprise(never_analysed()) as service:
        engine = RemoteEngine(url=service.url, token="key", timeout=100.0, clock=counted.clock)
        executor = ThreadPoolExecutor(threads) if threads else None
        results = gate_all(NAMES, engine=engine, executor=executor, want_packages=False)
        asked = len(service.sent("POST", "/v2/images"))
    assert counted.now <= 100.0
    told = [one.message for one in results if isinstance(one, NoVerdict) and one.category == "timeout"]
    assert len(told) == len(NAMES)
    assert all(one.endswith("within 100 s (--timeout)") for one in told)
    assert all(name in one for name, one in zip(NAMES, told, strict=True))
    assert 1 <= asked <= (threads or len(NAMES))
    assert sum("last state: not submitted" in one for one in told) == len(NAMES) - asked


def test_another_run_of_the_same_engine_has_its_time_again() -> None:
    counted = Time()
    with anchore(Engine(states=["analyzed"])) as service:
        engine = RemoteEngine(
            url=service.url, username="admin", password=PASSWORD, timeout=10.0, clock=counted.clock
        )
        for _ in range(2):
            (result,) = gate_all([ALPINE], engine=engine)
            counted.sleep(20)
            assert result.verdict == "pass"


def test_without_an_executor_all_images_wait_together() -> None:
    together = threading.Barrier(3, timeout=10)  # broken where one is asked for after another

    def meet(asked: Asked, _: dict[str, str]) -> Any:
        together.wait()
        return {**IMAGE, "image_digest": asked.path.rpartition("/")[2]}

    service = never_analysed()
    service.answers |= {path: meet for path in service.answers if path != "/v2/images"}
    with enterprise(service):
        engine = RemoteEngine(url=service.url, token="key", poll=0.01, timeout=10.0)
        results = gate_all(NAMES[:3], engine=engine, want_packages=False)
    assert [one.verdict for one in results] == ["fail"] * 3


def test_the_command_line_has_one_deadline_for_several_images(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ANCHORE_GATE_PASSWORD", PASSWORD)
    begun = time.monotonic()
    with anchore(Engine(states=["analyzing"])) as service:
        words = ["--url", service.url, "--username", "admin", "--timeout", "1", "--jobs", "1"]
        assert main(["check", ALPINE, IMPORTED, *words, "--format", "json=r.json"]) == 3
    assert time.monotonic() - begun < 4
    first, second = json.loads(Path("r.json").read_text())["results"]
    assert "not analysed (last state: analyzing) within 1 s" in first["message"]
    assert "(last state: not submitted) within 1 s" in second["message"]
    assert {first["category"], second["category"]} == {"timeout"}


def test_another_process_has_the_same_deadline() -> None:
    deadline = Deadline(time.monotonic() + 50)
    copied: Deadline = pickle.loads(pickle.dumps(deadline))
    assert abs(copied.at - deadline.at) < 1
    over: Deadline = pickle.loads(pickle.dumps(Deadline(float("-inf"))))
    assert over.at == float("-inf")


def test_an_archive_is_not_read_when_the_time_is_over() -> None:
    counted = Time()
    with anchore() as service:
        engine = RemoteEngine(
            url=service.url, username="admin", password=PASSWORD, timeout=10.0, clock=counted.clock
        )
        with run_of(engine) as running:
            counted.sleep(11)
            with pytest.raises(TimedOut, match="last state: not submitted"):
                gate("docker-archive:not-there.tar", engine=running)


def test_a_policy_is_gone_when_the_run_ends_before_its_images(tmp_path: Path) -> None:
    policy = tmp_path / "policy.json"
    policy.write_text(json.dumps(recorded("057_POST_policy_add")["request"]["body"]))
    asking, answering = threading.Event(), threading.Event()

    def hold(_: Any) -> None:
        asking.set()
        answering.wait(10)

    with anchore(Engine(states=["analyzed"], rewrite=hold)) as service:
        engine = RemoteEngine(url=service.url, username="admin", password=PASSWORD, poll=0.01)
        with ThreadPoolExecutor(1) as executor:
            with run_of(engine) as running:
                future = executor.submit(gate, ALPINE, policy=policy, engine=running)
                assert asking.wait(10)
                assert len(service.policies) == 1
            assert service.policies == {}
            answering.set()
            assert isinstance(future.exception(10), TimedOut)
        assert service.policies == {}


def test_a_policy_is_gone_after_ctrl_c(tmp_path: Path) -> None:
    (tmp_path / "policy.json").write_text(json.dumps(recorded("057_POST_policy_add")["request"]["body"]))
    asking, answering = threading.Event(), threading.Event()

    def hold(_: Any) -> None:
        asking.set()
        answering.wait(10)

    with anchore(Engine(states=["analyzed"], rewrite=hold)) as service:
        words = ["check", ALPINE, "--url", service.url, "--username", "admin", "--policy", "policy.json"]
        command = [sys.executable, "-m", "anchore_gate", *words, "--format", "json=r.json"]
        environment = {**os.environ, "ANCHORE_GATE_PASSWORD": PASSWORD, "PYTHONPATH": str(Path.cwd())}
        with subprocess.Popen(
            command, cwd=tmp_path, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as process:
            assert asking.wait(20)
            process.send_signal(signal.SIGINT)
            assert process.wait(20) == 130
        answering.set()
        assert service.policies == {}
    (told,) = json.loads((tmp_path / "r.json").read_text())["results"]
    assert "interrupted" in told["message"]


def test_a_run_that_ends_waits_for_no_answer() -> None:
    asked, held = threading.Event(), threading.Event()

    def hang(one: Asked) -> Reply:
        if one.path != "/v1/images?force=false&autosubscribe=false":
            return Engine().respond(one)
        asked.set()
        held.wait(10)
        return reply({})

    with serve(hang) as site, ThreadPoolExecutor(1) as executor:
        engine = RemoteEngine(url=site.url, username="admin", password=PASSWORD)
        with run_of(engine) as running:
            future = executor.submit(gate, ALPINE, engine=running)
            assert asked.wait(10)
        assert isinstance(future.exception(5), TimedOut)
        held.set()


def test_an_import_is_invalidated_before_a_run_ends_without_it(tmp_path: Path) -> None:
    archive = docker_archive(tmp_path / "app.tar", [make_layer({"a": "b"})], tag="app:1")
    asked, held = threading.Event(), threading.Event()
    service = Engine()

    def hang(one: Asked) -> Reply:
        if one.path.endswith("/packages"):
            asked.set()
            held.wait(10)
        return service.respond(one)

    with serve(hang) as site, ThreadPoolExecutor(1) as executor:
        engine = RemoteEngine(url=site.url, username="admin", password=PASSWORD)
        with run_of(engine) as running:
            future = executor.submit(gate, f"docker-archive:{archive}", engine=running)
            assert asked.wait(10)
        assert [one.method for one in service.asked if "/imports/images/" in one.path] == ["DELETE"]
        held.set()
        assert isinstance(future.exception(5), TimedOut)
