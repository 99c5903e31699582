"""
The schemas and the reference in docs/ are what the declarations say.

After a change of a gate, `python -m tests.policy.test_reference` writes them anew.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anchore_gate.errors import InvalidBundle
from anchore_gate.policy.convert import convert
from anchore_gate.policy.document import locate, parse_json, read_text, shipped_names
from anchore_gate.policy.gates import gate_names
from anchore_gate.policy.parse import parse_bundle
from anchore_gate.policy.reference import reference
from anchore_gate.policy.review import review
from anchore_gate.policy.schema import DIALECTS, breaches, policy_schema
from tests.policy.damage import ABSENT, VALUES, damaged
from tests.policy.support import NOW, bundle, enterprise, judge, mapping, rule

DOCS = Path(__file__).parents[2] / "docs"
BEGIN, END = "<!-- triggers: begin (generated) -->\n", "<!-- triggers: end -->\n"


def schema_file(dialect: str) -> Path:
    return DOCS / "schema" / f"policy-{dialect}.schema.json"


def schema_text(dialect: str) -> str:
    return json.dumps(policy_schema(dialect), indent=1, ensure_ascii=False) + "\n"


def manual() -> str:
    text = (DOCS / "policies.md").read_text(encoding="utf-8")
    head, _, rest = text.partition(BEGIN)
    return head + BEGIN + "\n".join(reference()) + "\n" + END + rest.partition(END)[2]


def test_the_manual_holds_the_reference() -> None:
    assert (DOCS / "policies.md").read_text(encoding="utf-8") == manual()


@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_schema_file_is_what_the_declarations_say(dialect: str) -> None:
    jsonschema.Draft202012Validator.check_schema(policy_schema(dialect))
    assert '"enum": []' not in schema_text(dialect)  # which some validators refuse
    assert schema_file(dialect).read_text(encoding="utf-8") == schema_text(dialect)


@pytest.mark.parametrize("name", shipped_names())
def test_a_shipped_policy_obeys_its_schema(name: str) -> None:
    assert list(breaches(parse_json(read_text(locate(name))))) == []


CASES = Path(__file__).parents[1] / "vectors" / "policy-cases"


@pytest.mark.parametrize(
    "path", [path for path in sorted(CASES.glob("*/bundle.json")) if not path.parent.name.startswith("err_")]
)
def test_recorded_policies_obey_the_schema(path: Path) -> None:
    assert list(breaches(json.loads(path.read_text()))) == []


GOOD_ITEM = {"id": "i", "gate": "packages", "trigger_id": "x", "expires_on": "2099-01-01T00:00:00Z"}


@pytest.mark.parametrize(
    ("raw", "path", "said"),
    [
        (bundle(rule("dockerfil", "instruction")), "policies[0].rules[0].gate", "dockerfil"),
        (bundle(rule("dockerfile", "expose")), "policies[0].rules[0].trigger", "expose"),
        (
            enterprise(rule("dockerfile", "exposed_ports", ports="a", type="denylist")),
            "rule_sets[0].rules[0].params[0].value",
            "'a' does not match",
        ),
        (
            enterprise(rule("packages", "denylist", nam="x", name="y")),
            "rule_sets[0].rules[0].params[0].name",
            "'nam'",
        ),
        (bundle(rule("always", "always", name="x")), "policies[0].rules[0].params[0].name", "'name'"),
        (
            bundle(rule("packages", "denylist", version="x")),
            "policies[0].rules[0].params",
            "does not contain",
        ),
        (bundle(rule("packages", "denylist", name=None)), "policies[0].rules[0].params", "not contain"),
        (bundle(mappings=[{**mapping(), "whitelist_ids": 7}]), "mappings[0].whitelist_ids", "not of type"),
        ({**bundle(), "blacklisted_image": []}, "", "'blacklisted_image' was unexpected"),
        (bundle(items=[{**GOOD_ITEM, "expires": "x"}]), "whitelists[0].items[0]", "'expires' was"),
        ({**enterprise(), "policies": []}, "", "'policies' was unexpected"),
        ({**enterprise(), "source_mappings": [7]}, "source_mappings[0]", "7 is not of type"),
        (
            enterprise({**rule("always", "always"), "recomendation": "x"}),
            "rule_sets[0].rules[0]",
            "recomendation",
        ),
        (
            enterprise(items=[GOOD_ITEM, {**GOOD_ITEM, "raeson": "x"}]),
            "allowlists[0].items[1]",
            "raeson",
        ),
        (
            bundle(items=[GOOD_ITEM, {**GOOD_ITEM, "owner": 7}, GOOD_ITEM]),
            "whitelists[0].items[1].owner",
            "7 is not of type",
        ),
    ],
)
def test_a_slip_is_found_at_its_place(raw: dict[str, Any], path: str, said: str) -> None:
    [found] = breaches(raw)

    assert (found.severity, found.path) == ("warn", path)
    assert said in found.message


def test_a_policy_may_say_where_its_schema_is() -> None:
    for raw in (bundle(rule("always", "always")), enterprise(rule("always", "always"))):
        named = {"$schema": "https://example.org/policy.schema.json", **raw}

        assert list(breaches(named)) == []
        assert judge(named).final_action is judge(raw).final_action
        assert list(review(parse_bundle(named), now=NOW)) == []
        for dialect in DIALECTS:
            assert "$schema" not in convert(named, to=dialect).policy


@pytest.mark.parametrize("kind", ["image", "source", "sbom"])
def test_enterprise_6_says_of_a_rule_set_what_it_is_for(kind: str) -> None:
    raw = enterprise(rule("always", "always"))
    raw["rule_sets"][0]["artifact_type"] = kind

    assert list(breaches(raw)) == []


@pytest.mark.parametrize(
    ("named", "is_sound"),
    [
        ({"policy_id": "p1"}, True),
        ({"policy_id": "p1", "policy_ids": []}, True),
        ({"policy_id": "p1", "policy_ids": None}, True),
        ({"policy_id": None, "policy_ids": ["p1"]}, True),
        ({"policy_id": "", "policy_ids": ["p1"]}, True),
        ({"policy_id": "p1", "policy_ids": ["p1"]}, False),
        ({"policy_id": "", "policy_ids": []}, False),
        ({"policy_ids": None}, False),
        ({"policy_ids": []}, False),
        ({}, False),
    ],
)
def test_a_mapping_names_one_rule_set_or_several(named: dict[str, Any], is_sound: bool) -> None:
    one = mapping()
    del one["policy_id"]
    raw = bundle(rule("always", "always"), mappings=[{**one, **named}])

    assert jsonschema.Draft202012Validator(policy_schema("v1")).is_valid(raw) is is_sound
    assert (list(review(parse_bundle(raw), now=NOW)) == []) is is_sound


def test_enterprise_wants_a_name_that_is_not_empty() -> None:
    assert [one.path for one in breaches({**enterprise(), "name": ""})] == ["name"]


def test_what_is_completed_is_described() -> None:
    for dialect in DIALECTS:
        schema = policy_schema(dialect)
        for part in (schema, *schema["$defs"].values()):
            assert all(one["description"] for one in part["properties"].values())
        rules = schema["$defs"]["rule"]["allOf"]
        assert {one["if"]["properties"]["gate"]["const"] for one in rules} == set(gate_names())


SEEDS = [bundle(rule("dockerfile", "exposed_ports", ports="22", type="denylist"), items=[GOOD_ITEM])]
SEEDS += [enterprise(rule("dockerfile", "exposed_ports", ports="22", type="denylist"), items=[GOOD_ITEM])]
# A word in capitals may be one that the schema knows in small letters.
SMALL = [one for one in VALUES if not (isinstance(one, str) and one != one.lower())]
# What only the reader of a policy can know: whether an expression compiles, a day is one, a name is told.
BEYOND = ("not a regular expression", "no such time", "more than one", " has the id ")


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(SEEDS), st.integers(0, 999), st.sampled_from([*SMALL, ABSENT]))
def test_what_is_an_error_is_refused_by_the_schema_too(seed: Any, pick: int, value: Any) -> None:
    raw = damaged(seed, [(pick, value)])
    try:
        errors = [one for one in review(parse_bundle(raw), now=NOW) if one.severity == "error"]
    except InvalidBundle:
        return
    schema = policy_schema("v1" if "policies" in raw else "v2")
    refused = not jsonschema.Draft202012Validator(schema).is_valid(raw)
    assert refused or not [one for one in errors if not any(word in one.message for word in BEYOND)]


def test_words_in_another_case_or_generation_obey() -> None:
    rules = (
        rule("DockerFile", "Exposed_Ports", "stop", ports="22", type="blacklist"),
        rule("passwd_file", "blacklist_userids", useridblacklist="0"),
        rule("packages", "denylist", Name="x"),
    )

    assert list(breaches(bundle(*rules))) == []
    assert list(breaches(enterprise(*rules))) == []


def write() -> None:
    for dialect in DIALECTS:
        schema_file(dialect).write_text(schema_text(dialect), encoding="utf-8")
    (DOCS / "policies.md").write_text(manual(), encoding="utf-8")


if __name__ == "__main__":
    write()
