"""From a bundle and what was seen to an action."""

from __future__ import annotations

import pickle
from datetime import timedelta
from typing import Any

import pytest

from anchore_gate.errors import InvalidBundle, PolicyError
from anchore_gate.model.evaluation import Action
from anchore_gate.policy import expression
from anchore_gate.policy.parse import parse_bundle
from tests.policy.support import NOW, bundle, enterprise, evidence, files, judge, mapping, rule

ALWAYS = rule("always", "always")


def test_the_worst_action_wins() -> None:
    result = judge(bundle(rule("always", "always", "GO"), rule("ALWAYS", "Always", "warn")))

    assert result.final_action is Action.WARN
    assert [outcome.trigger for outcome in result.outcomes] == ["always", "always"]


def test_an_image_without_mapping_stops_with_a_clear_word() -> None:
    result = judge(bundle(ALWAYS, mappings=[mapping("quay.io")]))

    assert (result.final_action, result.final_reason) == (Action.STOP, "unmapped")
    assert [problem.type for problem in result.problems] == ["Unmapped"]


def test_an_image_without_mapping_goes_as_in_engine_where_the_user_says_so() -> None:
    result = judge(bundle(ALWAYS, mappings=[mapping("quay.io")]), unmapped=Action.GO)

    assert (result.final_action, result.final_reason) == (Action.GO, "policy_evaluation")
    assert result.problems == ()


def listed(value: str = "*", kind: str = "tag", repository: str = "*") -> list[dict[str, Any]]:
    image = {"type": kind, "value": value}
    return [{"id": "i1", "name": "i1", "registry": "*", "repository": repository, "image": image}]


def test_the_denylist_of_images_beats_the_allowlist() -> None:
    raw = bundle(rule("always", "always", "GO"), whitelisted_images=listed(), blacklisted_images=listed())

    result = judge(raw)

    assert (result.final_action, result.final_reason) == (Action.STOP, "denylisted")
    assert result.allowlisted_image is not None
    assert result.policy_action is Action.GO


@pytest.mark.parametrize(
    ("kind", "value", "wins"),
    [
        ("digest", "sha256:" + "b" * 64, True),
        ("digest", "sha256:" + "c" * 64, False),
        ("digest", "sha256:" + "d" * 64, True),  # of the index: what `docker pull` prints
        ("digest", "b" * 64, False),
        ("digest", "*", False),
        ("digest", "", False),
        ("id", "a" * 64, True),
        ("id", "*", False),
        ("id", "", False),
        ("id", "sha256:" + "a" * 64, True),
    ],
)
def test_images_are_listed_by_digest_and_id(kind: str, value: str, wins: bool) -> None:
    raw = bundle(ALWAYS, whitelisted_images=listed(value, kind))

    result = judge(raw, digest="sha256:" + "b" * 64, image_id="a" * 64, index_digest="sha256:" + "d" * 64)

    assert (result.final_action is Action.GO) is wins


@pytest.mark.parametrize(
    ("unsupported", "final"), [(Action.STOP, Action.STOP), (Action.WARN, Action.WARN), (Action.GO, Action.GO)]
)
def test_an_allowlisted_image_does_not_pass_a_rule_that_could_not_answer(
    unsupported: Action, final: Action
) -> None:
    raw = bundle(rule("stig", "anything", "GO"), ALWAYS, whitelisted_images=listed())

    result = judge(raw, unsupported=unsupported)

    reason = "allowlisted" if final is Action.GO else "policy_evaluation"
    assert (result.final_action, result.final_reason) == (final, reason)
    assert result.excuses_findings  # what `always` found does not count
    assert result.policy_action is Action.STOP


def test_an_allowlisted_image_that_could_not_be_looked_at_stops() -> None:
    raw = bundle(rule("files", "suid_or_guid_set"), whitelisted_images=listed())

    result = judge(raw)  # no files are at hand

    assert (result.final_action, result.final_reason) == (Action.STOP, "policy_evaluation")


def test_an_allowlisted_image_does_not_pass_a_faulty_policy() -> None:
    result = judge(bundle({**ALWAYS, "gate": "nogate"}, whitelisted_images=listed()))

    assert (result.final_action, result.excuses_findings) == (Action.STOP, False)


def test_an_expression_that_takes_too_long_is_named_by_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expression, "TIME_BOUND", 0.2)
    raw = bundle(mappings=[mapping("x.example"), mapping("*", r"regexp:(?=a)(a+)+b")])

    with pytest.raises(PolicyError, match=r"mappings\[1\]: the expression .* took longer than 0\.2 seconds"):
        judge(raw, tag="a" * 60)


