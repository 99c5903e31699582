"""The policy that decides is the one that was asked for, and one of ours leaves no trace."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from anchore_gate.api import gate, gate_all
from anchore_gate.engine.remote import RemoteEngine
from anchore_gate.errors import ConfigError, RemoteError, TimedOut
from anchore_gate.model.result import NoVerdict
from anchore_gate.net.retry import Clock
from anchore_gate.policy.bundle import load_bundle
from tests.support.anchore import ALPINE, PASSWORD, Engine, anchore, answer, recorded
from tests.support.web import Asked, Reply, serve


def test_a_judgement_by_another_policy_is_no_verdict() -> None:
    with anchore(Engine(ignores_policy=True)) as service:
        engine = RemoteEngine(url=service.url, username="admin", password=PASSWORD, poll=0.01)
        with pytest.raises(RemoteError, match="judged by 'trace-b1'"):
            gate(ALPINE, policy="anchore-default", engine=engine)
        assert service.policies == {}


def engine_of(service: Engine, **more: Any) -> RemoteEngine:
    settings = {"username": "admin", "password": PASSWORD, "poll": 0.01, **more}
    return RemoteEngine(url=service.url, **settings)


def test_all_images_of_a_run_share_one_upload_and_one_removal() -> None:
    with anchore(Engine(states=["analyzed"])) as service, ThreadPoolExecutor(20) as executor:
        names = [f"{ALPINE}@sha256:{number:064x}" for number in range(20)]
        results = gate_all(names, policy="anchore-default", engine=engine_of(service), executor=executor)
        uploads = service.sent("POST", "/v1/policies")
        removals = [one for one in service.asked if one.method == "DELETE"]
    assert {one.verdict for one in results} == {"pass"}
    # A run whose images come one after another has it there only while one is judged.
    assert len(uploads) == len(removals)
    assert service.policies == {}


@pytest.mark.parametrize(("times", "is_judged"), [(2, True), (3, False)])
def test_a_policy_that_another_run_takes_away_is_put_there_again(times: int, is_judged: bool) -> None:
    service = Engine(states=["analyzed"])
    left = [None] * times

    def respond(asked: Asked) -> Reply:
        if "/check?" in asked.path and left:
            left.pop()
            service.policies.clear()
        return service.respond(asked)

    with serve(respond) as site:
        engine = RemoteEngine(url=site.url, username="admin", password=PASSWORD, poll=0.01)
        (result,) = gate_all([ALPINE], policy="anchore-default", engine=engine)
    assert (result.verdict == "pass") is is_judged
    assert len(service.sent("POST", "/v1/policies")) == 3


def test_a_policy_is_taken_away_although_the_time_is_over() -> None:
    service, now = Engine(states=["analyzed"]), [0.0]

    def respond(asked: Asked) -> Reply:
        now[0] += 1000.0 if "/check?" in asked.path else 0.0
        return service.respond(asked)

    with serve(respond) as site:
        clock = Clock(sleep=lambda _: None, monotonic=lambda: now[0])
        engine = RemoteEngine(url=site.url, username="admin", password=PASSWORD, clock=clock)
        with pytest.raises(TimedOut):
            gate(ALPINE, policy="anchore-default", engine=engine)
    assert len(service.sent("POST", "/v1/policies")) == 1
    assert service.policies == {}


def test_a_policy_that_somebody_put_there_is_left() -> None:
    with anchore(Engine(states=["analyzed"])) as service:
        engine = engine_of(service, keep_policy=True)
        gate(ALPINE, policy="anchore-default", engine=engine)
        gate(ALPINE, policy="anchore-default", engine=engine_of(service))
        assert len(service.policies) == 1


@pytest.mark.parametrize("image", [ALPINE, "docker-archive:not-there.tar"])
def test_a_policy_that_cannot_be_uploaded_is_said_before_anything_is_submitted(
    image: str, tmp_path: Path
) -> None:
    path = tmp_path / "policy.json"
    path.write_text(json.dumps(recorded("057_POST_policy_add")["request"]["body"]))
    policy = load_bundle(path)
    path.write_text("{}")
    with anchore() as service:
        engine = RemoteEngine(url=service.url, username="admin", password=PASSWORD, poll=0.01)
        with pytest.raises(ConfigError, match="changed while the run was going on"):
            gate(image, policy=policy, engine=engine)
        assert service.sent("POST", "/v1/images") == []


def test_a_policy_that_is_refused_is_sent_once(tmp_path: Path) -> None:
    path = tmp_path / "policy.json"
    path.write_text(json.dumps(recorded("057_POST_policy_add")["request"]["body"]))
    with anchore(Engine(states=["analyzed"])) as service:
        service.instead["POST", "/v1/policies"] = [answer("085_POST_policy_add_schema_error")] * 9
        engine = RemoteEngine(url=service.url, username="admin", password=PASSWORD, poll=0.01)
        with ThreadPoolExecutor(1) as executor:
            results = gate_all([ALPINE] * 4, policy=path, engine=engine, executor=executor)
        assert len(service.sent("POST", "/v1/policies")) == 1
    told = {(one.exit_code, one.message) for one in results if isinstance(one, NoVerdict)}
    ((code, message),) = told
    assert code == 2
    assert "'version' is a required property" in message
