"""Anchore Engine's API (v1): its names, and how its answers become our values."""

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

PREFIX = "/v1"
AUTO_SUBSCRIBE = "autosubscribe"
PULL_STRING = "pullstring"
POLICY_PARAMETER = "policyId"
POLICY_DIALECT = "v1"
IMAGE_CONFIG = "image_config"
IMAGE_DIGEST = "imageDigest"
COMPARING = "/v1/enterprise"  # where Enterprise 2 to 4 compare with a base image
POLICY_ID, POLICY_BODY = "policyId", "policybundle"
_REASONS = {"whitelisted": "allowlisted", "blacklisted": "denylisted"}
_INHERITED = "Inherited_From_Base"  # only there
_COLUMNS = ("Trigger_Id", "Gate", "Trigger", "Check_Output", "Gate_Action", "Whitelisted", "Policy_Id")


def image_of(raw: Any) -> ServiceImage:
    """The image of an array of one. Raises `RemoteError`."""
    found = listing(raw, "the image list")
    if not found:
        raise RemoteError("the service's answer cannot be understood: an empty image list")
    return image(found[0], digest_key="imageDigest", old=True)


def judgement_of(raw: Any) -> Judgement:
    """
    The evaluation inside `[{digest: {tag: [record]}}]`. Raises `RemoteError`.

    The tag is the service's own spelling, so the first key is taken, not ours.
    """
    by_digest = mapping(_first(listing(raw, "the evaluation")), "the evaluation")
    by_tag = mapping(_first(list(by_digest.values())), "the evaluation")
    records = listing(_first(list(by_tag.values())), "the evaluations of the tag")
    record = mapping(_first(records), "the evaluation")
    detail = mapping(record.get("detail"), "detail")
    result = mapping(detail.get("result"), "detail.result")
    reason = text(result, "final_action_reason", "detail.result").lower()
    policy = detail.get("policy")
    return Judgement(
        policy_id=words(record, "policyId"),
        status=text(record, "status", "the evaluation").lower(),
        final_action=text(result, "final_action", "detail.result").lower(),
        reason=_REASONS.get(reason, reason),
        tag=words(result, "tag"),
        rows=tuple(_rows(result)),
        problems=problems(result.get("evaluation_problems")),
        mapping=matched(result.get("matched_mapping_rule")),
        allowlisted=matched(result.get("matched_whitelisted_images_rule")),
        denylisted=matched(result.get("matched_blacklisted_images_rule")),
        policy=json.dumps(policy) if isinstance(policy, dict) and policy else "",
    )


def _first(found: list[Any]) -> Any:
    if not found:
        raise RemoteError("the service's answer holds no evaluation")
    return found[0]


def _rows(result: dict[str, Any]) -> list[Row]:
    tables = mapping(result.get("result"), "detail.result.result")
    own = tables.get(words(result, "image_id"))
    candidates = [own, *tables.values()]
    table = next((one for one in candidates if isinstance(one, dict) and "result" in one), None)
    if table is None:
        raise RemoteError("the service's answer cannot be understood: no table of findings")
    inner = mapping(table["result"], "the table")
    header = listing(inner.get("header"), "the table's header")
    missing = [name for name in _COLUMNS if name not in header]
    if missing:
        raise RemoteError(f"the service's answer cannot be understood: no column {missing[0]}")
    places = {name: header.index(name) for name in (*_COLUMNS, _INHERITED) if name in header}
    return [_row(listing(one, "a row"), places) for one in listing(inner.get("rows"), "the rows")]


def _row(cells: list[Any], places: dict[str, int]) -> Row:
    if len(cells) <= max(places.values()):
        raise RemoteError("the service's answer cannot be understood: a row is too short")
    said = {name: cells[place] for name, place in places.items()}
    if not all(isinstance(said[name], str) for name in ("Trigger_Id", "Gate", "Trigger", "Gate_Action")):
        raise RemoteError("the service's answer cannot be understood: a row without its words")
    return Row(
        trigger_id=said["Trigger_Id"],
        gate=said["Gate"],
        trigger=said["Trigger"],
        message=str(said["Check_Output"] or ""),
        action=said["Gate_Action"].lower(),
        rule_set_id=str(said["Policy_Id"] or ""),
        allowed=_allowed(said["Whitelisted"]),
        inherited=inherited if isinstance(inherited := said.get(_INHERITED), bool) else None,
    )


def _allowed(cell: Any) -> Allowed | None:
    if isinstance(cell, dict):
        return Allowed(
            id=words(cell, "whitelist_id"),
            name=words(cell, "whitelist_name"),
            item_id=words(cell, "matched_rule_id"),
        )
    if cell in (False, None) or (isinstance(cell, str) and cell.lower() in {"none", "false", ""}):
        return None
    raise RemoteError("the service's answer cannot be understood: neither allowlisted nor not")
