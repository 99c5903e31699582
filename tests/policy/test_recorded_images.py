"""The recorded cases on their own images, through the whole engine."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from anchore_gate import gate
from anchore_gate.errors import GateError
from anchore_gate.model.evaluation import Action
from anchore_gate.model.result import GateResult

CASES = Path(__file__).parents[1] / "vectors" / "policy-cases"
# Engine's bugs that are not repeated: a blank passwd line fails it, npm versions are not compared.
QUIRKS = {"passwd_malformed_uid_error": Action.WARN, "pkg_required_nonos_minimum": Action.GO}
# Needs more than the image: a malware scan; and what is no policy.
BY_HAND = {"malware_findings", "err_bundle_version"}
NAMES = sorted(path.parent.name for path in CASES.glob("*/expected.json"))


def read(name: str, file: str) -> Any:
    return json.loads((CASES / name / file).read_text())


def judged(name: str) -> GateResult:
    args = read(name, "args.json")
    image = CASES / "images" / Path(args["image"]).name
    tag = f"{args['tag']}@{args['digest']}" if "digest" in args else args["tag"]
    return gate(f"docker-archive:{image}", policy=CASES / name / "bundle.json", tag=tag, unmapped=Action.GO)


@pytest.mark.parametrize("name", [name for name in NAMES if name not in BY_HAND | QUIRKS.keys()])
def test_a_recorded_image_is_judged_as_by_engine(name: str) -> None:
    expected = read(name, "expected.json")

    result = judged(name).evaluation

    reason = result.final_reason.replace("denylisted", "blacklisted").replace("allowlisted", "whitelisted")
    mapping = expected["matched_mapping_rule"]
    assert (result.final_action.word, reason) == (expected["final_action"], expected["final_action_reason"])
    assert (result.mapping.id if result.mapping else None) == (mapping["id"] if mapping else None)
    assert [one.type for one in result.problems] == [
        one["problem_type"] for one in expected["evaluation_problems"]
    ]
    assert Counter(
        (outcome.gate, outcome.trigger, outcome.action.word, one.trigger_id, one.message)
        for outcome in result.outcomes
        for one in outcome.findings
    ) == Counter(
        (one["gate"], one["trigger"], one["action"], one["trigger_id"], one["message"])
        for one in expected["findings"]
    )


@pytest.mark.parametrize("name", sorted(QUIRKS))
def test_what_made_engine_fail_is_answered(name: str) -> None:
    assert judged(name).evaluation.final_action is QUIRKS[name]


def test_a_bundle_of_another_version_gives_no_verdict() -> None:
    with pytest.raises(GateError, match="found version '2', expected '1_0'"):
        judged("err_bundle_version")
