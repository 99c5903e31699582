"""Allowlists from files of their own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from anchore_gate.errors import InvalidBundle
from anchore_gate.policy.further import load_allowlist

ITEM = {"id": "i", "gate": "always", "trigger_id": "always"}


@pytest.mark.parametrize("version", ["1_0", "2"])
def test_an_allowlist_of_either_dialect_is_read(tmp_path: Path, version: str) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps({"id": "a", "version": version, "items": [ITEM]}))

    assert [one.trigger_id for one in load_allowlist(path).items] == ["always"]


@pytest.mark.parametrize("version", ["1_0", "2"])
def test_everything_that_is_wrong_with_one_is_said(tmp_path: Path, version: str) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps({"id": "a", "version": version, "items": [{"gate": 7}, ITEM, None]}))

    with pytest.raises(InvalidBundle) as caught:
        load_allowlist(path)
    assert str(caught.value) == (
        f"{path}: items[0].gate: not a text: 7; items[0].trigger_id: required, a text; "
        "items[2]: not an object"
    )


def test_text_that_is_none_is_said_with_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text("id: a")

    with pytest.raises(InvalidBundle, match=r"a\.json: not JSON: it begins with 'id: a'"):
        load_allowlist(path)
