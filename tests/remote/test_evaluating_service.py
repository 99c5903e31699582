"""A service that really evaluates what it is sent: packages as Syft JSON, the policy in the words of v2."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from anchore_gate.api import gate
from anchore_gate.engine.remote import RemoteEngine
from anchore_gate.errors import ConfigError
from anchore_gate.model.evaluation import Action
from anchore_gate.model.result import GateResult
from anchore_gate.policy.convert import convert
from tests.policy.support import enterprise as enterprise_policy
from tests.policy.support import rule
from tests.support.anchore import reply
from tests.support.enterprise import Enterprise, enterprise
from tests.support.web import Asked, Reply

CASES = Path(__file__).parents[1] / "vectors" / "policy-cases"
# Recorded cases that packages and names answer.
NAMES = [
    "always_actions_min",
    "img_blacklisted_beats_whitelisted",
    "img_no_match",
    "map_localhost_port",
    "map_no_match",
    "map_regexp_prefix",
    "map_star_crosses_slash",
    "npm_gem_gates",
    "pkg_blacklist",
    "pkg_required_nonos_minimum",
]


class Evaluating:
    """`POST /scan`, answered by an evaluation of what came."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._policies: dict[str, Path] = {}

    def policies(self, asked: Asked, _: dict[str, str]) -> Reply:
        policy = json.loads(asked.body)
        path = self._folder / f"{policy['id']}.json"
        path.write_text(asked.body.decode())
        self._policies[policy["id"]] = path
        return reply({"policy_id": policy["id"]})

    def scan(self, asked: Asked, query: dict[str, str]) -> Reply:
        sbom = self._folder / "sbom.json"
        sbom.write_text(json.dumps(json.loads(asked.body)["sbom"]))
        policy = self._policies[query["policy_id"]]
        result = gate(f"sbom:{sbom}", policy=policy, tag=query["tag"], unmapped=Action.GO)
        answer = judgement_of(result, query, json.loads(policy.read_text()))
        return reply({"vuln_scan": {"vulnerabilities": []}, "policy_scan": answer})


def judgement_of(result: GateResult, query: dict[str, str], policy: Any) -> Any:
    """An evaluation of ours as Enterprise tells one."""
    found = result.evaluation
    return {
        "policy_id": query["policy_id"],
        "evaluated_tag": query["tag"],
        "evaluations": [
            {
                "status": "fail" if found.final_action is Action.STOP else "pass",
                "final_action": found.final_action.word,
                "final_action_reason": found.final_reason.replace("unmapped", "policy_evaluation"),
                "evaluation_problems": [],
                "matched_allowlisted_images_rule": rule_of(found.allowlisted_image),
                "matched_denylisted_images_rule": rule_of(found.denylisted_image),
                "image_mapped_to_rule": found.mapping is not None,
                "matched_mapping_rule": rule_of(found.mapping),
                "details": {"policy": policy, "findings": [*findings_of(result)]},
            }
        ],
    }


def rule_of(rule: Any) -> Any:
    if rule is None:
        return None
    return {"id": rule.id, "name": rule.name, "rule_set_ids": list(rule.rule_set_ids), "allowlist_ids": []}


def findings_of(result: GateResult) -> Iterator[Any]:
    for outcome in result.evaluation.outcomes:
        for one in outcome.findings:
            aside = one.suppressed
            yield {
                "trigger_id": one.trigger_id,
                "gate": outcome.gate,
                "trigger": outcome.trigger,
                "message": one.message,
                "action": outcome.action.word,
                "policy_id": outcome.rule_set_id,
                "rule_id": outcome.rule_id,
                "recommendation": outcome.recommendation,
                "allowlisted": aside is not None,
                "allowlist_match": aside
                and {"id": aside.id, "name": aside.name, "matched_rule_id": aside.item_id},
                "inherited_from_base": None,
            }


