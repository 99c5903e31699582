"""What a policy's author should know, whatever the image."""

from __future__ import annotations

from typing import Any

import pytest

from anchore_gate.policy import review as module
from anchore_gate.policy.bundle import ImageRule
from anchore_gate.policy.parse import parse_bundle
from anchore_gate.policy.review import review
from tests.policy.support import NOW, Action, bundle, enterprise, judge, mapping, rule

ITEM = {"id": "i1", "gate": "always", "trigger_id": "always"}


def warned(raw: dict[str, Any]) -> list[tuple[str, str]]:
    return [(one.type, one.path) for one in review(parse_bundle(raw), now=NOW)]


def test_ids_that_are_used_twice_are_told_once_at_the_second_place() -> None:
    raw = bundle(*[rule("always", "always")] * 3, items=[ITEM, ITEM])
    raw["blacklisted_images"] = [mapping("a"), mapping("b")]

    assert warned(raw) == [
        ("Duplicate", "blacklisted_images[1]"),
        ("Duplicate", "policies[0].rules[1]"),
        ("Duplicate", "whitelists[0].items[1]"),
    ]
    [first, *_] = review(parse_bundle(raw), now=NOW)
    assert first.message == "the id 'm1' is used more than once, first by blacklisted_images[0]"


def test_a_policy_that_asks_no_image_anything_is_told() -> None:
    assert warned(bundle(rule("always", "always"), mappings=[]))[-1] == ("Unmapped", "mappings")
    assert warned(bundle()) == [("NoRules", "mappings[0]")]
    assert warned(bundle(rule("pkgdiff", "pkgadd"))) == [("EndOfLifedError", "policies[0].rules[0].gate")]


@pytest.mark.parametrize(
    ("key", "fate"), [("whitelisted_images", "passes"), ("blacklisted_images", "is stopped")]
)
def test_a_list_of_every_image_is_told(key: str, fate: str) -> None:
    raw = bundle(rule("always", "always"), **{key: [mapping("*", "team/*", id="a"), mapping(id="b")]})

    [told] = review(parse_bundle(raw), now=NOW)

    assert (told.type, told.path) == ("EveryImage", f"{key}[1]")
    assert told.message == f"every image {fate}, whatever the rules say"


@pytest.mark.parametrize(
    ("kind", "value", "is_told"),
    [
        ("digest", "sha256:" + "a" * 64, False),
        ("digest", "sha256:" + "a" * 12, True),
        ("digest", "a" * 64, True),
        ("digest", "*", True),
        ("id", "a" * 64, False),
        ("id", "sha256:" + "a" * 64, False),
        ("id", "a" * 12, True),
        ("tag", "a" * 12, False),
    ],
)
def test_a_digest_or_id_that_no_image_has_is_told(kind: str, value: str, is_told: bool) -> None:
    raw = bundle(rule("always", "always"), blacklisted_images=[mapping(type=kind, value=value)])

    assert warned(raw) == ([("Unreachable", "blacklisted_images[0].image.value")] if is_told else [])


@pytest.mark.parametrize(
    ("gate", "trigger_id", "why"),
    [
        ("vulnerabilites", "*", "no gate 'vulnerabilites' (known: always, "),
        ("AnchoreSec", "CVE-1+*", "the gate 'anchoresec' has ended: use 'vulnerabilities'"),
        ("pkgdiff", "*", "the gate 'pkgdiff' has ended"),
        (
            "vulnerabilities",
            "CVE-2026-1",
            "like this: vulnerability+package; vulnerability+* is each package",
        ),
        ("always", "a" * 32, "ids of the gate 'always' are like this: always"),
        ("dockerfile", "exposed_ports", "like this: 32 hexadecimal digits, as reports show them"),
        ("packages", "A" * 32, "32 hexadecimal digits"),
        ("malware", "Eicar", "scanner+signature+md5 of the path"),
        ("retrieved_files", "/etc/passwd", "rule id+file://path"),
    ],
)
def test_an_item_that_can_accept_nothing_is_told(gate: str, trigger_id: str, why: str) -> None:
    raw = bundle(
        rule("always", "always"), items=[ITEM, {**ITEM, "id": "i2", "gate": gate, "trigger_id": trigger_id}]
    )

    [told] = review(parse_bundle(raw), now=NOW)

    assert (told.severity, told.type, told.path) == ("warn", "Idle", "whitelists[0].items[1]")
    assert told.message.startswith(f"{trigger_id!r}: nothing is accepted: ")
    assert why in told.message


