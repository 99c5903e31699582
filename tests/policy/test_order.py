"""What comes first, what comes twice, and that nothing is left out."""

from __future__ import annotations

from typing import Any

import pytest

from anchore_gate.model.evaluation import Action
from tests.policy.support import bundle, evidence, files, judge, mapping, rule

ALWAYS = rule("always", "always")


def policy(name: str, *rules: dict[str, Any]) -> dict[str, Any]:
    return {"id": name, "name": name, "version": "1_0", "rules": list(rules)}


def allowlist(name: str, *trigger_ids: str) -> dict[str, Any]:
    items = [{"id": f"{name}-{one}", "gate": "always", "trigger_id": one} for one in trigger_ids]
    return {"id": name, "name": name, "version": "1_0", "items": items}


def test_rules_come_gate_by_gate_in_the_order_that_gates_first_come() -> None:
    named = [
        {**rule(gate, trigger, **params), "id": name}
        for name, gate, trigger, params in (
            ("a", "dockerfile", "no_dockerfile_provided", {}),
            ("b", "always", "always", {}),
            ("c", "DOCKERFILE", "effective_user", {"users": "root", "type": "whitelist"}),
            ("d", "files", "suid_or_guid_set", {}),
            ("e", "always", "always", {}),
        )
    ]

    result = judge(bundle(*named), evidence(files=files()))

    assert [one.rule_id for one in result.outcomes] == ["a", "c", "b", "e", "d"]


def test_policies_come_as_the_mapping_names_them_and_one_named_twice_is_asked_twice() -> None:
    raw = bundle(policies=[policy("p1", ALWAYS), policy("p2", rule("always", "always", "WARN"))])
    raw["mappings"] = [mapping(policy_id=None, policy_ids=["p2", "p1", "p2"])]

    result = judge(raw)

    assert [(one.rule_set_id, one.action) for one in result.outcomes] == [
        ("p2", Action.WARN),
        ("p1", Action.STOP),
        ("p2", Action.WARN),
    ]
    assert result.final_action is Action.STOP


def test_the_same_finding_of_two_rules_is_there_twice() -> None:
    outcomes = judge(bundle(ALWAYS, ALWAYS)).outcomes

    assert [finding.trigger_id for one in outcomes for finding in one.findings] == ["always", "always"]


def test_the_first_allowlist_that_the_mapping_names_sets_a_finding_aside() -> None:
    raw = bundle(ALWAYS, whitelists=[allowlist("w1", "always"), allowlist("w2", "nothing", "alw*", "*")])
    raw["mappings"] = [mapping(whitelist_ids=["w2", "w1"])]

    [outcome] = judge(raw).outcomes

    suppressed = outcome.findings[0].suppressed
    assert suppressed is not None
    assert (suppressed.id, suppressed.item_id) == ("w2", "w2-alw*")


def test_an_allowlist_that_the_mapping_does_not_name_changes_nothing() -> None:
    raw = bundle(ALWAYS, whitelists=[allowlist("w1"), allowlist("w2", "*")])

    assert judge(raw).final_action is Action.STOP


def test_the_first_mapping_and_the_first_of_each_image_list_are_told() -> None:
    def listed(name: str, repository: str) -> dict[str, Any]:
        return {**mapping(repository=repository), "id": name}

    images = [listed("no", "other"), listed("first", "a*"), listed("second", "*")]
    raw = bundle(ALWAYS, mappings=images, whitelisted_images=images, blacklisted_images=images)

    result = judge(raw, tag="app:1")

    matched = (result.mapping, result.allowlisted_image, result.denylisted_image)
    assert [one.id for one in matched if one is not None] == ["first"] * 3


def test_everything_that_is_wrong_with_what_a_mapping_picks_is_told() -> None:
    broken = policy(
        "p1",
        rule("nogate", "x"),
        rule("always", "nope"),
        rule("dockerfile", "instruction", instruction="from", check="is", odd="1"),
        {**ALWAYS, "action": "BLOCK"},
    )
    raw = bundle(
        policies=[broken, {**policy("p2"), "version": "2"}, policy("twice"), policy("twice")],
        whitelists=[{**allowlist("w1"), "version": "9"}],
    )
    names = ["p1", "p2", "twice", "gone"]
    raw["mappings"] = [mapping(policy_id=None, policy_ids=names, whitelist_ids=["w1", "lost"])]

    result = judge(raw)

    assert sorted(one.type for one in result.problems) == [
        "DuplicateIdentifierFoundError",
        "GateNotFoundError",
        "InvalidParameterError",
        "ParameterValueInvalidError",
        "ParameterValueInvalidError",
        "PolicyError",
        "ReferencedObjectNotFoundError",
        "ReferencedObjectNotFoundError",
        "TriggerNotFoundError",
        "UnsupportedVersionError",
        "UnsupportedVersionError",
    ]
    assert (result.final_action, result.outcomes) == (Action.STOP, ())
    assert result.mapping is not None


@pytest.mark.parametrize(
    ("change", "kind"),
    [({"trigger": "vulnhgih"}, "TriggerNotFoundError"), ({"action": "BLOCK"}, "PolicyError"), ({"params": None}, "PolicyError")],
)  # fmt: skip
def test_a_rule_of_an_ended_gate_that_never_was_one_stops(change: dict[str, Any], kind: str) -> None:
    result = judge(bundle({**rule("AnchoreSec", "VulnHigh"), **change}))

    assert kind in {problem.type for problem in result.problems}
    assert result.final_action is Action.STOP


@pytest.mark.parametrize(
    ("ids", "picked"),
    [
        ({"policy_id": "p1", "policy_ids": []}, True),
        ({"policy_id": "p1", "policy_ids": None}, True),
        ({"policy_id": "", "policy_ids": ["p1"]}, True),
        ({"policy_id": None, "policy_ids": ["p1"]}, True),
        ({"policy_id": "p1", "policy_ids": ["p1"]}, False),
        ({"policy_id": "", "policy_ids": []}, False),
        ({"policy_id": None}, False),
    ],
)
def test_a_mapping_names_policies_in_one_of_two_ways(ids: dict[str, Any], picked: bool) -> None:
    result = judge(bundle(rule("always", "always", "GO"), mappings=[mapping(**ids)]))

    assert (result.final_action is Action.GO) is picked
    assert [one.type for one in result.problems] == ([] if picked else ["ValidationError"])
