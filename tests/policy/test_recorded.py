"""Cases recorded from Anchore Engine 1.1 (tests/vectors/policy-cases), each image through the whole engine."""

from __future__ import annotations

import json
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from anchore_gate import LocalEngine, gate
from anchore_gate.errors import GateError
from anchore_gate.model.evaluation import Action, Evaluation, MatchedRule
from anchore_gate.policy.parse import parse_bundle
from anchore_gate.policy.settings import AnalyzerSettings
from tests.policy.support import bundle, rule
from tests.support.clamd import clamd

CASES = Path(__file__).parents[1] / "vectors" / "policy-cases"
# Engine's bugs that are not repeated: a blank passwd line fails it, npm versions are not compared.
QUIRKS = {"passwd_malformed_uid_error": Action.WARN, "pkg_required_nonos_minimum": Action.GO}
REFUSED = "err_bundle_version"
NAMES = sorted(path.parent.name for path in CASES.glob("*/expected.json"))
# What the image of `malware_findings` holds at `/app/bin`: the recorded scan says its signature.
CONTENTS = {"/app/bin": b"ELFish"}


def read(name: str, file: str) -> Any:
    return json.loads((CASES / name / file).read_text())


def judged(name: str) -> Evaluation:
    args = read(name, "args.json")
    image = CASES / "images" / Path(args["image"]).name
    tag = f"{args['tag']}@{args['digest']}" if "digest" in args else args["tag"]
    with ExitStack() as stack:
        engine = LocalEngine()
        if "malware" in args:
            scan = read(name, args["malware"])["clamav"]["findings"]
            known = {CONTENTS[one["path"]]: one["signature"] for one in scan if "signature" in one}
            place = stack.enter_context(clamd(known))
            engine = LocalEngine(clamd=place, settings=AnalyzerSettings(malware=True))
        return gate(
            f"docker-archive:{image}",
            policy=CASES / name / "bundle.json",
            tag=tag,
            unmapped=Action.GO,
            engine=engine,
        ).evaluation


@pytest.mark.parametrize("name", [name for name in NAMES if name not in {REFUSED, *QUIRKS}])
def test_a_recorded_image_is_judged_as_by_engine(name: str) -> None:
    expected = read(name, "expected.json")

    result = judged(name)

    reason = result.final_reason.replace("denylisted", "blacklisted").replace("allowlisted", "whitelisted")
    assert (result.final_action.word, reason) == (expected["final_action"], expected["final_action_reason"])
    assert result.policy_action.word == expected["policy_final_action"]
    assert [_id(one) for one in (result.mapping, result.allowlisted_image, result.denylisted_image)] == [
        (expected[f"matched_{word}_rule"] or {}).get("id")
        for word in ("mapping", "whitelisted_images", "blacklisted_images")
    ]
    assert [one.type for one in result.problems] == [
        one["problem_type"] for one in expected["evaluation_problems"]
    ]
    assert _findings(result) == Counter(
        (
            *(one[key] for key in ("policy_id", "gate", "trigger", "action", "trigger_id", "message")),
            one["whitelisted"]["matched_rule_id"] if one["whitelisted"] else None,
        )
        for one in expected["findings"]
    )


@pytest.mark.parametrize("image", sorted(path.name for path in (CASES / "images").glob("*.tar")))
def test_a_recorded_image_has_the_facts_that_engine_saw(image: str) -> None:
    seen = [
        read(name, "expected.json")["image"]
        for name in NAMES
        if Path(read(name, "args.json")["image"]).name == image and "image" in read(name, "expected.json")
    ]
    facts = ("size", "distro", "distro_version", "like_distro", "layer_count")
    rules = [
        rule("metadata", "attribute", attribute=fact, check="=", value=str(one[fact]))
        for one in seen[:1]
        for fact in facts
    ]

    result = gate(f"docker-archive:{CASES / 'images' / image}", policy=parse_bundle(bundle(*rules)))

    assert [len(outcome.findings) for outcome in result.evaluation.outcomes] == [1] * len(rules)


def test_the_recorded_busybox_is_a_package() -> None:
    rules = (
        rule("packages", "blacklist", name="busybox", version="1.36.1"),
        rule("packages", "required_package", name="busybox"),
        rule("licenses", "blacklist_exact_match", licenses="N/A"),
    )

    result = gate(f"docker-archive:{CASES / 'images' / 'busybox.tar'}", policy=parse_bundle(bundle(*rules)))

    assert [one.message for outcome in result.evaluation.outcomes for one in outcome.findings] == [
        "Package is blacklisted: busybox-1.36.1",
        "LICFULLMATCH Packages are installed that have blacklisted licenses: busybox(N/A)",
    ]


def _id(rule: MatchedRule | None) -> str | None:
    return rule.id if rule else None


def _findings(result: Evaluation) -> Counter[tuple[str | None, ...]]:
    return Counter(
        (
            *(outcome.rule_set_id, outcome.gate, outcome.trigger),
            (outcome.action if one.stands else Action.GO).word,
            *(one.trigger_id, one.message),
            one.suppressed.item_id if one.suppressed else None,
        )
        for outcome in result.outcomes
        for one in outcome.findings
    )


@pytest.mark.parametrize("name", sorted(QUIRKS))
def test_what_made_engine_fail_is_answered(name: str) -> None:
    assert judged(name).final_action is QUIRKS[name]


def test_a_bundle_of_another_version_gives_no_verdict() -> None:
    with pytest.raises(GateError, match="version: found version '2', expected '1_0'"):
        judged(REFUSED)