@pytest.mark.parametrize(
    ("gate", "trigger_id"),
    [
        ("vulnerabilities", "CVE-2026-1+openssl"),
        ("vulnerabilities", "CVE-2026-*"),
        ("Vulnerabilities", "0123456789abcdef" * 2),
        ("malware", "clamav+Eicar+" + "a" * 32),
        ("retrieved_files", "None+file:///etc/passwd"),
        ("dockerfile", "regexp:.*"),
        ("always", "alw*"),
        ("stig", "anything"),
    ],
)
def test_an_item_that_may_accept_something_is_left_alone(gate: str, trigger_id: str) -> None:
    raw = bundle(rule("always", "always"), items=[{**ITEM, "gate": gate, "trigger_id": trigger_id}])

    assert warned(raw) == []


def test_enterprise_accepts_a_vulnerability_in_each_package() -> None:
    item = {**ITEM, "gate": "vulnerabilities", "trigger_id": "CVE-2026-1"}

    assert warned(enterprise(rule("always", "always"), items=[item])) == []


def test_items_that_accept_nothing_for_one_reason_are_one_line() -> None:
    items = [{**ITEM, "id": f"i{n}", "gate": "filecheck"} for n in range(42)]

    [told] = review(parse_bundle(bundle(rule("always", "always"), items=items)), now=NOW)

    assert (
        told.message
        == "'always' and 41 more: nothing is accepted: the gate 'filecheck' has ended: use 'files'"
    )


def test_a_set_that_nothing_refers_to_is_told() -> None:
    raw = bundle(rule("always", "always"))
    raw["policies"].append({"id": "p9", "version": "1_0", "rules": []})

    assert warned(raw) == [("Unreferenced", "policies[1]")]


@pytest.mark.parametrize("key", ["source_mappings", "sbom_mappings"])
def test_what_judges_sources_refers_to_rule_sets_and_allowlists_too(key: str) -> None:
    raw = enterprise(rule("always", "always", "GO"))
    raw["rule_sets"].append({"id": "s1", "name": "s1", "version": "2", "rules": []})
    raw["allowlists"].append({"id": "l1", "name": "l1", "version": "2", "items": []})
    raw[key] = [{"id": "m", "rule_set_ids": ["s1"], "allowlist_ids": ["l1"]}]
    assert warned(raw) == []

    raw[key] = [{"rule_set_ids": ["s1", "s9"], "allowlist_ids": ["l1", "l9"]}, None, {"rule_set_ids": 7}]
    found = list(review(parse_bundle(raw), now=NOW))
    assert [(one.severity, one.path, one.message) for one in found] == [
        ("warn", f"{key}[0]", "no rule_set has the id 's9' (there are: 'p1', 's1'); it stops no image"),
        ("warn", f"{key}[0]", "no allowlist has the id 'l9' (there are: 'w1', 'l1'); it stops no image"),
    ]
    assert judge(raw).final_action is Action.GO


def test_an_unknown_word_is_answered_with_the_words_of_both_products() -> None:
    raw = bundle(
        rule("packages", "blocklist"),
        rule("dockerfile", "exposed_ports", ports="22", type="blocklist"),
    )

    trigger, choice = (one.message for one in parse_bundle(raw).rule_sets[0].problems)

    assert trigger == (
        "no trigger 'blocklist' in gate 'packages' "
        "(known: required_package, verify, denylist (in Engine blacklist), metadata)"
    )
    assert choice == "type: not one of allowlist, denylist (in Engine whitelist, blacklist): 'blocklist'"


def test_ids_that_may_be_meant_are_named() -> None:
    raw = bundle(rule("always", "always"), mappings=[mapping(policy_id="nope")])
    raw["policies"] += [{"id": f"p{n}", "version": "1_0", "rules": []} for n in range(2, 9)]
    raw["whitelists"] = []

    found = [one.message for one in review(parse_bundle(raw), now=NOW) if one.severity == "error"]

    assert found == [
        "no policy has the id 'nope' (there are: 'p1', 'p2', 'p3', 'p4', 'p5' and 3 more)",
        "no whitelist has the id 'w1' (there is none)",
    ]


