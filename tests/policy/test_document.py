"""Policy files that are none, or hostile."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anchore_gate.errors import ConfigError, InvalidBundle
from anchore_gate.policy import document
from anchore_gate.policy.bundle import load_bundle


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not JSON: the file is empty"),
        (" \n", "not JSON: the file is empty"),
        ("id: b\nversion: '2'\n", "not JSON: it begins with 'id: b' \\(a policy is JSON, not YAML"),
        ("{", "not JSON"),
        ("null", "a policy is a JSON object"),
        ("7", "a policy is a JSON object"),
        ('{"policyId": "x", "policybundle": {}}', r"a record of Anchore's API.*jq \.policybundle FILE"),
        ('[{"policy_id": "x", "policy": {}}]', r"a record of Anchore's API.*jq \.\[0\]\.policy FILE"),
        ("{}", "version: found version None, expected '1_0'; neither .*: an empty policy; id: required"),
        ('{"version": "1_0", "id": "x"}', "an empty policy"),
        ('{"version": "2", "id": "x", "mappings": [{}]}', "neither .* nor .*: an empty policy"),
        ('{"version": "1_0", "id": "x", "items": []}', r"an allowlist alone \(for --allowlist\)"),
        ('{"version": "1_0", "id": "x", "rules": []}', "a rule set alone"),
        ('{"version": "1_0", "policies": []}', "id: required"),
        ('{"version": "1_0", "id": 7, "policies": []}', "id: not a text: 7"),
        ('{"version": "1_0", "id": "x", "policies": {}}', "policies: not a list"),
        ('{"id": "x", "policies": [], "rule_sets": []}', "one policy, one dialect"),
        ('{"id": "x", "policies": [{"a": 1, "a": 2}]}', r"policies\[0\]: the key 'a' is written twice"),
        ('{"id": "x", "version": "1_0", "policies": null, "mappings": null}', "an empty policy"),
        ("[" * 5000 + "]" * 5000, "nested"),
        ('{"a":' * 200 + "1" + "}" * 200, "nested more than 100 levels deep"),
        ('{"a": NaN}', "not JSON: NaN is no value"),
        ('{"a": ' + "9" * 5000 + "}", "a number of too many digits"),
        ('{"id": "x", "id": "y"}', "the key 'id' is written twice"),
    ],
)
def test_what_is_no_policy_is_refused_in_one_line(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "policy.json"
    path.write_text(text)

    with pytest.raises(InvalidBundle, match=message) as caught:
        load_bundle(path)
    assert ("not JSON" in str(caught.value)) is message.startswith("not JSON")


def test_a_policy_in_another_encoding_is_refused_with_the_place() -> None:
    with pytest.raises(InvalidBundle, match=r"not JSON: not UTF-8 \(byte 0xfc at 3\)"):
        document.parse_json('{"gün": 1}'.encode("latin-1"))


def test_a_policy_that_is_too_large_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document, "MAX_BYTES", 1000)
    path = tmp_path / "policy.json"
    path.write_text(json.dumps({"id": "x" * 2000}))

    with pytest.raises(ConfigError, match="larger than 1000 bytes"):
        load_bundle(path)


@pytest.mark.parametrize("values", ["[]," * 6, "1," * 13, '"a",' * 13])
def test_a_policy_of_too_many_values_is_refused(monkeypatch: pytest.MonkeyPatch, values: str) -> None:
    monkeypatch.setattr(document, "MAX_VALUES", 12)

    with pytest.raises(InvalidBundle, match="more than 12 values"):
        document.parse_json(f"[{values}1]")


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet='{}[]":, a\\\n', max_size=30))
def test_a_key_that_is_written_twice_is_never_missed(text: str) -> None:
    twice = False

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal twice
        twice |= len(dict(items)) < len(items)
        return dict(items)

    try:
        value = json.loads(text, object_pairs_hook=pairs)
    except ValueError:
        with pytest.raises(InvalidBundle, match="not JSON"):
            document.parse_json(text)
        return
    if twice:
        with pytest.raises(InvalidBundle, match="is written twice"):
            document.parse_json(text)
    else:
        assert document.parse_json(text) == value


@pytest.mark.parametrize(
    ("text", "is_twice"),
    [
        ('{"a": 1, "a": 2}', True),
        ('{"a" : 1, "a" : 2, "b": ":x"}', True),
        ('{"a": ",", "b": {"c": 1, "c": 2}}', True),
        ('{"a": "x,\\":", "b": [{"c": 1}, {"c": ":"}]}', False),
        ('[{"a": 1}, {"a" : [",", {}, []]}]', False),
    ],
)
def test_keys_are_told_apart_from_texts(text: str, is_twice: bool) -> None:
    if is_twice:
        with pytest.raises(InvalidBundle, match="is written twice"):
            document.parse_json(text)
    else:
        assert document.parse_json(text) == json.loads(text)


def test_a_policy_that_is_not_there_names_those_that_ship(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="anchore-default"):
        load_bundle(tmp_path / "missing.json")


def test_a_policy_that_ships_is_chosen_by_its_name() -> None:
    bundle = load_bundle("anchore-default")

    assert (bundle.id, bundle.source) == ("anchore-default", "anchore-default")
    assert len(bundle.digest) == len("sha256:") + 64
