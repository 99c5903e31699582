"""Challenges: several in one header, quotes, commas, escapes."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anchore_gate.image.challenge import Challenge, parse_challenges


@pytest.mark.parametrize(
    ("headers", "challenges"),
    [
        (['Basic realm="a, b"'], [Challenge(scheme="basic", realm="a, b")]),
        (["Basic"], [Challenge(scheme="basic")]),
        (
            ['bearer Realm="https://t/x",service="s",scope="repository:a:pull,push",error="invalid_token"'],
            [
                Challenge(
                    scheme="bearer",
                    realm="https://t/x",
                    service="s",
                    scope="repository:a:pull,push",
                    error="invalid_token",
                )
            ],
        ),
        (
            ['Negotiate, Basic realm="x", Bearer realm="y"'],
            [
                Challenge(scheme="negotiate"),
                Challenge(scheme="basic", realm="x"),
                Challenge(scheme="bearer", realm="y"),
            ],
        ),
        (
            ['Basic realm="a\\"b"', "Bearer realm=plain"],
            [
                Challenge(scheme="basic", realm='a"b'),
                Challenge(scheme="bearer", realm="plain"),
            ],
        ),
        (["", '"'], []),
    ],
)
def test_challenges_are_read(headers: list[str], challenges: list[Challenge]) -> None:
    assert parse_challenges(headers) == tuple(challenges)


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet='Basic bearer=",\\ \t', max_size=60))
def test_no_header_makes_it_fail(text: str) -> None:
    parse_challenges([text])