def test_what_only_a_faulty_mapping_refers_to_is_not_called_unreferenced() -> None:
    raw = bundle(rule("always", "always"), mappings=[mapping("regexp:(")])

    assert warned(raw) == [("ValidationError", "mappings[0].registry")]


@pytest.mark.parametrize(
    ("first", "second", "reached"),
    [
        (mapping(), mapping("docker.io", id="m2"), False),
        (mapping(), mapping("docker.io", "x", "sha256:" + "a" * 64, type="digest", id="m2"), False),
        (mapping("docker.io"), mapping(id="m2"), True),
        (mapping("*.example.org"), mapping("eu.example.org", id="m2"), False),
        (mapping("*", "team/*", "v*"), mapping("*", "team/app", "v1*", id="m2"), False),
        (mapping("*", "team/*", "v*"), mapping("*", "team/app", "*", id="m2"), True),
        (mapping("*", "regexp:a.*"), mapping("*", "regexp:a.*", id="m2"), False),
        (mapping("*", "regexp:a.*"), mapping("*", "ab", id="m2"), True),
        (mapping("*", "a*b"), mapping("*", "a*", id="m2"), True),
    ],
)
def test_a_mapping_behind_a_wider_one_is_told(first: Any, second: Any, reached: bool) -> None:
    raw = bundle(rule("always", "always"), mappings=[first, second])

    assert warned(raw) == ([] if reached else [("Unreachable", "mappings[1]")])


def test_thousands_of_mappings_are_not_each_compared_with_each(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = 0
    covers = module._covers

    def counted(wide: ImageRule, narrow: ImageRule) -> bool:
        nonlocal asked
        asked += 1
        return covers(wide, narrow)

    monkeypatch.setattr(module, "_covers", counted)
    raw = bundle()
    rules = [rule("always", "always")]
    raw["policies"] = [{"id": f"p{n}", "version": "1_0", "rules": rules} for n in range(1000)]
    raw["mappings"] = [mapping("*", f"r{n}", id=f"m{n}", policy_id=f"p{n}") for n in range(1000)]
    raw["mappings"] += [mapping("*", f"a{n}-*", id=f"n{n}") for n in range(1000)]
    raw["mappings"] += [mapping("*", "r7", id="last")]

    assert warned(raw) == [("Unreachable", "mappings[2000]")]
    assert asked < 200 * 1002


def test_expired_items_are_told() -> None:
    raw = bundle(rule("always", "always"), items=[{**ITEM, "expires_on": "2020-01-01T00:00:00Z"}])

    assert warned(raw) == [("Expired", "whitelists[0].items[0]")]


def test_what_only_a_service_can_answer_is_told() -> None:
    raw = bundle(rule("stig", "evaluation_result"))

    assert warned(raw) == [("Unsupported", "policies[0].rules[0]")]


@pytest.mark.parametrize(
    ("silent", "why"),
    [
        (
            rule("dockerfile", "instruction", instruction="FROM", check="="),
            "the check '=' compares with a value",
        ),
        (rule("npms", "unknown_in_feeds"), "Anchore's package feed is gone"),
    ],
)
def test_a_rule_that_can_find_nothing_is_told(silent: dict[str, Any], why: str) -> None:
    [one] = review(parse_bundle(bundle(silent)), now=NOW)

    assert (one.severity, one.type, one.path) == ("warn", "Silent", "policies[0].rules[0]")
    assert f"can find nothing: {why}" in one.message


@pytest.mark.parametrize(
    "seeing",
    [
        rule("dockerfile", "instruction", instruction="FROM", check="exists"),
        rule("dockerfile", "instruction", instruction="FROM", check="=", value=""),
        rule("files", "content_regex_match", regex_name="configured_elsewhere"),
        rule("secret_scans", "content_regex_checks", content_regex_name="CONFIGURED_ELSEWHERE"),
    ],
)
def test_a_rule_that_may_find_something_is_left_alone(seeing: dict[str, Any]) -> None:
    assert warned(bundle(seeing)) == []
