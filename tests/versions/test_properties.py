"""Every order is total, consistent with hash, and survives any text."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anchore_gate.versions.constraint import Answer, satisfies
from anchore_gate.versions.orders import WORDS, order, order_for
from anchore_gate.versions.version import InvalidVersion

ORDERS = sorted(WORDS)
PARTS = [
    "0",
    "1",
    "2",
    "10",
    "00",
    "01",
    "a",
    "b",
    "rc",
    "alpha",
    "pre",
    "p",
    "ga",
    "sp",
    "foo",
    "x86",
    "el8",
]
GLUE = [".", "-", "_", "~", "^", "+", ":", "-r", ""]
versions = st.lists(st.tuples(st.sampled_from(PARTS), st.sampled_from(GLUE)), min_size=1, max_size=6).map(
    lambda pairs: "1" + "".join(glue + part for part, glue in pairs)
)
hostile = st.text(max_size=40) | st.text("0123456789.-~^+:_ar", max_size=40)


def parsed(name: str, text: str) -> Any:
    try:
        return order(name).parse(text)
    except InvalidVersion:
        return None


@pytest.mark.parametrize("name", ORDERS)
@settings(max_examples=150, deadline=None)
@given(texts=st.lists(versions | hostile, min_size=3, max_size=6))
def test_the_order_is_total_and_agrees_with_hash(name: str, texts: list[str]) -> None:
    values = [value for text in texts if (value := parsed(name, text)) is not None]
    for a, b in itertools.combinations(values, 2):
        assert (a < b) + (a > b) + (a == b) == 1
        assert (a < b) == (b > a)
        assert (a <= b) == (not a > b)
        assert a != b or hash(a) == hash(b)
    for a, b, c in itertools.permutations(values, 3):
        assert not (a <= b and b <= c) or a <= c


@pytest.mark.parametrize("name", ORDERS)
@settings(max_examples=150, deadline=None)
@given(version=versions | hostile, constraint=hostile | versions.map(lambda v: f"< {v} || >= {v}, = {v}"))
def test_any_text_is_a_version_or_invalid_and_any_constraint_answers(
    name: str, version: str, constraint: str
) -> None:
    assert isinstance(satisfies(version, constraint, order(name)), Answer)


@pytest.mark.parametrize("name", ORDERS)
@pytest.mark.parametrize("text", ["9" * 5000, "1." * 3000, "1-" * 3000 + "1", "a" * 5000, "1~" * 3000])
def test_an_oversized_text_is_refused(name: str, text: str) -> None:
    with pytest.raises(InvalidVersion):
        order(name).parse(text)


def test_versions_of_two_ecosystems_cannot_be_compared() -> None:
    deb, rpm = order("deb").parse("1"), order("rpm").parse("1")
    assert deb != rpm
    for ask in ("__lt__", "__le__", "__gt__", "__ge__"):
        assert getattr(deb, ask)(rpm) is NotImplemented
    with pytest.raises(TypeError):
        _ = deb < rpm


def test_every_word_leads_to_an_order() -> None:
    assert {
        word: order.name for word in ("npm", "dpkg", "Python", "java-archive") if (order := order_for(word))
    } == {
        "npm": "semver",
        "dpkg": "deb",
        "Python": "pep440",
        "java-archive": "maven",
    }
    assert order_for("kb") is None


def test_a_version_shows_its_text() -> None:
    version = order("apk").parse("1.2.3-r4")
    assert str(version) == "1.2.3-r4"
    assert repr(version) == "ApkVersion('1.2.3-r4')"
