"""A policy in words."""

from __future__ import annotations

from typing import Any

import pytest

from anchore_gate.policy.explain import explain
from anchore_gate.policy.parse import parse_bundle
from anchore_gate.policy.target import Target
from tests.policy.support import NOW, bundle, enterprise, mapping, rule

ITEM = {"id": "i1", "gate": "always", "trigger_id": "always"}


def told(raw: dict[str, Any], image: str | None = None) -> str:
    target = Target.parse(image) if image else None
    return "\n".join(explain(parse_bundle(raw), target, now=NOW))


def test_a_policy_is_explained_for_one_image() -> None:
    raw = bundle(rule("dockerfile", "exposed_ports", ports="22", type="blacklist"), items=[ITEM])
    raw["blacklisted_images"] = [mapping("evil.example")]
    raw["mappings"].insert(0, mapping("nowhere.example", id="m0"))

    said = told(raw, "app:1")
    assert "mapping 2: m1: registry *, repository *, tag *" in said
    assert "STOP dockerfile/exposed_ports (ports=22, type=blacklist): Fires for each exposed port" in said
    assert "accepted findings w1: 1 item, 0 expired" in said
    assert "denied" not in said
    assert "always denied: STOP" in told(raw, "evil.example/app:1")
    assert "mapping 1: m1: registry nowhere.example" in told(raw)


@pytest.mark.parametrize("words", ["", "The STIG is kept."])
def test_a_rule_that_only_a_service_answers_is_explained_as_check_takes_it(words: str) -> None:
    asked = {**rule("stig", "evaluation_result", "WARN"), "description": words}

    [line] = [one for one in told(bundle(asked), "app").splitlines() if "stig" in one]

    assert line.startswith(f"    WARN stig/evaluation_result: {words}")
    assert "only with a remote engine: " in line
    assert "; here it stops the image (--unsupported decides)" in line


def test_a_comparison_is_told_apart_from_the_sign_before_it() -> None:
    asked = rule("vulnerabilities", "package", package_type="all", severity_comparison="=", severity="medium")

    assert "(package_type=all, severity_comparison='=', severity=medium)" in told(bundle(asked))


def test_a_trigger_is_explained_by_the_name_that_reports_give_it() -> None:
    asked = rule("passwd_file", "blacklist_shells", shells="/bin/zsh")

    assert "STOP passwd_file/blacklist_shells (" in told(bundle(asked))
    assert "STOP passwd_file/denylist_shells (" in "\n".join(
        explain(parse_bundle(enterprise(asked)), None, now=NOW)
    )


@pytest.mark.parametrize("image", [None, "app:1"])
def test_an_explanation_tells_of_the_rules_it_cannot_read_once(image: str | None) -> None:
    raw = bundle(rule("always", "always", "NUKE"), rule("always", "always"))

    said = told(raw, image)
    assert said.count("error: policies[0].rules[0].action: no action 'NUKE'") == 1
    assert said.count("STOP always/always") == 1


def test_a_faulty_policy_is_explained_as_far_as_it_goes() -> None:
    raw = bundle(rule("always", "always"), mappings=[mapping("regexp:("), mapping()])

    for said in (told(raw), told(raw, "app:1")):
        assert said.count("error: mappings[0].registry: not a regular expression") == 1
        assert "as it is, the policy stops every image" in said
        assert "mapping 2: m1: registry *" in said
        assert "STOP always/always" in said


def test_a_mapping_to_what_is_faulty_is_explained() -> None:
    said = told(bundle(rule("always", "always"), mappings=[mapping(whitelist_ids=["w9"])]), "app:1")

    assert "error: mappings[0]: no whitelist has the id 'w9'" in said
    assert "as it is, it stops every image that it picks" in said
    assert "STOP always/always" in said


def test_what_a_name_does_not_tell_is_told_as_a_condition() -> None:
    digest, image_id = "sha256:" + "a" * 64, "b" * 64
    raw = bundle(
        rule("always", "always"),
        mappings=[
            mapping("*", "app", digest, type="digest", id="by-digest", name="by-digest"),
            mapping("*", "other", digest, type="digest", id="elsewhere"),
            mapping(),
            mapping("*", "*", image_id, type="id", id="behind"),
        ],
        blacklisted_images=[mapping("*", "*", image_id, type="id", name="bad")],
    )

    said = told(raw, "app:1")
    assert (
        f"mapping 1 picks it first if that is its digest: by-digest: registry *, repository app, digest {digest}"
        in said
    )
    assert "mapping 3: m1" in said
    assert (
        f"if that is its id, always denied: STOP, whatever the rules say: bad: registry *, repository *, id {image_id}"
        in said
    )
    assert "elsewhere" not in said
    assert "behind" not in said
    known = told(raw, f"app@{digest}")
    assert "mapping 1: by-digest" in known
    assert "picks it first if" not in known


def test_the_other_name_of_an_official_image_is_explained() -> None:
    raw = bundle(rule("always", "always"), blacklisted_images=[mapping("*", "library/ubuntu")])

    assert "note: blacklisted_images[0] picks docker.io/library/ubuntu" in told(raw, "ubuntu")


def test_a_mapping_without_rules_is_told() -> None:
    said = told(bundle(), "app:1")

    assert (
        "  the rule sets of the mapping hold no rule: an image that it picks passes, with a warning" in said
    )


def test_an_image_that_no_mapping_picks_is_told() -> None:
    assert "no mapping picks it: STOP" in told(bundle(mappings=[mapping("x.example")]), "app")
