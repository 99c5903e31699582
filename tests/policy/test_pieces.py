"""Long allowlists: read a piece at a time, they say what they say when all is read at once."""

from __future__ import annotations

import json
import pickle
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anchore_gate.errors import InvalidBundle
from anchore_gate.policy import document, pieces
from anchore_gate.policy.bundle import Bundle, load_bundle
from anchore_gate.policy.items import Items
from anchore_gate.policy.parse import parse_bundle
from anchore_gate.policy.pieces import read_policy

_LATE = "2099-01-01T00:00:00Z"
NOW = datetime(2026, 11, 25, tzinfo=timezone.utc)

_TEXTS = st.one_of(
    st.sampled_from(
        ["", "a", "CVE-2026-1+*", "{", "}", "},", "]", '"', "\\", "\n", "é", "\ud800", "a, b", '":']
    ),
    st.text(alphabet='ab{}[]",:\\é€', max_size=12),
)
_DATES = st.sampled_from(
    ["2026-12-01T00:00:00Z", "2020-01-01T00:00:00Z", "2099-01-01T00:00:00+02:00", "", None]
)
_ITEM = st.fixed_dictionaries(
    {"id": _TEXTS, "gate": st.sampled_from(["vulnerabilities", "Files", "\u00e4"]), "trigger_id": _TEXTS},
    optional={"expires_on": _DATES, "reason": st.none() | _TEXTS, "owner": _TEXTS, "x": st.just({"y": [1]})},
)
_STYLES: tuple[dict[str, Any], ...] = (
    {},
    {"indent": 2},
    {"indent": "\t"},
    {"separators": (",", ":")},
    {"separators": (" ,\n", " :\t")},
    {"ensure_ascii": False},
)


def _policy(*lists: list[Any]) -> dict[str, Any]:
    return {
        "id": "p",
        "version": "2",
        "rule_sets": [],
        "mappings": [],
        "allowlists": [
            {"id": f"a{number}", "version": "2", "items": items, "name": '"items": ['}
            for number, items in enumerate(lists)
        ],
    }


def _written(policy: Any, **style: Any) -> bytes:
    return json.dumps(policy, **{"ensure_ascii": True, **style}).encode("utf-8", "surrogatepass")


def _at_once(content: bytes) -> Bundle | str:
    try:
        return parse_bundle(document.parse_json(content), digest="x")
    except InvalidBundle as problem:
        return str(problem)


def _by_pieces(content: bytes) -> Bundle | str:
    try:
        return parse_bundle(read_policy(content), digest="x")
    except InvalidBundle as problem:
        return str(problem)


def _ending(bundle: Bundle | str) -> list[list[int]]:
    lists = bundle.allowlists if isinstance(bundle, Bundle) else ()
    return [list(one.items.ending(NOW + timedelta(days=14))) for one in lists]


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pieces, "_PIECE", 300)


def _item(number: int, **more: Any) -> dict[str, Any]:
    return {"id": f"i{number}", "gate": "files", "trigger_id": f"t{number}", **more}


@settings(max_examples=150, deadline=None)
@given(lists=st.lists(st.lists(_ITEM, max_size=25), max_size=3), style=st.sampled_from(_STYLES))
def test_pieces_say_what_the_whole_says(lists: list[list[Any]], style: dict[str, Any]) -> None:
    content = _written(_policy(*lists), **style)

    assert _by_pieces(content) == _at_once(content)
    assert _ending(_by_pieces(content)) == _ending(_at_once(content))


@settings(max_examples=300, deadline=None)
@given(
    style=st.sampled_from(_STYLES),
    place=st.integers(0, 100_000),
    length=st.integers(0, 30),
    instead=st.sampled_from(
        [
            b"",
            b",",
            b"]",
            b"}",
            b"{",
            b'"',
            b"\n",
            b"\x01",
            b"\t",
            b"\\",
            b"\xff",
            b"null",
            b'"id": "twice", ',
            b"[" * 200,
        ]
    ),
)
def test_damaged_text_is_refused_as_when_all_is_read_at_once(
    style: dict[str, Any], place: int, length: int, instead: bytes
) -> None:
    items = [
        _item(n, reason="no, it is not") if n % 3 else _item(n, expires_on="2026-12-01T00:00:00Z")
        for n in range(40)
    ]
    content = _written(_policy(items, [], [_item(0)]), **style)
    place %= len(content)
    damaged = content[:place] + instead + content[place + length :]

    assert _by_pieces(damaged) == _at_once(damaged)


