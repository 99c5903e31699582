"""Policy files that are none, or hostile."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from anchore_gate.errors import ConfigError, InvalidBundle
from anchore_gate.policy import document
from anchore_gate.policy.bundle import load_bundle


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not JSON"),
        ("{", "not JSON"),
        ("null", "a policy is a JSON object"),
        ("7", "a policy is a JSON object"),
        ("{}", "version: found version None"),
        ('{"version": "1_0", "id": "x"}', "an empty policy"),
        ('{"version": "1_0", "policies": []}', "id: required"),
        ('{"version": "1_0", "id": 7, "policies": []}', "id: required"),
        ('{"version": "1_0", "id": "x", "policies": {}}', "policies: not a list"),
        ('{"id": "x", "policies": [], "rule_sets": []}', "one policy, one dialect"),
        ('{"id": "x", "policies": [{"a": 1, "a": 2}]}', r"policies\[0\]: the key 'a' is written twice"),
        ("[" * 5000 + "]" * 5000, "nested"),
        ('{"a":' * 200 + "1" + "}" * 200, "nested"),
    ],
)
def test_what_is_no_policy_is_refused_in_one_line(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "policy.json"
    path.write_text(text)

    with pytest.raises(InvalidBundle, match=message):
        load_bundle(path)


def test_a_policy_that_is_too_large_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document, "MAX_BYTES", 1000)
    path = tmp_path / "policy.json"
    path.write_text(json.dumps({"id": "x" * 2000}))

    with pytest.raises(InvalidBundle, match="larger than"):
        load_bundle(path)


def test_a_policy_that_is_not_there_names_those_that_ship(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="anchore-default"):
        load_bundle(tmp_path / "missing.json")


def test_a_policy_that_ships_is_chosen_by_its_name() -> None:
    bundle = load_bundle("anchore-default")

    assert (bundle.id, bundle.source) == ("anchore-default", "anchore-default")
    assert len(bundle.digest) == len("sha256:") + 64
