"""A faulty policy: every fault is told at once, at its place, and what can be read is read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from anchore_gate.errors import InvalidBundle
from anchore_gate.policy.draft import load_draft, read_draft
from anchore_gate.policy.schema import breaches
from tests.policy.support import NOW, bundle, enterprise, mapping, rule


def places(raw: Any) -> list[str]:
    text = raw if isinstance(raw, str) else json.dumps(raw)
    return [one.path for one in read_draft(text.encode(), source="p.json").errors(now=NOW)]


def test_every_fault_of_a_mapping_is_told() -> None:
    faulty = {"registry": "regexp:(", "repository": 7, "whitelist_ids": "w1"}
    raw = bundle(rule("always", "always"), mappings=[faulty, mapping()])

    assert places(raw) == [
        "mappings[0].registry",
        "mappings[0].repository",
        "mappings[0].image",
        "mappings[0].policy_ids",
        "mappings[0].whitelist_ids",
    ]


def test_a_faulty_mapping_refers_to_parts_all_the_same() -> None:
    raw = bundle(mappings=[{**mapping("regexp:("), "whitelist_ids": ["w1", "w9"]}])

    draft = read_draft(json.dumps(raw).encode(), source="p.json")

    assert [(one.type, one.path) for one in draft.errors(now=NOW)] == [
        ("ValidationError", "mappings[0].registry"),
        ("ReferencedObjectNotFoundError", "mappings[0]"),
    ]


def test_every_fault_of_an_image_rule_is_told() -> None:
    raw = bundle(blacklisted_images=[{"repository": "regexp:[", "image": {"type": "sha", "value": None}}])

    assert places(raw) == [
        "blacklisted_images[0].registry",
        "blacklisted_images[0].repository",
        "blacklisted_images[0].image.type",
        "blacklisted_images[0].image.value",
    ]


def test_every_fault_of_a_rule_is_told() -> None:
    params = [{"name": "ports", "value": "x"}, {"name": "colour", "value": "y"}]
    faulty = {"gate": "dockerfile", "trigger": "exposed_ports", "action": "MAYBE", "params": params}
    start = "policies[0].rules[0]"

    assert places(bundle(faulty)) == [
        f"{start}.action",
        f"{start}.params[1].name",
        f"{start}.params[0].value",
        f"{start}.params",
    ]
    assert places(bundle({"gate": "nogate", "action": "X"})) == [
        f"{start}.trigger",
        f"{start}.params",
        f"{start}.action",
        f"{start}.gate",
    ]


def test_a_parameter_that_cannot_be_read_may_be_the_one_that_is_missing() -> None:
    params = [7, {"name": "type", "value": "x"}]
    faulty = {"gate": "dockerfile", "trigger": "exposed_ports", "action": "STOP", "params": params}

    assert places(bundle(faulty)) == [
        "policies[0].rules[0].params[0]",
        "policies[0].rules[0].params[1].value",
    ]


def test_of_parameters_with_one_name_the_last_is_meant() -> None:
    params = [
        {"name": name, "value": value} for name, value in (("type", "z"), ("ports", "1"), ("TYPE", "x"))
    ]
    faulty = {"gate": "dockerfile", "trigger": "exposed_ports", "action": "STOP", "params": params}

    assert places(bundle(faulty)) == ["policies[0].rules[0].params[2].value"]


def test_a_parameter_that_is_given_again_is_told() -> None:
    params = [{"name": name, "value": "x"} for name in ("name", "version", "NAME")]
    nameless = {**rule("always", "always"), "id": "r3", "params": [None, None, {"name": ""}, {"name": ""}]}
    raw = bundle(rule("always", "always"), {**rule("packages", "denylist"), "id": "r2", "params": params})
    draft = read_draft(json.dumps(raw).encode(), source="p.json")

    assert [(one.severity, one.path) for one in draft.problems(now=NOW)] == [
        ("warn", "policies[0].rules[1].params[2]")
    ]
    draft = read_draft(json.dumps(bundle(nameless)).encode(), source="p.json")
    assert {one.severity for one in draft.problems(now=NOW)} == {"error"}


def test_every_fault_of_an_item_is_told() -> None:
    items: list[Any] = [{"gate": 7, "trigger_id": "regexp:(", "expires_on": "soon"}, None]

    assert places(enterprise(items=items)) == [
        "allowlists[0].items[0].gate",
        "allowlists[0].items[0].trigger_id",
        "allowlists[0].items[0].expires_on",
        "allowlists[0].items[1]",
    ]


def test_every_fault_of_the_policy_itself_is_told_and_the_rest_too() -> None:
    raw = {
        "version": "2_0",
        "policies": [{"version": "1_0", "rules": [{}, rule("always", "always", "NUKE")]}],
        "mappings": {"a": 1},
    }

    assert places(raw) == [
        "version",
        "id",
        "mappings",
        "policies[0].id",
        *(f"policies[0].rules[0].{key}" for key in ("gate", "trigger", "params", "action")),
        "policies[0].rules[1].action",
    ]


def test_a_policy_of_both_dialects_or_of_none_is_told_with_the_rest() -> None:
    assert places({"rule_sets": [], "policies": []}) == ["", "id"]
    assert places({}) == ["version", "", "id"]


def test_keys_that_are_written_twice_are_all_told_and_the_rest_too() -> None:
    text = json.dumps(bundle(rule("always", "always", "NUKE")))
    text = text.replace('"id": "b1"', '"id": "b0", "id": "b1"')
    text = text.replace('"trigger": "always"', '"trigger": "x", "trigger": "always"')

    assert places(text) == ["", "policies[0].rules[0]", "policies[0].rules[0].action"]


@pytest.mark.parametrize("text", ["", "{", "null", "[1]", '{"policybundle": {}}', "[" * 200 + "]" * 200])
def test_what_is_no_object_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "p.json"
    path.write_text(text)

    with pytest.raises(InvalidBundle, match=r"p\.json"):
        load_draft(path)


def test_a_shipped_policy_has_no_errors() -> None:
    assert load_draft("anchore-default").errors(now=NOW) == ()


RECORDED = Path(__file__).parents[1] / "vectors" / "anchore-v1"


def exchanged(name: str) -> Any:
    return json.loads((RECORDED / f"{name}.json").read_text())


@pytest.mark.parametrize("name", ["057_POST_policy_add", "060_GET_policy_get", "098_GET_policy_get_default"])
def test_what_engine_took_has_no_errors_and_obeys_the_schema(name: str) -> None:
    one = exchanged(name)
    raw = one["request"]["body"] or one["response"]["body"][0]["policybundle"]

    assert places(raw) == []
    assert list(breaches(raw)) == []


def test_what_engine_refused_has_the_same_errors() -> None:
    one = exchanged("062_POST_policy_add_invalid")
    refused = one["response"]["body"]["detail"]["validation_details"]

    draft = read_draft(json.dumps(one["request"]["body"]).encode(), source="p.json")

    assert [one.type for one in draft.errors(now=NOW)] == [each["problem_type"] for each in refused]
    assert places(exchanged("085_POST_policy_add_schema_error")["request"]["body"])[0] == "version"