@contextmanager
def evaluating(folder: Path) -> Iterator[Enterprise]:
    judge = Evaluating(folder)
    answers = {"/v2/policies": judge.policies, "/v2/scan": judge.scan}
    with enterprise(Enterprise(version="5.21.0", answers=answers)) as service:
        yield service


def told(result: GateResult) -> Any:
    outcomes = result.evaluation.outcomes
    rules = [(one.rule_set_id, one.rule_id, one.gate, one.trigger, one.action) for one in outcomes]
    ids = [(one.gate, f.trigger_id, f.message, f.stands) for one in outcomes for f in one.findings]
    return result.verdict, result.evaluation.final_reason, Counter(rules), Counter(ids)


@pytest.mark.parametrize("name", NAMES)
def test_what_is_sent_is_enough_to_judge_as_it_is_judged_here(name: str, tmp_path: Path) -> None:
    args = json.loads((CASES / name / "args.json").read_text())
    archive = f"docker-archive:{CASES / 'images' / Path(args['image']).name}"
    policy = tmp_path / "policy.json"
    policy.write_text(
        json.dumps(convert(json.loads((CASES / name / "bundle.json").read_text()), to="v2").policy)
    )
    asked: dict[str, Any] = {"policy": policy, "tag": args["tag"], "unmapped": Action.GO}

    with evaluating(tmp_path) as service:
        theirs = gate(archive, engine=RemoteEngine(url=service.url, token="key", poll=0.01), **asked)
        assert service.sent("POST", "/v2/images") == []

    assert told(theirs) == told(gate(archive, **asked))


def test_a_service_is_not_given_what_it_refuses_and_reports_have_it_all_the_same(tmp_path: Path) -> None:
    asked = {**rule("packages", "required_package", name="curl"), "controls": ["NIST-800-190:4.1.1"]}
    item = {"id": "i1", "gate": "always", "trigger_id": "always", "reason": "why", "owner": "me"}
    policy = tmp_path / "policy.json"
    policy.write_text(json.dumps(enterprise_policy(asked, items=[item])))
    archive = f"docker-archive:{CASES / 'images' / 'scratch.tar'}"

    with evaluating(tmp_path) as service:
        engine = RemoteEngine(url=service.url, token="key", poll=0.01)
        [outcome] = gate(archive, engine=engine, policy=policy, tag="app:1").evaluation.outcomes
        [sent] = service.sent("POST", "/v2/policies")

    made = json.loads(sent.body)
    assert made["rule_sets"][0]["rules"][0].keys() == {"id", "gate", "trigger", "action", "params"}
    assert made["allowlists"][0]["items"][0] == {
        **{key: item[key] for key in ("id", "gate", "trigger_id")},
        "description": "why (owner: me)",
    }
    assert outcome.controls == ("NIST-800-190:4.1.1",)


@pytest.mark.parametrize(
    ("key", "part", "place"),
    [
        ("rule_sets", {"id": "p9", "version": "2"}, r"rule_sets\[1\]\.rules: required"),
        ("rule_sets", {"id": "p9", "version": "2", "rules": [{}]}, r"rule_sets\[1\]\.rules\[0\]\.gate"),
        ("allowlists", {"id": "w9", "version": "2"}, r"allowlists\[1\]\.items: required"),
    ],
)
def test_a_fault_that_no_image_meets_is_not_sent(
    tmp_path: Path, key: str, part: dict[str, Any], place: str
) -> None:
    raw = enterprise_policy(rule("packages", "required_package", name="curl"))
    raw[key].append(part)
    policy = tmp_path / "policy.json"
    policy.write_text(json.dumps(raw))
    archive = f"docker-archive:{CASES / 'images' / 'scratch.tar'}"

    with evaluating(tmp_path) as service, pytest.raises(ConfigError, match=place):
        gate(archive, engine=RemoteEngine(url=service.url, token="key"), policy=policy, tag="app:1")
    assert service.sent("POST", "/v2/policies") == []
