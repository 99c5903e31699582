"""Anchore Enterprise's API (v2), built from its reference: the same engine, the same evaluation."""

from __future__ import annotations

import json
import re
from base64 import b64decode
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from anchore_gate.api import gate
from anchore_gate.engine.remote import RemoteEngine
from anchore_gate.errors import RemoteError
from anchore_gate.model.evaluation import Action
from anchore_gate.model.result import GateResult
from anchore_gate.policy.bundle import load_bundle
from tests.support.anchore import reply
from tests.support.enterprise import DIGEST, POLICY, TAG, Enterprise, enterprise, evaluation, finding
from tests.support.web import Asked


def judged(checked: Any, asked: list[Asked] | None = None, **more: Any) -> GateResult:
    with enterprise(Enterprise(checked=checked, asked=[] if asked is None else asked)) as service:
        engine = RemoteEngine(url=service.url, token="key-value", poll=0.01, account="team")
        return gate("team/app:1.2", engine=engine, **more)


def test_findings_go_to_the_rule_they_name() -> None:
    result = judged(evaluation())
    assert [(one.rule_id, len(one.findings)) for one in result.evaluation.outcomes] == [("r1", 1), ("r2", 0)]
    assert result.evaluation.final_action is Action.STOP
    assert result.verdict == "fail"


def test_what_is_known_of_a_finding_comes_along() -> None:
    (outcome, _) = judged(evaluation()).evaluation.outcomes
    match = outcome.findings[0].match
    assert match is not None
    assert match.vulnerability.known_exploited
    assert match.fix.state == "wont-fix"
    assert match.vulnerability.cvss[0].base_score == 7.5


def test_a_key_and_an_account_go_with_every_request() -> None:
    asked: list[Asked] = []
    judged(evaluation(), asked)
    assert {one.headers["x-anchore-account"] for one in asked} == {"team"}
    assert {one.headers["authorization"] for one in asked} == {"Basic X2FwaV9rZXk6a2V5LXZhbHVl"}
    assert len({one.headers["anchore-request-id"] for one in asked}) == 1


def test_an_allowlisted_finding_does_not_count() -> None:
    allowed = finding(
        "r1", allowlisted=True, allowlist_match={"id": "a", "name": "ok", "matched_rule_id": "i"}
    )
    details = {"policy": POLICY, "findings": [allowed]}
    result = judged(evaluation(status="pass", final_action="go", details=details))
    (outcome, _) = result.evaluation.outcomes
    assert result.verdict == "pass"
    assert outcome.findings[0].suppressed is not None
    assert outcome.findings[0].suppressed.item_id == "i"


def test_an_unmapped_image_that_the_service_waves_through_is_stopped() -> None:
    details = {"policy": POLICY, "findings": []}
    waved = evaluation(
        status="pass",
        final_action="go",
        image_mapped_to_rule=False,
        matched_mapping_rule=None,
        details=details,
    )
    assert judged(waved).evaluation.final_reason == "unmapped"
    assert judged(waved).verdict == "fail"
    assert judged(waved, unmapped=Action.GO).verdict == "pass"


def test_a_policy_goes_there_in_the_words_of_v2() -> None:
    asked: list[Asked] = []
    judged(evaluation(), asked, policy=load_bundle("anchore-default"))
    sent = [json.loads(one.body) for one in asked if one.method == "POST" and one.path == "/v2/policies"]
    (policy,) = sent
    assert "rule_sets" in policy
    assert [one.path for one in asked if one.method == "DELETE"] == [f"/v2/policies/{policy['id']}"]


@pytest.mark.parametrize("force", [False, True])
def test_a_dockerfile_that_the_service_does_not_look_at_is_told(tmp_path: Path, force: bool) -> None:
    dockerfile = tmp_path / "Dockerfile"
    dockerfile.write_text("FROM scratch\n")
    with enterprise(Enterprise()) as service:
        engine = RemoteEngine(url=service.url, token="key", poll=0.01, force=force)
        result = gate("team/app:1.2", engine=engine, dockerfile=dockerfile)
        plain = gate("team/app:1.2", engine=engine)
    assert ("the Dockerfile of its analysis counts" in " ".join(result.notes)) is not force
    assert len(plain.notes) == 1


