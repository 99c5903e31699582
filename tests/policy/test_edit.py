"""Allowlist items written into a policy's text."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anchore_gate.errors import GateError, UsageError
from anchore_gate.model.evaluation import MatchedRule
from anchore_gate.policy.edit import Acceptance, PolicyText
from anchore_gate.policy.legacy import ENGINE_WORDS, ENTERPRISE_WORDS
from anchore_gate.policy.parse import parse_bundle
from anchore_gate.policy.review import review
from anchore_gate.values import replace
from tests.policy.support import NOW, bundle, enterprise, rule

ID = "0123456789abcdef" * 2
ITEM = Acceptance(
    gate="packages", trigger_id=ID, expires_on="2099-01-31T00:00:00Z", reason="why \N{SNOWMAN}", owner="me"
)
OLD = {"id": "i1", "gate": "always", "trigger_id": "always"}


def accept(text: str, item: Acceptance, *, allowlist_id: str) -> str:
    policy = PolicyText(text)
    policy.accept(item, allowlist_id=allowlist_id)
    return policy.finished()


def with_allowlist(text: str, rule: MatchedRule, *, allowlist_id: str | None = None) -> tuple[str, str]:
    policy = PolicyText(text)
    made = policy.allowlist(ITEM, rule, wanted=allowlist_id)
    return policy.finished(), made


def items_of(text: str) -> list[dict[str, Any]]:
    raw = json.loads(text)
    found: list[dict[str, Any]] = (raw.get("allowlists") or raw.get("whitelists"))[0]["items"]
    return found


@pytest.mark.parametrize("indent", [None, 1, 2, 4, "\t"])
@pytest.mark.parametrize("items", [[], [OLD], [OLD, {**OLD, "id": "i2"}]], ids=["none", "one", "two"])
def test_a_file_keeps_its_indentation(indent: int | str | None, items: list[Any]) -> None:
    text = json.dumps(enterprise(items=items), indent=indent)

    edited = accept(text, ITEM, allowlist_id="w1")

    assert edited == json.dumps(json.loads(edited), indent=indent, ensure_ascii=False)
    assert items_of(edited)[:-1] == items
    assert items_of(edited)[-1] == {
        "id": items_of(edited)[-1]["id"],
        "gate": "packages",
        "trigger_id": ID,
        "expires_on": "2099-01-31T00:00:00Z",
        "description": "why \N{SNOWMAN}",
        "owner": "me",
    }


def test_everything_else_stays_byte_for_byte() -> None:
    head = '{ "id":"b",\r\n   "policies" : [],\r\n "whitelists": [\r\n  {"id": "w1", "version": "1_0", "items": [\r\n'
    tail = '\r\n  ]}\r\n ]\r\n , "mappings":[ ] }\r\n\r\n'
    old = '     { "id" : "i1", "gate":"always", "trigger_id":"always" }'

    edited = accept(head + old + tail, ITEM, allowlist_id="w1")

    assert edited.startswith(f"{head}{old},\r\n     {{")
    assert edited.endswith(tail)
    assert "\n" not in edited.replace("\r\n", "")
    assert items_of(edited)[-1]["reason"] == "why \N{SNOWMAN}"


STYLES = {
    "compact": '[{"id":"a","gate":"g","trigger_id":"t"},{NEW}]',
    "compact, one an item": '[\n{"id":"a","gate":"g","trigger_id":"t"},\n{NEW}\n]',
    "columns": '[\n  {"id":"a",   "gate":"g",   "trigger_id":"t"},\n  {NEW}\n]',
    "wide colons": '[{"id" : "a", "gate" : "g", "trigger_id" : "t"}, {NEW}]',
    "leading commas": '[\n    {"id": "a"}\n  , {"id": "b"}\n  , {NEW}\n  ]',
    "hugging": '[{\n  "id": "a",\n  "gate": "g"\n}, {\n  "id": "b"\n}, {NEW}]',
}


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_an_item_is_written_like_those_before_it(style: str, newline: str) -> None:
    head = '{"id":"b","version":"1_0","policies":[],"whitelists":[{"id":"w1","version":"1_0","items":'
    before, after = STYLES[style].replace("\n", newline).split("{NEW}")
    separator = before[before.rindex("}") + 1 :]
    text = head + before.removesuffix(separator) + after + "}]}"

    edited = accept(text, ITEM, allowlist_id="w1")

    assert edited.startswith(head + before + "{")
    assert edited.endswith("}" + after + "}]}")
    written = edited[len(head + before) : -len(after + "}]}")]
    inner = f"{newline}  " if style == "hugging" else ""
    colon = {"wide colons": " : ", "leading commas": ": ", "hugging": ": "}.get(style, ":")
    comma = "," if "compact" in style or inner else ", "
    assert written.startswith("{" + inner + '"id"' + colon)
    assert f'"packages"{comma}{inner}"trigger_id"{colon}"{ID}"' in written


def test_a_file_of_ascii_alone_stays_one() -> None:
    text = json.dumps(bundle(name="caf\N{LATIN SMALL LETTER E WITH ACUTE}"))

    edited = accept(text, ITEM, allowlist_id="w1")

    assert edited.isascii()
    assert items_of(edited)[0]["reason"] == "why \N{SNOWMAN}"


def test_of_an_item_that_is_renewed_only_what_changed_is_written() -> None:
    line = f'{{"expires_on":null,   "gate":"packages",  "trigger_id" : "{ID}" }}'
    text = json.dumps(bundle(items=[{}])).replace("{}", line)

    edited = accept(text, ITEM, allowlist_id="w1")

    assert f'{{"expires_on":"2099-01-31T00:00:00Z",   "gate":"packages",  "trigger_id" : "{ID}", ' in edited
    assert items_of(edited)[0]["reason"] == "why \N{SNOWMAN}"


def test_an_item_is_renewed_where_it_stands() -> None:
    first = accept(json.dumps(bundle(items=[OLD]), indent=2), ITEM, allowlist_id="w1")
    later = Acceptance(gate="PACKAGES", trigger_id=ID, expires_on="2100-01-01T00:00:00Z", reason="again")

    edited = accept(first, later, allowlist_id="w1")

    assert len(items_of(edited)) == 2
    assert items_of(edited)[1]["expires_on"] == "2100-01-01T00:00:00Z"
    assert items_of(edited)[1]["id"] == items_of(first)[1]["id"]
    assert len(edited.splitlines()) == len(first.splitlines())


def test_until_when_it_was_accepted_is_told() -> None:
    policy = PolicyText(json.dumps(bundle(items=[{**OLD, "expires_on": None}])))
    endless = replace(ITEM, gate="Always", trigger_id="always")

    told = [policy.accept(one, allowlist_id="w1") for one in (ITEM, ITEM, endless)]

    assert told == [None, "2099-01-31T00:00:00Z", ""]
    assert len(items_of(policy.finished())) == 2


@pytest.mark.parametrize("odd", [[], {}, 7, None])
def test_an_item_whose_id_is_no_text_is_in_nobodys_way(odd: Any) -> None:
    edited = accept(json.dumps(bundle(items=[{**OLD, "id": odd}])), ITEM, allowlist_id="w1")

    assert items_of(edited)[0]["id"] == odd
    assert len(items_of(edited)) == 2


def test_a_byte_order_mark_stays() -> None:
    edited = accept("\ufeff" + json.dumps(bundle()), ITEM, allowlist_id="w1")

    assert edited.startswith("\ufeff{")
    assert items_of(edited[1:])[0]["trigger_id"] == ID


def test_of_several_allowlists_the_one_that_holds_the_item_is_taken() -> None:
    raw = bundle(items=[OLD])
    raw["whitelists"].insert(0, {"id": "w0", "version": "1_0", "items": []})
    raw["mappings"][0]["whitelist_ids"] = ["w0", "w1"]
    policy = PolicyText(json.dumps(raw))

    assert policy.allowlist(replace(ITEM, gate="always", trigger_id="always"), MAPPED) == "w1"
    assert policy.allowlist(ITEM, MAPPED) == "w0"


MAPPED = MatchedRule(id="m1", registry="*", repository="*", image_type="tag", image_value="*")
ABSENT = object()


def mapped(dialect: str, ids: Any, lists: Any) -> dict[str, Any]:
    """A policy whose mapping refers to no allowlist, written in one of the ways to do so."""
    asked = rule("packages", "verify")
    raw = bundle(asked) if dialect == "engine" else enterprise(asked)
    words = ENGINE_WORDS if dialect == "engine" else ENTERPRISE_WORDS
    for holder, key, value in (
        (raw["mappings"][0], words.allowlist_ids, ids),
        (raw, words.allowlists, lists),
    ):
        if value is ABSENT:
            del holder[key]
        else:
            holder[key] = value
    return raw


@pytest.mark.parametrize("indent", [None, 1, 2, "\t"])
@pytest.mark.parametrize("dialect", ["engine", "enterprise"])
@pytest.mark.parametrize("ids", [[], None, ABSENT], ids=["empty", "null", "absent"])
@pytest.mark.parametrize("lists", [[], None, ABSENT], ids=["empty", "null", "absent"])
def test_a_mapping_without_allowlists_gets_one(dialect: str, indent: Any, ids: Any, lists: Any) -> None:
    text = json.dumps(mapped(dialect, ids, lists), indent=indent)

    edited, made = with_allowlist(text, MAPPED)
    edited = accept(edited, ITEM, allowlist_id=made)

    assert made == "accepted"
    assert edited == json.dumps(json.loads(edited), indent=indent, ensure_ascii=False)
    policy = parse_bundle(json.loads(edited))
    assert list(review(policy, now=NOW)) == []
    assert policy.mappings[0].matched.allowlist_ids == ("accepted",)
    assert [item.trigger_id for item in policy.allowlists[0].items] == [ID]


def test_a_new_allowlist_stands_beside_others_and_leaves_the_rest_as_it_was() -> None:
    raw = bundle(items=[OLD])
    raw["mappings"][0]["whitelist_ids"] = []
    raw["whitelists"][0]["id"] = "accepted"
    text = json.dumps(raw, indent=3).replace('"b1"', '"b1"  ')

    edited, made = with_allowlist(text, MAPPED)

    assert made == "accepted-2"
    assert [one["id"] for one in json.loads(edited)["whitelists"]] == ["accepted", "accepted-2"]
    lines = edited.splitlines()
    assert [line for line in text.splitlines() if line not in lines] == ['         "whitelist_ids": []']


def test_the_mappings_own_allowlist_is_taken_as_the_file_has_it() -> None:
    text = json.dumps(bundle())

    assert with_allowlist(text, MAPPED) == (text, "w1")
    assert with_allowlist(text, MAPPED, allowlist_id="w1") == (text, "w1")
    with pytest.raises(UsageError, match=r"does not refer to 'other' \(it refers to: w1\)"):
        with_allowlist(text, MAPPED, allowlist_id="other")


def test_the_new_allowlist_may_be_named() -> None:
    text = json.dumps(mapped("enterprise", [], []))

    edited, made = with_allowlist(text, MAPPED, allowlist_id="mine")

    assert (made, json.loads(edited)["allowlists"][0]["id"]) == ("mine", "mine")


def test_a_mapping_is_known_by_its_images_where_a_service_gave_it_another_id() -> None:
    raw = bundle()
    raw["mappings"].insert(0, {**raw["mappings"][0], "id": "m0", "whitelist_ids": ["w0"]})

    assert with_allowlist(json.dumps(raw), MAPPED)[1] == "w1"
    assert with_allowlist(json.dumps(raw), replace(MAPPED, id="made up"))[1] == "w0"


def test_a_mapping_that_the_policy_does_not_have_is_refused() -> None:
    other = replace(MAPPED, registry="quay.io")

    with pytest.raises(UsageError, match="no such mapping"):
        with_allowlist(json.dumps(bundle()), other)
    assert with_allowlist(json.dumps(bundle()), replace(other, allowlist_ids=("w1",)))[1] == "w1"


@pytest.mark.parametrize("lists", [7, {"id": "x"}, "w1"])
def test_what_is_no_list_of_allowlists_is_not_written_over(lists: Any) -> None:
    with pytest.raises(UsageError, match="'whitelists' is not a list"):
        with_allowlist(json.dumps(mapped("engine", [], lists)), MAPPED)


@pytest.mark.parametrize("text", ["[]", "{}", "null", '{"whitelists": [1, {"id": "w1"}]}'])
def test_a_policy_without_the_allowlist_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="no allowlist 'w1'"):
        accept(text, ITEM, allowlist_id="w1")


@settings(max_examples=60, deadline=None)
@given(
    items=st.lists(st.dictionaries(st.text(max_size=5), st.text(max_size=8), max_size=3), max_size=4),
    indent=st.sampled_from([None, 0, 1, 3, "\t"]),
    identity=st.text(max_size=6),
)
def test_whatever_the_items_only_one_is_added(items: list[Any], indent: Any, identity: str) -> None:
    raw = bundle(items=items)
    item = Acceptance(gate="g", trigger_id=identity, expires_on="2099-01-31T00:00:00Z", reason="r")

    edited = accept(json.dumps(raw, indent=indent), item, allowlist_id="w1")

    assert items_of(edited)[:-1] == items
    assert items_of(edited)[-1]["trigger_id"] == identity


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet='{}[]":,ab1 \n', max_size=40))
def test_text_that_is_no_policy_ends_in_one_error(text: str) -> None:
    with pytest.raises(GateError):
        accept(text, ITEM, allowlist_id="w1")
