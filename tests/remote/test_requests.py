"""Every request we send, field by field as it was sent to the recorded service: method, path, query, body."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from anchore_gate.api import gate
from anchore_gate.cli import main
from anchore_gate.engine.remote import RemoteEngine
from tests.support.anchore import ALPINE, ALPINE_DIGEST, PASSWORD, Engine, anchore, recorded
from tests.support.web import Asked

BASIC = "Basic " + base64.b64encode(f"admin:{PASSWORD}".encode()).decode()
SUBSCRIPTION = "/v1/subscriptions/c71f11f44a4ea827ab6bdd7c2737ee8e"
# Recorded for another resource of the same kind, or without what we say besides.
RENAMED = {
    "057_POST_policy_add",
    "061_GET_policy_missing",
    "094_GET_check_interactive",
    "100_DELETE_policy_delete",
}
QUERIES = {
    "017_POST_images_add_source_tag": {"force": "false", "autosubscribe": "false"},
    "061_GET_policy_missing": {"detail": "false"},
    "094_GET_check_interactive": {"policyId": "anchore-gate-"},
    "102_GET_subscriptions_by_key": {"subscription_type": "policy_eval"},
}


def policy_of(folder: Path) -> Path:
    policy = folder / "policy.json"
    policy.write_text(json.dumps(recorded("057_POST_policy_add")["request"]["body"]))
    return policy


def run(service: Engine, folder: Path) -> None:
    """Everything a gate asks for: by the active policy, by one of ours, with a subscription."""
    dockerfile = folder / "Dockerfile"
    dockerfile.write_bytes(b"FROM scratch\nEXPOSE 22\n")
    settings: dict[str, Any] = {"username": "admin", "password": PASSWORD, "poll": 0.01}
    engine = RemoteEngine(url=service.url, **settings)
    told: dict[str, Any] = {"dockerfile": dockerfile, "annotations": (("team", "x"),)}
    gate(ALPINE, engine=engine, **told)
    gate(ALPINE, engine=engine, policy=policy_of(folder), **told)
    gate(ALPINE, engine=RemoteEngine(url=service.url, subscribe=("policy_eval",), **settings), **told)


def parts(path: str) -> tuple[str, dict[str, str]]:
    split = urlsplit(path)
    return split.path, dict(parse_qsl(split.query))


def shape(name: str, path: str) -> str:
    """The path, its last word left out where the recording is of another resource."""
    is_named = name in RENAMED and path.startswith("/v1/policies/")
    return path.rpartition("/")[0] if is_named else path


def found(service: Engine, name: str) -> Asked:
    """The first of our requests with the method, path and query of a recorded one."""
    request = recorded(name)["request"]
    path, query = parts(request["path"])
    wanted = {key: value[:13] for key, value in (query | QUERIES.get(name, {})).items()}
    for one in service.asked:
        ours, said = parts(one.path)
        fits = one.method == request["method"] and shape(name, ours) == shape(name, path)
        if fits and {key: value[:13] for key, value in said.items()} == wanted:
            return one
    raise AssertionError(f"nothing like {name} was sent")


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    folder = tmp_path_factory.mktemp("requests")
    with anchore(Engine(states=["analyzed"])) as made:
        run(made, folder)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("ANCHORE_GATE_PASSWORD", PASSWORD)
            patch.chdir(folder)
            for action in ("status", "policies", "images", "feeds", "subscriptions", "registries"):
                main(["remote", action, "--json", "--url", made.url, "--username", "admin"])
        return made


@pytest.mark.parametrize(
    "name",
    [
        "004_GET_status",
        "006_GET_system_services",
        "007_GET_system_feeds",
        "012_GET_registries",
        "017_POST_images_add_source_tag",
        "024_GET_images_list",
        "027_GET_image_get",
        "031_GET_content",
        "032_GET_content_os",
        "033_GET_content_npm",
        "050_GET_vuln_all_vendor_only_false",
        "057_POST_policy_add",
        "058_GET_policies",
        "061_GET_policy_missing",
        "088_GET_check_detail",
        "094_GET_check_interactive",
        "100_DELETE_policy_delete",
        "101_GET_subscriptions",
        "102_GET_subscriptions_by_key",
        "103_PUT_subscription_activate",
    ],
)
def test_a_request_is_the_recorded_one(service: Engine, name: str) -> None:
    request = recorded(name)["request"]
    sent = found(service, name)
    assert sent.headers["authorization"] == BASIC
    assert sent.headers.get("content-type") == request["content_type"]
    body: Any = json.loads(sent.body) if sent.body else None
    if name == "057_POST_policy_add":  # under an id of our own
        assert body.pop("id").startswith("anchore-gate-")
        del request["body"]["id"]
    assert body == request["body"]


def test_no_other_request_is_sent(service: Engine) -> None:
    known = {
        ("GET", "/version"),
        ("GET", "/v2/version"),
        ("GET", "/v1/version"),
        ("GET", "/v1/status"),
        ("GET", "/v1/system/feeds"),
        ("GET", "/v1/system/services"),
        ("GET", "/v1/registries"),
        ("GET", "/v1/images"),
        ("POST", "/v1/images"),
        ("GET", f"/v1/images/{ALPINE_DIGEST}"),
        ("GET", f"/v1/images/{ALPINE_DIGEST}/check"),
        ("GET", f"/v1/images/{ALPINE_DIGEST}/content"),
        ("GET", f"/v1/images/{ALPINE_DIGEST}/content/os"),
        ("GET", f"/v1/images/{ALPINE_DIGEST}/content/npm"),
        ("GET", f"/v1/images/{ALPINE_DIGEST}/vuln/all"),
        ("GET", "/v1/policies"),
        ("POST", "/v1/policies"),
        ("GET", "/v1/subscriptions"),
        ("PUT", SUBSCRIPTION),
    }
    sent = {(one.method, parts(one.path)[0]) for one in service.asked}
    policies = {one for one in sent if one[1].startswith("/v1/policies/anchore-gate-")}
    assert sent - policies == known
    assert {method for method, _ in policies} == {"GET", "DELETE"}


def test_which_api_is_there_is_asked_without_a_name(service: Engine) -> None:
    (sent, *_) = service.sent("GET", "/v1/version")
    assert sent.method == recorded("003_GET_version")["request"]["method"]


def test_a_new_subscription_has_the_recorded_fields() -> None:
    request = recorded("104_POST_subscription_add")["request"]
    with anchore(Engine(states=["analyzed"], subscriptions=[])) as service:
        engine = RemoteEngine(
            url=service.url, username="admin", password=PASSWORD, poll=0.01, subscribe=("policy_eval",)
        )
        gate(ALPINE, engine=engine)
        (sent,) = service.sent("POST", "/v1/subscriptions")
    body = json.loads(sent.body)
    assert body.pop("active") is True  # else it would watch nothing
    assert (sent.method, sent.path, body) == (request["method"], request["path"], request["body"])