@pytest.mark.parametrize("style", _STYLES)
@pytest.mark.parametrize(
    "items",
    [
        [_item(n) for n in range(50)],
        [_item(n, expires_on=_LATE, reason="yes") for n in range(50)],
        [_item(n, **({"expires_on": _LATE} if n % 3 else {"reason": "r"})) for n in range(50)],
        [_item(n, expires_on=None if n % 2 else _LATE, owner="") for n in range(50)],
        [_item(n, reason=f'[JIRA-{n}] {{braces}}, and "quotes" é') for n in range(50)],
        [_item(n, reason="long " * 500) for n in range(5)],
        [_item(n, note={"nested": ["}", {}]}) for n in range(50)],
        [_item(n, size=n) for n in range(50)],
    ],
)
def test_a_long_list_is_read_in_pieces_however_it_is_written(
    items: list[dict[str, Any]], style: dict[str, Any]
) -> None:
    content = _written(_policy([], [_item(7)], items), **style)

    read = read_policy(content)

    assert [type(one["items"]) for one in read["allowlists"]] == [list, list, Items]
    found = read["allowlists"][2]["items"]
    assert list(found) == list(Items(items))
    assert found.item(len(items) - 1).id == items[-1]["id"]


def test_objects_that_are_written_alike_need_no_parser(monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[str] = []

    def list_at(text: str) -> tuple[list[Any], int]:
        parsed.append(text)
        return document.list_at(text)

    monkeypatch.setattr(pieces, "list_at", list_at)
    items = [_item(n, **({"expires_on": _LATE} if n % 3 else {"expires_on": None})) for n in range(500)]

    for style in _STYLES[:5]:
        parsed.clear()
        read = read_policy(_written(_policy(items), **style))
        assert len(read["allowlists"][0]["items"]) == 500
        assert len(parsed) <= 3


@pytest.mark.parametrize("end", [b",]", b", ,]", b" x]", b"}]", b"]]", b"", b" "])
def test_a_long_list_that_does_not_end_well_is_refused(end: bytes) -> None:
    content = _written(_policy([_item(n) for n in range(100)])).replace(b'"t99"}]', b'"t99"}' + end)

    assert "not JSON" in str(_by_pieces(content))
    assert _by_pieces(content) == _at_once(content)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32-le"])
def test_other_encodings_are_read_at_once(encoding: str) -> None:
    policy = _policy([_item(n) for n in range(100)])

    assert _by_pieces(json.dumps(policy).encode(encoding)) == _at_once(json.dumps(policy).encode())


def test_items_of_something_else_are_no_allowlist() -> None:
    for key in ("items", 'x"items', "xitems"):
        policy = _policy([_item(1)]) | {"x": {key: [_item(n) for n in range(100)]}}

        assert read_policy(_written(policy)) == policy


def test_what_stands_for_a_list_may_be_in_a_policy() -> None:
    policy = _policy([_item(n) for n in range(100)], ["\ufdd0102"], ["\ufdd0"])

    assert _by_pieces(_written(policy)) == _at_once(_written(policy))


def test_a_hostile_policy_of_braces_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document, "MAX_VALUES", 100_000)
    for inner in ('"' + "}" * 200_000 + '"', "[" + "[]," * 50_000 + "1]", "{" * 50_000):
        content = b'{"id": "p", "rule_sets": [], "allowlists": [{"items": [{"x": ' + inner.encode() + b"}]}]}"
        assert _by_pieces(content) == _at_once(content)


def test_a_policy_travels_to_another_machine_and_is_the_same_there() -> None:
    made = parse_bundle(read_policy(_written(_policy([_item(n) for n in range(100)]))), digest="x")

    assert pickle.loads(pickle.dumps(made)) == made


def test_the_digest_is_that_of_the_file(tmp_path: Path) -> None:
    import hashlib

    content = _written(_policy([_item(n) for n in range(5000)]))
    path = tmp_path / "policy.json"
    path.write_bytes(content)

    assert load_bundle(path).digest == f"sha256:{hashlib.sha256(content).hexdigest()}"
    assert len(content) > 256 * 1024
