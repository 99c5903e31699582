"""Small bundles and evidence, built by code."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from anchore_gate.model.evaluation import Action, Evaluation, Finding
from anchore_gate.model.image import Dockerfile, Image
from anchore_gate.model.inventory import Inventory
from anchore_gate.policy.evaluate import evaluate
from anchore_gate.policy.parse import parse_bundle
from anchore_gate.policy.target import Target
from anchore_gate.policy.trigger import Evidence

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=timezone.utc)


def rule(gate: str, trigger: str, action: str = "STOP", **params: Any) -> dict[str, Any]:
    given = [{"name": name, "value": value} for name, value in params.items()]
    return {"id": "r1", "gate": gate, "trigger": trigger, "action": action, "params": given}


def bundle(*rules: dict[str, Any], items: list[dict[str, Any]] | None = None, **more: Any) -> dict[str, Any]:
    made: dict[str, Any] = {
        "id": "b1",
        "version": "1_0",
        "policies": [{"id": "p1", "name": "p1", "version": "1_0", "rules": list(rules)}],
        "whitelists": [{"id": "w1", "name": "w1", "version": "1_0", "items": items or []}],
        "mappings": [mapping()],
    }
    return {**made, **more}


def enterprise(*rules: dict[str, Any], items: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    return {
        "id": "b2",
        "name": "b2",
        "version": "2",
        "rule_sets": [{"id": "p1", "name": "p1", "version": "2", "rules": list(rules)}],
        "allowlists": [{"id": "w1", "name": "w1", "version": "2", "items": items or []}],
        "mappings": [
            {
                "id": "m1",
                "name": "m1",
                "registry": "*",
                "repository": "*",
                "image": {"type": "tag", "value": "*"},
                "rule_set_ids": ["p1"],
                "allowlist_ids": ["w1"],
            }
        ],
    }


def mapping(registry: str = "*", repository: str = "*", value: str = "*", **more: Any) -> dict[str, Any]:
    image = {"type": more.pop("type", "tag"), "value": value}
    made = {"id": "m1", "name": "m1", "registry": registry, "repository": repository, "image": image}
    return {**made, "policy_id": "p1", "whitelist_ids": ["w1"], **more}


def evidence(**more: Any) -> Evidence:
    given: dict[str, Any] = {
        "image": Image(name="x", source="test"),
        "files": None,
        "inventory": Inventory(),
        "dockerfile": Dockerfile(),
        "now": NOW,
    }
    return Evidence(**{**given, **more})


def judge(raw: dict[str, Any], seen: Evidence | None = None, tag: str = "app:1", **more: Any) -> Evaluation:
    target = Target.parse(tag, digest=more.pop("digest", ""), image_id=more.pop("image_id", ""))
    return evaluate(parse_bundle(raw), seen or evidence(), target=target, **more)


def findings(raw: dict[str, Any], seen: Evidence | None = None) -> list[Finding]:
    result = judge(raw, seen)
    assert not result.problems, result.problems
    assert [outcome.problem for outcome in result.outcomes if outcome.problem] == []
    return [finding for outcome in result.outcomes for finding in outcome.findings]


def messages(raw: dict[str, Any], seen: Evidence | None = None) -> list[str]:
    return [finding.message for finding in findings(raw, seen)]


__all__ = [
    "Action",
    "NOW",
    "bundle",
    "enterprise",
    "evidence",
    "findings",
    "judge",
    "mapping",
    "messages",
    "rule",
]
