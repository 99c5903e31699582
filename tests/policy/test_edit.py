"""Allowlist items written into a policy's text."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anchore_gate.errors import GateError, UsageError
from anchore_gate.policy.edit import Acceptance, accept
from tests.policy.support import bundle, enterprise

ITEM = Acceptance(
    gate="packages", trigger_id="abc", expires_on="2099-01-31T00:00:00Z", reason="why \N{SNOWMAN}", owner="me"
)
OLD = {"id": "i1", "gate": "always", "trigger_id": "always"}


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
        "trigger_id": "abc",
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


def test_an_item_is_renewed_where_it_stands() -> None:
    first = accept(json.dumps(bundle(items=[OLD]), indent=2), ITEM, allowlist_id="w1")
    later = Acceptance(gate="PACKAGES", trigger_id="abc", expires_on="2100-01-01T00:00:00Z", reason="again")

    edited = accept(first, later, allowlist_id="w1")

    assert len(items_of(edited)) == 2
    assert items_of(edited)[1]["expires_on"] == "2100-01-01T00:00:00Z"
    assert items_of(edited)[1]["id"] == items_of(first)[1]["id"]
    assert len(edited.splitlines()) == len(first.splitlines())


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
