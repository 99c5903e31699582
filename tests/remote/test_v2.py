"""Anchore Enterprise's API (v2), built from its reference: the same engine, the same evaluation."""

from __future__ import annotations

import json
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
from tests.support.web import Asked, Reply, serve

DIGEST = "sha256:" + "a" * 64
TAG = "docker.io/team/app:1.2"
IMAGE = {
    "image_digest": DIGEST,
    "analysis_status": "analyzed",
    "image_detail": [{"full_tag": TAG, "image_id": "b" * 64}],
    "image_content": {"metadata": {"distro": "debian", "distro_version": "12", "arch": "amd64"}},
}
FLAW = {
    "vuln": "CVE-2022-1",
    "severity": "High",
    "url": "https://example.org/CVE-2022-1",
    "fix": "None",
    "package_name": "libssl",
    "package_version": "3.0",
    "package_type": "dpkg",
    "will_not_fix": True,
    "is_kev": True,
    "nvd_data": [{"id": "CVE-2022-1", "cvss_v2": None, "cvss_v3": {"base_score": 7.5}}],
}
POLICY = {
    "id": "p1",
    "name": "ours",
    "version": "2",
    "mappings": [],
    "rule_sets": [
        {
            "id": "s1",
            "name": "set",
            "version": "1.0.0",
            "rules": [
                {
                    "id": name,
                    "gate": "vulnerabilities",
                    "trigger": "package",
                    "action": "STOP",
                    "params": [{"name": "package_type", "value": "all"}],
                }
                for name in ("r1", "r2")
            ],
        }
    ],
    "allowlists": [],
}


def finding(rule: str, **more: Any) -> dict[str, Any]:
    return {
        "trigger_id": "CVE-2022-1+libssl",
        "gate": "vulnerabilities",
        "trigger": "package",
        "message": "HIGH Vulnerability found",
        "action": "stop",
        "policy_id": "s1",
        "rule_id": rule,
        "recommendation": "",
        "allowlisted": False,
        "allowlist_match": None,
        "inherited_from_base": None,
        **more,
    }


def evaluation(**more: Any) -> dict[str, Any]:
    one: dict[str, Any] = {
        "status": "fail",
        "final_action": "stop",
        "final_action_reason": "policy_evaluation",
        "evaluation_problems": [],
        "matched_allowlisted_images_rule": None,
        "matched_denylisted_images_rule": None,
        "image_mapped_to_rule": True,
        "matched_mapping_rule": {"id": "m", "name": "all", "rule_set_ids": ["s1"], "allowlist_ids": []},
        "details": {"policy": POLICY, "findings": [finding("r1")]},
    }
    return {"policy_id": "p1", "evaluated_tag": TAG, "evaluations": [{**one, **more}]}


def judged(checked: Any, asked: list[Asked] | None = None, **more: Any) -> GateResult:
    answers = {
        "/version": {"service": {"version": "5.8.0"}, "api": {"version": "2.13.0"}},
        "/v2/images": IMAGE,
        f"/v2/images/{DIGEST}": IMAGE,
        f"/v2/images/{DIGEST}/check": checked,
        f"/v2/images/{DIGEST}/vuln/all": {"vulnerabilities": [FLAW]},
        f"/v2/images/{DIGEST}/content": ["os", "files"],
        f"/v2/images/{DIGEST}/content/os": {"content": [{"package": "libssl", "type": "dpkg"}]},
        "/v2/system/feeds": [{"name": "vulnerability_db", "dataset_checksum": "c0ffee", "groups": []}],
        "/v2/policies": {},
    }

    def respond(one: Asked) -> Reply:
        if asked is not None:
            asked.append(one)
        path, query = urlsplit(one.path).path, parse_qs(urlsplit(one.path).query)
        if path.endswith("/check") and "policy_id" in query:
            return reply({**checked, "policy_id": query["policy_id"][0]})
        if one.method == "DELETE":
            return Reply(204)
        return reply(answers[path]) if path in answers else reply({"message": "not found"}, 404)

    with serve(respond) as site:
        engine = RemoteEngine(url=site.url, token="key-value", poll=0.01, account="team")
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
