"""What stops every image, under the names that Engine has for it."""

from __future__ import annotations

from typing import Any

import pytest

from anchore_gate.model.evaluation import Action
from tests.policy.support import bundle, judge, mapping, rule

ALWAYS = rule("always", "always")


def test_a_rule_that_is_no_object_stops_the_images_it_is_for() -> None:
    rules: Any = ["always always STOP", ALWAYS]

    result = judge(bundle(*rules))

    assert [(one.type, one.path) for one in result.problems] == [("PolicyError", "policies[0].rules[0]")]
    assert result.final_action is Action.STOP


def test_an_ended_gate_is_not_told_of_where_no_rule_is_asked() -> None:
    result = judge(bundle(rule("anchoresec", "vulnhigh"), rule("nogate", "x")))

    assert [problem.type for problem in result.problems] == ["GateNotFoundError"]


@pytest.mark.parametrize("place", [0, 1])
def test_no_mapping_is_told_where_one_of_them_cannot_be_read(place: int) -> None:
    mappings = [mapping(policy_id="p1")]
    mappings.insert(place, mapping("quay.io", policy_id="p1", policy_ids=["p2"]))

    result = judge(bundle(ALWAYS, mappings=mappings))

    assert [problem.type for problem in result.problems] == ["ValidationError"]
    assert (result.final_action, result.mapping) == (Action.STOP, None)


@pytest.mark.parametrize("name", ["mappings", "whitelisted_images", "blacklisted_images"])
def test_a_list_that_is_null_stops_every_image(name: str) -> None:
    result = judge({**bundle(rule("always", "always", "GO")), name: None}, unmapped=Action.GO)

    assert [(one.type, one.path) for one in result.problems] == [("ValidationError", name)]
    assert (result.final_action, result.final_reason) == (Action.STOP, "policy_evaluation")


def test_of_two_policies_or_allowlists_of_one_id_it_is_not_said_what_is_wrong_with_the_first() -> None:
    raw = bundle(rule("nogate", "x"), items=[{"id": "no gate"}])
    raw["mappings"] = [mapping(policy_id="p1", whitelist_ids=["w1"])]

    alone = judge(raw)
    twice = judge({**raw, "policies": raw["policies"] * 2, "whitelists": raw["whitelists"] * 2})

    assert [one.type for one in alone.problems] == ["GateNotFoundError", "ValidationError", "ValidationError"]
    assert [one.type for one in twice.problems] == ["DuplicateIdentifierFoundError"] * 2
    assert twice.final_action is Action.STOP


def test_a_bundle_without_policies_stops_the_images_that_its_mappings_pick() -> None:
    raw = {name: value for name, value in bundle(ALWAYS).items() if name != "policies"}

    result = judge(raw)

    assert [problem.type for problem in result.problems] == ["ReferencedObjectNotFoundError"]
    assert result.final_action is Action.STOP
    assert result.mapping is not None
