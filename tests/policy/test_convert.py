"""Policies in the other generation's words."""

from __future__ import annotations

from typing import Any

import pytest

from anchore_gate.image.dockerfile import parse_dockerfile
from anchore_gate.model.inventory import Inventory, Package
from anchore_gate.policy.convert import convert
from anchore_gate.policy.parse import parse_bundle
from anchore_gate.policy.review import review
from tests.policy.support import NOW, bundle, enterprise, evidence, files, findings, judge, mapping, rule

OLD_RULES = (
    rule("Dockerfile", "EFFECTIVE_USER", "stop", users="root", type="blacklist"),
    rule("packages", "blacklist", name="sudo"),
    rule("passwd_file", "blacklist_usernames", usernameblacklist="root"),
    rule("metadata", "attribute", attribute="os_type", check="=", value="blacklist"),
)
SEEN = evidence(
    dockerfile=parse_dockerfile("FROM a\n"),
    inventory=Inventory(packages=(Package(type="deb", name="sudo", version="1"),)),
    files=files(kept={"/etc/passwd": b"root:x:0:0::/:/bin/sh\n"}),
)


def to(raw: dict[str, Any], dialect: str) -> dict[str, Any]:
    return convert(raw, to=dialect).policy


def test_old_words_become_new_ones() -> None:
    made = to(bundle(*OLD_RULES, comment="why", whitelisted_images=[mapping()]), "v2")

    [rule_set] = made["rule_sets"]
    assert [(one["gate"], one["trigger"], one["action"]) for one in rule_set["rules"]] == [
        ("dockerfile", "effective_user", "STOP"),
        ("packages", "denylist", "STOP"),
        ("passwd_file", "denylist_usernames", "STOP"),
        ("metadata", "attribute", "STOP"),
    ]
    params = [{one["name"]: one["value"] for one in each["params"]} for each in rule_set["rules"]]
    assert params[0] == {"users": "root", "type": "denylist"}
    assert params[2] == {"user_names": "root"}
    assert params[3]["value"] == "blacklist"
    assert made["mappings"][0]["rule_set_ids"] == ["p1"]
    assert made["mappings"][0]["allowlist_ids"] == ["w1"]
    assert (made["version"], rule_set["version"], made["description"]) == ("2", "2", "why")
    assert made["allowlisted_images"][0]["registry"] == "*"
    assert not {"policies", "whitelists", "comment", "whitelisted_images"} & made.keys()


def test_there_and_back_finds_the_same() -> None:
    old = bundle(*OLD_RULES)
    new = to(old, "v2")
    back = to(new, "v1")

    ids = [one.trigger_id for one in findings(old, SEEN)]
    assert len(ids) == 3
    assert [one.trigger_id for one in findings(back, SEEN)] == ids
    for there, here in zip(findings(new, SEEN), ids, strict=True):
        assert here in {there.trigger_id, *there.other_ids}
    assert {one.type for one in review(parse_bundle(new), now=NOW)} == {"Duplicate"}  # the rules of this test


def test_an_allowlist_keeps_accepting() -> None:
    id_of_sudo = next(one.trigger_id for one in findings(bundle(OLD_RULES[1]), SEEN))
    item = {"gate": "packages", "trigger_id": id_of_sudo}
    converted = convert(bundle(OLD_RULES[1], items=[item]), to="v2")

    assert judge(converted.policy, SEEN).final_action.word == "go"
    assert id_of_sudo in converted.notes[0]
    assert converted.policy["allowlists"][0]["items"][0]["id"]


def test_ids_that_are_made_are_the_same_every_time() -> None:
    bare = rule("always", "always")
    del bare["id"]

    first, second = to(bundle(bare), "v2"), to(bundle(bare), "v2")

    assert first == second
    assert first["rule_sets"][0]["rules"][0]["id"]


@pytest.mark.parametrize("dialect", ["v1", "v2"])
def test_a_policy_in_its_own_words_means_the_same(dialect: str) -> None:
    raw = bundle(*OLD_RULES) if dialect == "v1" else enterprise(OLD_RULES[1])

    assert findings(to(raw, dialect), SEEN) == findings(raw, SEEN)


def test_what_the_old_words_cannot_say_is_told() -> None:
    raw = {**enterprise(OLD_RULES[1]), "source_mappings": [{"id": "s"}], "last_updated": 3}
    converted = convert(raw, to="v1")

    assert converted.notes == ("source_mappings are left out: Anchore Engine knows none",)
    assert not {"source_mappings", "last_updated"} & converted.policy.keys()