def test_an_item_that_takes_too_long_accepts_nothing_and_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expression, "TIME_BOUND", 0.2)
    monkeypatch.setattr(expression, "_WORKER", "import time; time.sleep(60)")
    other = {"id": "i", "gate": "files", "trigger_id": "always"}
    slow = {"id": "i", "gate": "always", "trigger_id": "regexp:(?=a)always"}

    result = judge(bundle({**ALWAYS, "action": "WARN"}, items=[other, slow]))

    [outcome] = result.outcomes
    assert result.final_action is Action.STOP
    assert outcome.findings[0].suppressed is None
    assert outcome.problem is not None
    assert outcome.problem.startswith("whitelists[0].items[1]: the expression '(?=a)always' took longer than")


def test_mappings_by_digest_work() -> None:
    raw = bundle(ALWAYS, mappings=[mapping(value="sha256:" + "b" * 64, type="digest")])

    assert judge(raw, digest="sha256:" + "b" * 64).mapping is not None
    assert judge(raw, digest="sha256:" + "c" * 64).mapping is None


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"gate": "nogate"}, "GateNotFoundError"),
        ({"trigger": "nope"}, "TriggerNotFoundError"),
        ({"action": "BLOCK"}, "PolicyError"),
        ({"action": None}, "PolicyError"),
        ({"params": None}, "PolicyError"),
        ({"params": [{"name": "foo", "value": "1"}]}, "InvalidParameterError"),
        ({"gate": 7}, "PolicyError"),
        ({"gate": None}, "PolicyError"),
        ({"gate": ""}, "GateNotFoundError"),
        ({"trigger": None}, "PolicyError"),
        ({"trigger": ""}, "TriggerNotFoundError"),
    ],
)
def test_a_broken_rule_stops_the_images_it_is_for(change: dict[str, Any], kind: str) -> None:
    result = judge(bundle({**ALWAYS, **change}, rule("always", "always", "GO")))

    assert [problem.type for problem in result.problems] == [kind]
    assert result.problems[0].path.startswith("policies[0].rules[0]")
    assert (result.final_action, result.outcomes) == (Action.STOP, ())
    assert result.mapping is not None


def test_a_rule_of_an_ended_gate_is_told_and_left_out() -> None:
    result = judge(bundle(rule("anchoresec", "vulnhigh"), rule("always", "always", "WARN")))

    assert result.final_action is Action.WARN
    assert [(problem.type, problem.severity) for problem in result.problems] == [("EndOfLifedError", "warn")]
    assert "use 'vulnerabilities'" in result.problems[0].message


def test_a_rule_only_a_service_answers_stops_unless_the_user_says_warn() -> None:
    raw = bundle(rule("stig", "anything", "GO"))

    assert judge(raw).final_action is Action.STOP
    assert judge(raw, unsupported=Action.WARN).final_action is Action.WARN
    assert "only with a remote engine" in str(judge(raw).outcomes[0].problem)


def test_a_missing_and_a_repeated_reference_stop() -> None:
    twice = [{"id": "p1", "version": "1_0", "rules": []}] * 2
    missing = judge(bundle(ALWAYS, mappings=[mapping(policy_id="nope")]))
    repeated = judge(bundle(policies=twice))

    assert [problem.type for problem in missing.problems] == ["ReferencedObjectNotFoundError"]
    assert [problem.type for problem in repeated.problems] == ["DuplicateIdentifierFoundError"]


def test_rules_that_nothing_refers_to_are_not_in_the_way() -> None:
    raw = bundle(rule("always", "always", "GO"))
    raw["policies"].append({"id": "p2", "version": "9", "rules": [{"gate": "nogate"}]})

    assert judge(raw).final_action is Action.GO


def test_a_policy_can_go_to_another_process() -> None:
    policy = parse_bundle(
        bundle(
            rule("npms", "blacklisted_name_version", name="x"),
            rule("licenses", "blacklist_exact_match", licenses="a"),
            rule("files", "name_match", regex="a.*"),
            items=[{"gate": "npms", "trigger_id": "a*", "expires_on": "2099-01-01T00:00:00Z"}],
        )
    )

    assert pickle.loads(pickle.dumps(policy)) == policy
    assert hash(pickle.loads(pickle.dumps(policy))) == hash(policy)


