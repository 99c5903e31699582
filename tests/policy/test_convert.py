"""Policies in the other generation's words."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from anchore_gate import gate
from anchore_gate.image.dockerfile import parse_dockerfile
from anchore_gate.model.evaluation import Action, Evaluation
from anchore_gate.model.inventory import Inventory, Package
from anchore_gate.model.vulnerability import DatabaseIdentity, Match, Severity, Vulnerability
from anchore_gate.policy.convert import convert
from anchore_gate.policy.document import locate, shipped_names
from anchore_gate.policy.parse import parse_bundle
from anchore_gate.policy.review import review
from anchore_gate.policy.schema import breaches
from anchore_gate.policy.strictness import KEYS
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


def test_comments_of_anchores_own_bundles_become_descriptions() -> None:
    item = {"gate": "files", "trigger_id": "a" * 32, "comment": "c-item"}
    raw = bundle({**rule("always", "always"), "comment": "c-rule"}, items=[item], description="d-bundle")
    raw["mappings"][0]["comment"] = "c-mapping"
    image = {key: value for key, value in mapping().items() if not key.endswith(("_id", "_ids"))}
    raw["whitelisted_images"] = [{**image, "comment": "c-image"}]
    raw["policies"][0]["comment"], raw["last_updated"] = "", 1603729498

    made = to(raw, "v2")

    parts = (made["rule_sets"][0]["rules"][0], made["allowlists"][0]["items"][0], made["mappings"][0])
    assert [one["description"] for one in (made, *parts, made["allowlisted_images"][0])] == [
        *("d-bundle", "c-rule", "c-item", "c-mapping", "c-image"),
    ]
    assert convert(raw, to="v2").notes == ()
    assert list(breaches(raw)) == []
    policy = parse_bundle(raw)
    assert (policy.description, policy.rule_sets[0].rules[0].description) == ("d-bundle", "c-rule")


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
    [found] = findings(bundle(OLD_RULES[2]), SEEN)
    item = {"gate": "passwd_file", "trigger_id": found.trigger_id}
    converted = convert(bundle(OLD_RULES[2], items=[item]), to="v2")

    assert judge(converted.policy, SEEN).final_action.word == "go"
    assert found.trigger_id in converted.notes[0]
    assert converted.policy["allowlists"][0]["items"][0]["id"]


SUDO = Package(type="deb", name="sudo", version="1")
PACKAGES = (
    *(SUDO, Package(type="npm", name="left-pad", version="1.0", locations=("/a/left-pad/package.json",))),
    Package(type="gem", name="rake", version="13", locations=("/a/rake.gemspec",)),
)
MATCHES = tuple(
    Match(package=SUDO, vulnerability=Vulnerability(id=name, namespace="x", severity=Severity.LOW))
    for name in ("CVE-1-2", "CVE-1-3")
)


@pytest.mark.parametrize(
    ("gate", "trigger", "params"),
    [
        ("packages", "blacklist", {"name": "sudo"}),
        ("packages", "denylist", {"name": "sudo", "version": "1"}),
        ("npms", "blacklisted_name_version", {"NAME": "left-pad"}),
        ("ruby_gems", "blacklist", {"name": "rake", "version": "13"}),
        ("vulnerabilities", "blacklist", {"vulnerability_ids": "CVE-1-2, CVE-1-9,CVE-1-3"}),
    ],
)
def test_an_id_that_the_policy_alone_makes_is_written_in_the_new_words(
    gate: str, trigger: str, params: dict[str, str]
) -> None:
    seen = evidence(
        inventory=Inventory(packages=PACKAGES), matches=MATCHES, database=DatabaseIdentity(source="x")
    )
    asked = rule(gate, trigger, **params)
    [found] = findings(bundle(asked), seen)
    raw = bundle(asked, items=[{"id": "i", "gate": gate.upper(), "trigger_id": found.trigger_id}])
    there = convert(raw, to="v2")

    [new] = findings(there.policy, seen)
    assert new.trigger_id != found.trigger_id
    assert there.policy["allowlists"][0]["items"][0]["trigger_id"] == new.trigger_id
    assert not [note for note in there.notes if "hash" in note]
    assert to(there.policy, "v1")["whitelists"][0]["items"][0]["trigger_id"] == found.trigger_id


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
    rules = [
        OLD_RULES[1],
        {**rule("distro", "deny", distro="alpine"), "id": "r2"},
        {**rule("licenses", "denylist_exact_match", licenses="GPL", package_type="os"), "id": "r3"},
        {**rule("vulnerabilities", "epss", score="0.5"), "id": "r4"},
    ]
    raw = {**enterprise(*rules), "source_mappings": [{"id": "s"}], "sbom_mappings": [{}], "last_updated": 3}
    raw["mappings"].insert(0, {**raw["mappings"][0], "image": {"type": "digest", "value": "sha256:0"}})
    converted = convert(raw, to="v1")

    assert converted.notes == (
        "source_mappings are left out: Anchore Engine knows none",
        "sbom_mappings are left out: Anchore Engine knows none",
        "rule_sets[0].rules[1]: Anchore Engine does not know distro/deny",
        "rule_sets[0].rules[2]: Anchore Engine does not know the parameter 'package_type' of "
        "licenses/denylist_exact_match",
        "rule_sets[0].rules[3]: Anchore Engine does not know vulnerabilities/epss, which is ours",
        "mappings[0]: Anchore Engine fails on a mapping by digest",
    )
    assert not {"source_mappings", "sbom_mappings", "last_updated"} & converted.policy.keys()


def test_what_the_new_words_cannot_say_is_told() -> None:
    odd = {**rule("npms", "unknown_in_feeds"), "controls": ["a"]}
    raw = bundle(odd, {**rule("suiddiff", "x"), "id": "r2"}, {**odd, "id": "r3"}, colour="red")
    raw["whitelists"][0]["items"] = [
        {"gate": "packages", "trigger_id": f"{n:032x}", "reason": "why", "owner": "me"} for n in range(7)
    ]
    converted = convert(raw, to="v2")

    shown = ", ".join(f"{n:032x}" for n in range(5))
    assert converted.notes == (
        "the key 'colour' of a policy is left out: Anchore Enterprise refuses it",
        "the key 'controls' of 2 rules is left out: Anchore Enterprise refuses it",
        "policies[0].rules[0]: Anchore Enterprise has no gate 'npms' any more",
        "policies[0].rules[1]: Anchore Enterprise has ended the gate 'suiddiff'",
        "policies[0].rules[2]: Anchore Enterprise has no gate 'npms' any more",
        f"w1: {shown} and 2 more: what may be a hash of the old words is understood here, a service wants "
        "that of its own",
    )
    assert converted.policy["allowlists"][0]["items"][0]["description"] == "why (owner: me)"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2099-01-31T00:00:00Z", "2099-01-31T00:00:00Z"),
        ("2099-01-31T00:00:00:5Z", "2099-01-31T00:00:00.500000Z"),
        ("2099-01-31t02:00:00+02:00", "2099-01-31T00:00:00Z"),
        ("", None),
        (None, None),
    ],
)
@pytest.mark.parametrize("dialect", ["v1", "v2"])
def test_an_end_is_written_as_both_products_read_it(dialect: str, written: str | None, read: str) -> None:
    made = to(bundle(items=[{"gate": "g", "trigger_id": "t", "expires_on": written}]), dialect)

    [item] = made["allowlists" if dialect == "v2" else "whitelists"][0]["items"]
    assert item.get("expires_on") == read


def test_parameters_that_are_not_given_are_not_written_and_the_last_of_a_name_counts() -> None:
    given = [("NAME", "a"), ("version", None), ("name", "b")]
    params = [{"name": name, "value": value} for name, value in given]

    made = to(bundle({**rule("packages", "blacklist"), "params": params}), "v2")

    assert made["rule_sets"][0]["rules"][0]["params"] == [{"name": "name", "value": "b"}]


def test_a_false_that_is_no_text_is_written_where_it_counts() -> None:
    made = [
        rule("files", "attribute_match", filename="/a", skip_missing=False),
        rule("dockerfile", "exposed_ports", ports="1", type="blacklist", actual_dockerfile_only=False),
    ]

    written = [one["params"] for one in to(bundle(*made), "v2")["rule_sets"][0]["rules"]]

    assert [[(one["name"], one["value"]) for one in params] for params in written] == [
        [("filename", "/a"), ("skip_missing", "false")],
        [("ports", "1"), ("type", "denylist")],
    ]


def test_findings_of_a_rule_without_an_id_stay_accepted() -> None:
    nameless = rule("retrieved_files", "content_regex", path="/a", regex="x", check="match")
    del nameless["id"]
    seen = evidence(files=files(kept={"/a": b"x\n"}))
    raw = bundle(nameless, items=[{"gate": "retrieved_files", "trigger_id": "None+file:///a"}])

    for dialect in ("v1", "v2"):
        assert judge(raw, seen).final_action.word == "go"
        raw = to(raw, dialect)
    assert judge(raw, seen).final_action.word == "go"


CASES = Path(__file__).parents[1] / "vectors" / "policy-cases"
NAMES = [path.parent.name for path in sorted(CASES.glob("*/bundle.json")) if "err_" not in path.parent.name]


def recorded(name: str, raw: dict[str, Any]) -> Evaluation:
    args = json.loads((CASES / name / "args.json").read_text())
    image = f"docker-archive:{CASES / 'images' / Path(args['image']).name}"
    return gate(image, policy=parse_bundle(raw), tag=args["tag"], unmapped=Action.GO).evaluation


def told(found: Evaluation) -> list[Any]:
    """What a policy makes of an image, but for the words that differ."""
    outcomes = [
        (one.gate, one.action, one.problem, [(each.trigger_id, each.stands) for each in one.findings])
        for one in found.outcomes
    ]
    return [found.final_action, found.final_reason, [one.type for one in found.problems], outcomes]


EXCHANGED = ("057_POST_policy_add", "098_GET_policy_get_default")


def policy_of(name: str) -> dict[str, Any]:
    found: dict[str, Any]
    if name in EXCHANGED:
        one = json.loads((CASES.parent / "anchore-v1" / f"{name}.json").read_text())
        found = one["request"]["body"] or one["response"]["body"][0]["policybundle"]
        return found
    found = json.loads((CASES / name / "bundle.json" if name in NAMES else locate(name)).read_text())
    return found


@pytest.mark.parametrize("name", [*NAMES, *EXCHANGED, *shipped_names()])
def test_there_and_back_every_policy_says_the_same(name: str) -> None:
    raw = policy_of(name)
    old = to(raw, "v1")
    new = to(old, "v2")
    back = to(new, "v1")

    assert to(to(back, "v2"), "v1") == back
    assert (to(old, "v1"), to(new, "v2")) == (old, new)
    assert list(unknown_keys(new)) == []
    assert list(breaches(new)) == []
    first, second, third = (
        recorded(name, one) if name in NAMES else judge(one, SEEN) for one in (old, new, back)
    )
    assert told(first) == told(third)
    assert (first.final_action, first.final_reason) == (second.final_action, second.final_reason)
    assert [len(one.findings) for one in first.outcomes] == [len(one.findings) for one in second.outcomes]
    if name in NAMES:
        assert told(recorded(name, raw)) == told(first)


def unknown_keys(raw: dict[str, Any]) -> Iterator[str]:
    kinds = {
        "rule set": raw["rule_sets"],
        "allowlist": raw["allowlists"],
        "mapping": raw["mappings"],
        "image rule": raw["allowlisted_images"] + raw["denylisted_images"],
        "rule": [rule for one in raw["rule_sets"] for rule in one["rules"]],
        "item": [item for one in raw["allowlists"] for item in one["items"]],
    }
    yield from raw.keys() - set(KEYS["policy"])
    for kind, elements in kinds.items():
        yield from (key for one in elements for key in one.keys() - set(KEYS[kind]))
