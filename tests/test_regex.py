"""Regular expressions that are compiled when they are first used."""

from __future__ import annotations

import re

import pytest

from anchore_gate.regex import flags_first, regex


def test_it_answers_like_the_compiled_one() -> None:
    lazy = regex(r"(?P<word>[a-z]+)", re.IGNORECASE)
    found = lazy.fullmatch("Abc")
    assert found is not None
    assert found["word"] == "Abc"
    assert lazy.sub("-", "a1b") == "-1-"
    assert (lazy.pattern, lazy.groups) == (r"(?P<word>[a-z]+)", 1)


def test_a_faulty_one_says_so_when_it_is_used() -> None:
    lazy = regex("(")
    with pytest.raises(re.error):
        lazy.search("x")


@pytest.mark.parametrize(
    ("pattern", "same"),
    [
        ("", ""),
        ("(?i)a", "(?i)a"),
        ("(?:a)(?=b)(?i:c)", "(?:a)(?=b)(?i:c)"),
        ("^(?i)root", "(?i)^(?:)root"),
        (".*(?i)a(?s).b", "(?is).*(?:)a(?:).b"),
        ("(?m)a(?i)b", "(?im)(?:)a(?:)b"),
        (r"(a)\1(?i)1", r"(?i)(a)\1(?:)1"),
        (r"\(?i\)", r"\(?i\)"),
        (r"\\(?i)a", r"(?i)\\(?:)a"),
        ("[(?i)]", "[(?i)]"),
        ("[]](?i)a", "(?i)[]](?:)a"),
        ("[^](?i)]a", "[^](?i)]a"),
    ],
)
def test_global_flags_stand_in_front_where_every_python_takes_them(pattern: str, same: str) -> None:
    assert flags_first(pattern) == same
    re.compile(same)


@pytest.mark.parametrize("pattern", ["(", "[a", "(?i", "a(?z)b", "\\"])
def test_what_is_no_expression_stays_none(pattern: str) -> None:
    with pytest.raises(re.error):
        re.compile(flags_first(pattern))