def test_a_rule_without_an_id_is_named_by_its_place() -> None:
    nameless = {key: value for key, value in ALWAYS.items() if key != "id"}
    read = {**nameless, "gate": "retrieved_files", "trigger": "content_regex"}
    read["params"] = [
        {"name": n, "value": v} for n, v in (("path", "/a"), ("regex", "x"), ("check", "match"))
    ]

    outcomes = judge(bundle(nameless, read), evidence(files=files(kept={"/a": b"x"}))).outcomes

    assert [one.rule_id for one in outcomes] == ["policies[0].rules[0]", "policies[0].rules[1]"]
    assert outcomes[1].findings[0].trigger_id == "None+file:///a"  # Engine's


def test_no_rules_is_go_and_said() -> None:
    result = judge(bundle())

    assert result.final_action is Action.GO
    assert [problem.type for problem in result.problems] == ["NoRules"]
    assert judge(bundle(), unmapped=Action.GO).problems == ()  # Engine's own answer


@pytest.mark.parametrize("pattern", ["always", "alw*", "*ways", "a*a*s", "*", "regexp:alw", "  regexp:al.+"])
def test_an_allowlist_item_sets_a_finding_aside(pattern: str) -> None:
    result = judge(bundle(ALWAYS, items=[{"id": "x", "gate": "Always", "trigger_id": pattern}]))

    suppressed = result.outcomes[0].findings[0].suppressed
    assert suppressed is not None
    assert (suppressed.id, suppressed.item_id) == ("w1", "x")
    assert result.final_action is Action.GO


@pytest.mark.parametrize(
    ("gate", "pattern"),
    [
        ("files", "*"),
        ("always", "ALWAYS"),
        ("always", "alway"),
        ("always", "regexp:lways"),
        ("always", "a*b"),
    ],
)
def test_an_item_for_something_else_changes_nothing(gate: str, pattern: str) -> None:
    result = judge(bundle(ALWAYS, items=[{"id": "x", "gate": gate, "trigger_id": pattern}]))

    assert result.final_action is Action.STOP


def test_the_first_item_wins() -> None:
    items = [{"id": name, "gate": "always", "trigger_id": one} for name, one in (("a", "*"), ("b", "always"))]

    suppressed = judge(bundle(ALWAYS, items=items)).outcomes[0].findings[0].suppressed

    assert suppressed is not None
    assert suppressed.item_id == "a"


def item(days: float, **more: Any) -> dict[str, Any]:
    ends = (NOW + timedelta(days=days)).isoformat()
    return {"id": "x", "gate": "always", "trigger_id": "always", "expires_on": ends, **more}


@pytest.mark.parametrize("key", ["reason", "description", "comment"])
def test_what_an_item_says_of_itself_is_its_reason(key: str) -> None:
    accepted = {"id": "i", "gate": "always", "trigger_id": "always", key: "until the vendor answers"}
    [finding] = judge(bundle(ALWAYS, items=[accepted])).outcomes[0].findings

    assert finding.suppressed is not None
    assert finding.suppressed.reason == "until the vendor answers"


def test_an_expired_item_is_named_as_the_reason() -> None:
    result = judge(bundle(ALWAYS, items=[item(0, reason="until the vendor answers", owner="ops")]))

    finding = result.outcomes[0].findings[0]
    assert result.final_action is Action.STOP
    assert finding.expired is not None
    assert (finding.expired.reason, finding.expired.owner) == ("until the vendor answers", "ops")
    assert [one.expired for one in result.expiring] == [True]


@pytest.mark.parametrize(("days", "announced"), [(13.9, True), (14.1, False)])
def test_an_item_within_two_weeks_of_its_end_is_announced(days: float, announced: bool) -> None:
    result = judge(bundle(ALWAYS, items=[item(days)]))

    assert result.final_action is Action.GO
    assert bool(result.expiring) is announced


def test_a_trigger_is_named_in_the_words_of_the_dialect() -> None:
    old = judge(bundle(rule("packages", "denylist", name="x")))
    new = judge(enterprise(rule("packages", "blacklist", name="x")))

    assert old.outcomes[0].trigger == "blacklist"
    assert new.outcomes[0].trigger == "denylist"


@pytest.mark.parametrize("word", ["allowlists", "allowlisted_images", "denylisted_images"])
def test_a_list_in_the_other_dialects_words_is_refused_not_left_out(word: str) -> None:
    old = {"allowlists": "whitelists", "allowlisted_images": "whitelisted_images"}.get(
        word, "blacklisted_images"
    )

    for raw, name, meant in (
        (bundle(ALWAYS, **{word: listed()}), word, old),
        ({**enterprise(ALWAYS), old: listed()}, old, word),
    ):
        with pytest.raises(InvalidBundle, match=f"{name}: a word of the other dialect: '{meant}' is meant"):
            judge(raw)
    assert judge(bundle(ALWAYS, **{word: []})).problems == ()