@pytest.mark.parametrize(
    "checked",
    [
        {"evaluations": []},
        {},
        [],
        evaluation(details=None),
        evaluation(details={"findings": [], "policy": None}),
        evaluation(status="pass"),
        evaluation(details={"policy": POLICY, "findings": [finding("r1", action="sto")]}),
        evaluation(details={"policy": POLICY, "findings": [finding("r1", gate=None)]}),
    ],
    ids=["none", "empty", "array", "no-details", "no-grounds", "contradiction", "action", "no-gate"],
)
def test_an_answer_that_cannot_be_understood_is_no_verdict(checked: Any) -> None:
    with pytest.raises(RemoteError):
        judged(checked)


def test_an_address_that_ends_in_v2_is_enough_where_only_the_root_tells_its_version() -> None:
    with enterprise(Enterprise()) as service:
        result = gate("team/app:1.2", engine=RemoteEngine(url=service.url + "/v2", token="k", poll=0.01))
        assert result.verdict == "fail"
        assert [one.path for one in service.asked][:2] == ["/v2/version", "/version"]


def test_an_address_that_ends_in_v2_is_no_reason_to_speak_v1() -> None:
    old = {"service": {"version": "1.1.0"}, "api": {}}
    with (
        enterprise(Enterprise(answers={"/version": old, "/v1/version": old})) as service,
        pytest.raises(RemoteError, match="no Anchore API"),
    ):
        gate("team/app:1.2", engine=RemoteEngine(url=service.url + "/v2", token="k", poll=0.01))


def test_a_submission_has_the_words_of_v2(tmp_path: Path) -> None:
    dockerfile = tmp_path / "Dockerfile"
    dockerfile.write_text("FROM scratch\n" + "LABEL long=yes\n" * 20)
    with enterprise(Enterprise()) as service:
        engine = RemoteEngine(url=service.url, token="key", poll=0.01, force=True)
        gate("team/app:1.2", engine=engine, dockerfile=dockerfile, annotations=(("team", "x"),))
        (sent,) = service.sent("POST", "/v2/images")
    assert parse_qs(urlsplit(sent.path).query) == {"force": ["true"], "auto_subscribe": ["false"]}
    body = json.loads(sent.body)
    coded = body["source"]["tag"].pop("dockerfile")
    assert body == {"source": {"tag": {"pull_string": TAG}}, "annotations": {"team": "x"}}
    assert re.fullmatch(r"[a-zA-Z0-9+/=]+", coded)
    assert b64decode(coded) == dockerfile.read_bytes()


def test_a_digest_goes_with_its_tag_and_the_time() -> None:
    now = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=2)))
    with enterprise(Enterprise()) as service:
        engine = RemoteEngine(url=service.url, token="key", poll=0.01)
        gate(f"team/app:1.2@{DIGEST}", engine=engine, now=now)
        (sent,) = service.sent("POST", "/v2/images")
    assert json.loads(sent.body)["source"] == {
        "digest": {
            "pull_string": f"docker.io/team/app@{DIGEST}",
            "tag": TAG,
            "creation_timestamp_override": "2026-01-02T01:04:05Z",
        }
    }


def test_a_policy_that_is_there_already_is_used(tmp_path: Path) -> None:
    policy = tmp_path / "policy.json"
    policy.write_text(json.dumps(POLICY))
    with enterprise(Enterprise(answers={"/v2/policies": reply({"message": "exists"}, 409)})) as service:
        engine = RemoteEngine(url=service.url, token="key", poll=0.01)
        assert gate("team/app:1.2", engine=engine, policy=policy).verdict == "fail"


def test_an_image_that_stays_unknown_is_no_verdict() -> None:
    gone = reply({"message": "image not found"}, 404)
    with enterprise(Enterprise(answers={f"/v2/images/{DIGEST}": gone})) as service:
        engine = RemoteEngine(url=service.url, token="key", poll=0.0)
        with pytest.raises(RemoteError, match="does not know the image it accepted"):
            gate("team/app:1.2", engine=engine)
    assert len(service.sent("GET", f"/v2/images/{DIGEST}")) == 6


def test_contents_that_are_no_packages_are_passed_over() -> None:
    place = f"/v2/images/{DIGEST}/content"
    answers = {
        place: ["os", "files", "licenses", "malware", "novel", "nuget", 7],
        f"{place}/novel": {"content": [{"model": "llama"}]},
        f"{place}/nuget": {"content": [{"package": "Newtonsoft.Json", "version": "13.0.1", "type": "nuget"}]},
    }
    with enterprise(Enterprise(answers=answers)) as service:
        result = gate("team/app:1.2", engine=RemoteEngine(url=service.url, token="key", poll=0.01))
    assert [one.name for one in result.inventory.packages] == ["libssl", "Newtonsoft.Json"]
