"""Patterns, targets, expressions and times."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anchore_gate.errors import PolicyError
from anchore_gate.policy import expression
from anchore_gate.policy.expression import Expression
from anchore_gate.policy.moment import parse_moment
from anchore_gate.policy.pattern import Pattern, has_shape
from anchore_gate.policy.target import Target


@given(st.text("ab*", max_size=8), st.text("ab", max_size=8))
@settings(max_examples=200, deadline=None)
def test_a_star_is_any_text(pattern: str, text: str) -> None:
    wanted = ".*".join(map(re.escape, pattern.split("*")))

    assert has_shape(pattern, text) == bool(re.fullmatch(wanted, text))


def test_a_pattern_with_many_stars_takes_no_time() -> None:
    assert not has_shape("*a" * 50 + "*b", "a" * 5000)


@pytest.mark.parametrize(
    ("text", "registry", "repository", "tag"),
    [
        ("nginx", "docker.io", "nginx", "latest"),
        ("library/nginx:1", "docker.io", "library/nginx", "1"),
        ("localhost:5000/team/app", "localhost:5000", "team/app", "latest"),
        ("localhost/app:2", "localhost", "app", "2"),
        ("quay.io:443/acme/app:v1", "quay.io:443", "acme/app", "v1"),
        ("acme/Team/app:1", "docker.io", "acme/Team/app", "1"),
        ("dockerhub/library/nginx:1", "docker.io", "library/nginx", "1"),
        ("q.io/a@sha256:" + "a" * 64, "q.io", "a", ""),
        ("", "docker.io", "*/*", "*"),
        ("*/*:*", "docker.io", "*/*", "*"),
    ],
)
def test_a_name_is_read_as_anchore_does(text: str, registry: str, repository: str, tag: str) -> None:
    target = Target.parse(text)

    assert (target.registry, target.repository, target.tag) == (registry, repository, tag)


def test_a_name_by_digest_has_the_digest() -> None:
    assert Target.parse("q.io/a:1@sha256:00").digest == "sha256:00"
    assert Target.parse("sha256:00").digest == "sha256:00"
    assert Target.parse("a" * 64).image_id == "a" * 64


@pytest.mark.parametrize("text", ["[a", "(", "a{2,1}", "(?P<x>a)(?P<x>b)", "*", "a" * 10_001])
def test_an_expression_that_does_not_compile_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="regular expression"):
        Pattern.parse(f"regexp:{text}")


@pytest.mark.parametrize(
    ("pattern", "text", "fits"),
    [
        ("regexp:ab", "abc", True),
        ("  regexp:ab", "abc", True),
        ("regexp:ab ", "abc", False),
        ("regexp:ab ", "ab c", True),
        ("regexp:ab\\ ", "ab c", True),
        ("regexp: ab", "ab", False),
        ("REGEXP:ab", "ab", False),
    ],
)
def test_only_blanks_before_the_prefix_are_no_part_of_an_expression(
    pattern: str, text: str, fits: bool
) -> None:
    assert Pattern.parse(pattern).matches(text) is fits


@pytest.mark.parametrize(
    ("text", "subject"),
    [
        (r"ab", "abc"),
        (r"b", "ab"),
        (r"a$", "a\n"),
        (r"\w+$", "grün"),
        (r"a{,3}b", "aab"),
        (r"(?!x)a", "a"),
        (r"(a)\1", "aa"),
        (r"[[:a]", ":"),
        (r".\.pem", "\udcff.pem"),
        (r"a\Z", "a"),
        (r"a\sb", "a\x0bb"),
        (r"a\S", "a\x1c"),
        (r"a$\n", "a\n"),
    ],
)
def test_an_expression_means_what_python_means(text: str, subject: str) -> None:
    assert Expression(text).matches(subject) is (re.match(text, subject) is not None)


@pytest.mark.filterwarnings("ignore::FutureWarning")
@given(st.text("ab.*+?()|[]$\\dw^", max_size=10), st.text("ab1_ \n", max_size=8))
@settings(max_examples=300, deadline=None)
def test_the_linear_engine_agrees_with_python(text: str, subject: str) -> None:
    try:
        expected = re.match(text, subject) is not None
    except re.error:
        return
    tried = Expression(text)
    if expression._linear(text) is not None:
        assert tried.matches(subject) is expected


@pytest.mark.parametrize(
    ("text", "subject", "hit"),
    [
        ("^(?i)root", "ROOT", True),
        ("a|(?i)b", "A", True),
        ("a(?s).b", "a\nb", True),
        (r"(a)(?i)\1", "aA", True),
        ("^(?i)root", "xroot", False),
    ],
)
def test_flags_count_wherever_they_stand_as_in_engines_python(text: str, subject: str, hit: bool) -> None:
    assert Expression(text).matches(subject) is hit
    assert Expression(text).text == text


def test_an_expression_that_runs_away_in_python_answers_at_once() -> None:
    started = time.monotonic()

    assert not Expression(r"(a+)+b").matches("a" * 10_000)
    assert time.monotonic() - started < 2


def test_texts_that_only_python_reads_alike_are_tried_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, ...]] = []

    def bounded(pattern: str, texts: Sequence[str]) -> list[bool]:
        asked.append(tuple(texts))
        return [re.match(pattern, text) is not None for text in texts]

    monkeypatch.setattr(expression, "_bounded", bounded)
    texts = ["/a", "/é", "/-", "/é", "/"]

    assert Expression(r"/\w").matching(texts) == [True, True, False, True, False]
    assert asked == [("/é",)]


def test_an_expression_that_only_python_knows_is_ended_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expression, "TIME_BOUND", 0.3)

    with pytest.raises(PolicyError, match=r"took longer than 0\.3 seconds"):
        Expression(r"(?=a)(a+)+b").matches("a" * 60)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2027-01-31T00:00:00Z", "2027-01-31T00:00:00+00:00"),
        ("2027-01-31T00:00:00.5Z", "2027-01-31T00:00:00.500000+00:00"),
        ("2027-01-31T00:00:00:25Z", "2027-01-31T00:00:00.250000+00:00"),
        ("2027-01-31T02:00:00+02:00", "2027-01-31T00:00:00+00:00"),
        ("2027-01-30T22:00:00-02:00", "2027-01-31T00:00:00+00:00"),
        ("9999-12-31T23:59:59-05:00", "9999-12-31T23:59:59+00:00"),
    ],
)
def test_a_time_is_read(text: str, expected: str) -> None:
    assert parse_moment(text).isoformat() == expected


@pytest.mark.parametrize("text", ["2027-01-31", "2027-01-31T00:00:00", "2027-13-31T00:00:00Z", "", 7, "soon"])
def test_what_is_no_time_is_refused(text: object) -> None:
    with pytest.raises(ValueError):
        parse_moment(text)
