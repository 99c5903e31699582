"""Installed versions against those a policy names."""

from __future__ import annotations

import pytest

from anchore_gate.errors import PolicyError
from anchore_gate.model.inventory import Package
from anchore_gate.policy.comparison import compare


@pytest.mark.parametrize(
    ("kind", "installed", "wanted", "order"),
    [
        ("deb", "1:1.2.3-4+b1", "1:1.2.3-4", 1),
        ("deb", "1:1.2.3-4+b1", "1.3", -1),
        ("deb", "1:1.2.3-4+b1", "1.2.3-4+b1", 0),
        ("deb", "1:1.2.3-4+b1", "2:1", -1),
        ("deb", "1.3-1", "1:1.2", 1),
        ("deb", "1.0~rc1-1", "1.0-1", -1),
        ("rpm", "1:1.1.1k-5.el8", "1.1.1k", 0),
        ("rpm", "1:1.1.1k-5.el8", "1.1.1k-6.el8", -1),
        ("rpm", "1:1.1.1k-5.el8", "2:0.1", -1),
        ("apk", "1.2.4-r2", "1.2.4", 0),
        ("apk", "1.2.4-r2", "1.2.4-r10", -1),
        ("apk", "1.2.4-r2", "1.2.3_git20200101", 1),
        ("npm", "1.10.0", "1.9.0", 1),
        ("python", "2.0.dev1", "2.0", -1),
        ("gem", "13.0", "13.0.0", 0),
        ("java-archive", "2.0-SNAPSHOT", "2.0", -1),
        ("binary", "3.11.7", "3.9", 1),
        ("binary", "1.22rc2", "1.22", -1),
    ],
)
def test_each_type_has_its_own_order(kind: str, installed: str, wanted: str, order: int) -> None:
    assert compare(Package(type=kind, name="x", version=installed), wanted) == order


@pytest.mark.parametrize(
    ("kind", "wanted"),
    [("conda", "1.0"), ("binary", "1.8.0_352-x08"), ("python", "not a version"), ("deb", "")],
)
def test_what_cannot_be_compared_is_said(kind: str, wanted: str) -> None:
    with pytest.raises(PolicyError, match="cannot be compared"):
        compare(Package(type=kind, name="x", version="2.0"), wanted)
