"""Regular expressions that are compiled when they are first used."""

from __future__ import annotations

import re

import pytest

from anchore_gate.regex import regex


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
