"""Two hundred images at once: each waits for itself alone, and the service is asked by few at a time."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import Any

import pytest

from anchore_gate.api import gate_all
from anchore_gate.cli.config import ALL_GROUPS
from anchore_gate.cli.options import settle
from anchore_gate.cli.service import jobs_of
from anchore_gate.engine.remote import RemoteEngine
from anchore_gate.errors import NetworkError
from anchore_gate.net.retry import Clock
from anchore_gate.remote.turn import Turn
from tests.support.enterprise import IMAGE, Enterprise
from tests.support.web import Asked, Reply, serve

FLEET = 200
POLL = 5.0  # seconds of a clock that is only counted
IN_FLIGHT = 16  # connections
SLOWEST = 4  # polls until the slowest image is analysed


class OneThreadEach(Executor):
    """Nobody waits for a thread."""

    def submit(self, ask: Callable[..., Any], /, *args: Any, **named: Any) -> Future[Any]:
        """Start at once."""
        future: Future[Any] = Future()
        threading.Thread(target=lambda: future.set_result(ask(*args, **named)), daemon=True).start()
        return future


class CountedTime:
    """A clock for each thread: what an image sleeps passes for it alone."""

    def __init__(self) -> None:
        self._local = threading.local()
        self.slept: list[list[float]] = []  # by thread

    def sleep(self, seconds: float) -> None:
        if not hasattr(self._local, "sleeps"):
            self._local.sleeps = []
            self.slept.append(self._local.sleeps)
        self._local.sleeps.append(seconds)

    def monotonic(self) -> float:
        return float(sum(getattr(self._local, "sleeps", [])))


class Fleet:
    """A service whose images take `number % (SLOWEST + 1)` polls, and which counts who asks at a time."""

    def __init__(self) -> None:
        self.service = Enterprise()
        self.polls: Counter[str] = Counter()
        self.most = 0
        self._now = 0
        self._crowd = threading.Event()
        self._lock = threading.Lock()

    def respond(self, asked: Asked) -> Reply:
        with self._lock:
            self._now += 1
            self.most = max(self.most, self._now)
            if self._now == IN_FLIGHT:
                self._crowd.set()
        try:
            return self._answer(asked)
        finally:
            with self._lock:
                self._now -= 1

    def _answer(self, asked: Asked) -> Reply:
        digest = asked.path.rpartition("/")[2]
        if asked.method == "POST" and asked.path.startswith("/v2/images"):
            if not self._crowd.is_set():
                self._crowd.wait(10)  # for as many as come
                time.sleep(0.1)  # and for one too many
            digest = json.loads(asked.body)["source"]["digest"]["pull_string"].partition("@")[2]
            return self._image(digest, "not_analyzed")
        if asked.method == "GET" and digest.startswith("sha256:"):
            with self._lock:
                self.polls[digest] += 1
                is_done = self.polls[digest] > waits(digest)
            return self._image(digest, "analyzed" if is_done else "analyzing")
        return self.service.respond(asked)

    def _image(self, digest: str, state: str) -> Reply:
        return Reply(200, json.dumps({**IMAGE, "image_digest": digest, "analysis_status": state}).encode())


def waits(digest: str) -> int:
    """The polls at which an image is not analysed yet."""
    return int(digest[-8:], 16) % (SLOWEST + 1)


@pytest.fixture(scope="module")
def run() -> tuple[Fleet, CountedTime, set[str]]:
    fleet, counted = Fleet(), CountedTime()
    names = [f"team/app:1.2@sha256:{number:064x}" for number in range(FLEET)]
    with serve(fleet.respond) as site:
        clock = Clock(sleep=counted.sleep, monotonic=counted.monotonic)
        engine = RemoteEngine(url=site.url, token="key", poll=POLL, clock=clock)
        results = gate_all(names, engine=engine, executor=OneThreadEach(), want_packages=False)
    return fleet, counted, {one.verdict for one in results}


def test_every_image_gets_its_verdict(run: tuple[Fleet, CountedTime, set[str]]) -> None:
    _, _, verdicts = run
    assert verdicts == {"fail"}


def test_no_image_is_asked_for_more_often_than_it_takes(run: tuple[Fleet, CountedTime, set[str]]) -> None:
    fleet, _, _ = run
    # The last look, after the verdict, is one more.
    assert {digest: count - 2 for digest, count in fleet.polls.items()} == {
        f"sha256:{number:064x}": number % (SLOWEST + 1) for number in range(FLEET)
    }


def test_all_wait_no_longer_than_the_slowest_and_one_poll(run: tuple[Fleet, CountedTime, set[str]]) -> None:
    _, counted, _ = run
    assert sum(map(sum, counted.slept)) == sum(number % (SLOWEST + 1) for number in range(FLEET)) * POLL
    assert max(map(sum, counted.slept)) <= (SLOWEST + 1) * POLL


def test_which_api_is_there_is_asked_once(run: tuple[Fleet, CountedTime, set[str]]) -> None:
    fleet, _, _ = run
    assert len(fleet.service.sent("GET", "/version")) == 1


def test_who_waited_fails_with_who_went_before() -> None:
    turn, tried = Turn(), []
    held, waiting = threading.Event(), threading.Semaphore(0)

    def take() -> str:
        waiting.release()
        try:
            with turn.taken():
                tried.append(held.wait(10))
                raise NetworkError("no connection")
        except NetworkError as error:
            return str(error)

    with ThreadPoolExecutor(20) as executor:
        futures = [executor.submit(take) for _ in range(20)]
        for _ in futures:
            waiting.acquire(timeout=10)
        time.sleep(0.2)  # from there to the lock
        held.set()
    assert {future.result() for future in futures} == {"no connection"}
    assert len(tried) < len(futures)


def test_after_a_failure_the_next_one_tries_again() -> None:
    turn = Turn()
    with pytest.raises(NetworkError), turn.taken():
        raise NetworkError("no connection")
    with turn.taken():
        pass


def test_the_service_is_asked_by_few_at_a_time(run: tuple[Fleet, CountedTime, set[str]]) -> None:
    fleet, _, _ = run
    assert fleet.most == IN_FLIGHT


def test_the_command_line_has_them_all_wait_together() -> None:
    remote = settle({}, {"ANCHORE_GATE_URL": "http://h"}, {}, ALL_GROUPS)
    local = settle({}, {}, {}, ALL_GROUPS)
    assert jobs_of(remote, {}) >= FLEET
    assert jobs_of(local, {}) == 4
