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

from anchore_gate.policy.document import locate, parse_json, read_text, shipped_names
from anchore_gate.policy.reference import reference
from anchore_gate.policy.schema import DIALECTS, breaches, policy_schema
from tests.policy.support import bundle, enterprise, rule

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
        (enterprise(rule("packages", "denylist", nam="x")), "rule_sets[0].rules[0].params[0].name", "'nam'"),
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
