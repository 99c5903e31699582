"""Subscriptions are there and active when the gate ends, whoever made them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from anchore_gate.api import gate
from anchore_gate.engine.remote import RemoteEngine
from anchore_gate.errors import RemoteError, UsageError
from tests.support.anchore import ALPINE, PASSWORD, Engine, anchore, answer, reply
from tests.support.enterprise import TAG, Enterprise, enterprise
from tests.support.web import Asked, Reply

PATH = "/v1/subscriptions"


def judged(service: Engine, **more: Any) -> None:
    settings = {"username": "admin", "password": PASSWORD, "poll": 0.01, **more}
    gate(ALPINE, engine=RemoteEngine(url=service.url, **settings))


def test_every_kind_is_subscribed_to() -> None:
    with anchore(Engine(subscriptions=[])) as service:
        judged(service, subscribe=("tag_update", "vuln_update", "policy_eval"))
        (sent,) = service.sent("POST", "/v1/images")
    assert "autosubscribe=true" in sent.path
    kinds = {one["subscription_type"]: one["active"] for one in service.subscriptions}
    assert kinds == {"tag_update": True, "vuln_update": True, "policy_eval": True}


def test_one_that_is_active_is_left_alone() -> None:
    active = {
        "subscription_id": "a",
        "subscription_key": ALPINE,
        "subscription_type": "vuln_update",
        "active": True,
    }
    with anchore(Engine(subscriptions=[active])) as service:
        judged(service, subscribe=("vuln_update",))
        assert service.sent("POST", PATH) == []
        assert service.sent("PUT", f"{PATH}/a") == []


def test_another_image_may_have_been_quicker() -> None:
    inactive = {
        "subscription_id": "a",
        "subscription_key": ALPINE,
        "subscription_type": "policy_eval",
        "active": False,
    }
    with anchore(Engine(subscriptions=[inactive])) as service:
        service.instead["GET", PATH] = [reply([])]
        service.instead["POST", PATH] = [answer("104_POST_subscription_add")]
        judged(service, subscribe=("policy_eval",))
        assert len(service.sent("PUT", f"{PATH}/a")) == 1


@pytest.mark.parametrize(
    ("refusal", "said"),
    [
        (reply({"message": "not now"}, 400), "no subscription to policy_eval.*not now"),
        (reply([]), "keeps no"),
    ],
)
def test_a_subscription_that_is_not_kept_is_an_error(refusal: Reply, said: str) -> None:
    with anchore(Engine(subscriptions=[])) as service:
        service.instead["POST", PATH] = [refusal]
        with pytest.raises(RemoteError, match=said):
            judged(service, subscribe=("policy_eval",))


def test_enterprise_makes_them_inactive_so_they_are_switched_on() -> None:
    kept: list[Any] = []

    def subscriptions(asked: Asked, _: dict[str, str]) -> Any:
        if asked.method == "POST":
            kept.append({"subscription_id": "n", "active": False, **json.loads(asked.body)})
        return reply(kept)

    service = Enterprise(answers={"/v2/subscriptions": subscriptions, "/v2/subscriptions/n": {}})
    with enterprise(service):
        engine = RemoteEngine(url=service.url, token="key", poll=0.01, subscribe=("policy_eval",))
        gate("team/app:1.2", engine=engine)
        (added,) = service.sent("POST", "/v2/subscriptions")
        (switched,) = service.sent("PUT", "/v2/subscriptions/n")
    assert json.loads(added.body) == {
        "subscription_key": TAG,
        "subscription_type": "policy_eval",
        "subscription_value": "",
    }
    assert json.loads(switched.body) == {"active": True, "subscription_value": None}


def test_a_kind_that_does_not_exist_is_a_wrong_use() -> None:
    with pytest.raises(UsageError, match="--subscribe 'everything'"):
        RemoteEngine(url="http://127.0.0.1:1", subscribe=("everything",))


def test_force_is_asked_once_even_where_the_service_is_busy() -> None:
    with anchore() as service:
        service.instead["POST", "/v1/images"] = [Reply(503, b"", {"Retry-After": "0"})] * 2
        with pytest.raises(RemoteError, match="503"):
            judged(service, force=True)
        (sent,) = service.sent("POST", "/v1/images")
    assert "force=true" in sent.path


def test_another_dockerfile_for_a_known_image_hints_at_force(tmp_path: Any) -> None:
    dockerfile = tmp_path / "Dockerfile"
    dockerfile.write_text("FROM scratch\n")
    with anchore() as service:
        service.instead["POST", "/v1/images"] = [reply({"message": "cannot add dockerfile"}, 400)]
        engine = RemoteEngine(url=service.url, username="admin", password=PASSWORD)
        with pytest.raises(RemoteError, match=r"cannot add dockerfile.*--force"):
            gate(ALPINE, engine=engine, dockerfile=dockerfile)
