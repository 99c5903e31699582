"""Anchore Enterprise's API (v2): its names, and how its answers become our values."""

from __future__ import annotations

import json

from anchore_gate.errors import RemoteError
from anchore_gate.remote.values import (
    Allowed,
    Judgement,
    Row,
    ServiceImage,
    image,
    listing,
    mapping,
    matched,
    problems,
    text,
    words,
)
from anchore_gate.typed import Any

PREFIX = "/v2"
AUTO_SUBSCRIBE = "auto_subscribe"
PULL_STRING = "pull_string"
POLICY_PARAMETER = "policy_id"
POLICY_DIALECT = "v2"
IMAGE_CONFIG = "image-config"
IMAGE_DIGEST = "image_digest"
COMPARING = PREFIX  # where images are compared with a base image
POLICY_ID, POLICY_BODY = "policy_id", "policy"


def image_of(raw: Any) -> ServiceImage:
    """The image. Raises `RemoteError`."""
    return image(raw, digest_key="image_digest", old=False)


def judgement_of(raw: Any) -> Judgement:
    """The first of the evaluations. Raises `RemoteError`."""
    answer = mapping(raw, "the evaluation")
    evaluations = listing(answer.get("evaluations"), "evaluations")
    if not evaluations:
        raise RemoteError("the service's answer holds no evaluation")
    record = mapping(evaluations[0], "the evaluation")
    details = mapping(record.get("details"), "details")
    policy = details.get("policy")
    is_mapped = record.get("image_mapped_to_rule") is not False
    return Judgement(
        policy_id=words(answer, "policy_id"),
        status=text(record, "status", "the evaluation").lower(),
        final_action=text(record, "final_action", "the evaluation").lower(),
        reason=text(record, "final_action_reason", "the evaluation").lower(),
        tag=words(answer, "evaluated_tag"),
        rows=tuple(_row(one) for one in listing(details.get("findings"), "findings")),
        problems=problems(record.get("evaluation_problems")),
        mapping=matched(record.get("matched_mapping_rule")) if is_mapped else None,
        allowlisted=matched(record.get("matched_allowlisted_images_rule")),
        denylisted=matched(record.get("matched_denylisted_images_rule")),
        policy=json.dumps(policy) if isinstance(policy, dict) and policy else "",
    )


def _row(raw: Any) -> Row:
    where = "a finding"
    finding = mapping(raw, where)
    return Row(
        trigger_id=text(finding, "trigger_id", where),
        gate=text(finding, "gate", where),
        trigger=text(finding, "trigger", where),
        message=words(finding, "message"),
        action=text(finding, "action", where).lower(),
        rule_set_id=words(finding, "policy_id"),
        rule_id=words(finding, "rule_id"),
        recommendation=words(finding, "recommendation"),
        allowed=_allowed(finding),
        inherited=inherited if isinstance(inherited := finding.get("inherited_from_base"), bool) else None,
    )


def _allowed(finding: dict[str, Any]) -> Allowed | None:
    if finding.get("allowlisted") is not True:
        return None
    raw = finding.get("allowlist_match")
    match = raw if isinstance(raw, dict) else {}
    return Allowed(id=words(match, "id"), name=words(match, "name"), item_id=words(match, "matched_rule_id"))
