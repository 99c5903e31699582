from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anchore_gate.errors import LimitExceeded, UsageError
from anchore_gate.image import bounded
from anchore_gate.image import search as module
from anchore_gate.image.limits import MIB
from anchore_gate.image.literals import required_literals
from anchore_gate.image.needs import ContentSearch
from anchore_gate.image.search import LineSearch, _AnyOf
from tests.image.needs_of import ANCHORE_SECRETS, KEY_LINE, SECRETS


def naive(regexes: list[str], content: bytes) -> list[tuple[int, tuple[int, ...]]]:
    """What Anchore's analyzer does, line by line."""
    lines = [line + b"\n" for line in content.split(b"\n")]
    lines[-1] = lines[-1][:-1]
    found = []
    for number, regex in enumerate(regexes):
        matching = tuple(i for i, line in enumerate(lines, 1) if line and re.match(regex.encode(), line))
        if matching:
            found.append((number, matching))
    return found


def search(*regexes: str, is_known: bool = True) -> LineSearch:
    return LineSearch(
        tuple(ContentSearch(kind="content", name=one, regex=one, is_known=is_known) for one in regexes)
    )


PIECES = st.sampled_from(
    [
        *(
            "aws_access_key_id",
            "AWS_SECRET_ACCESS_KEY",
            "=",
            " = ",
            "AKIAABCDEFGHIJKLMNOP",
            "x" * 40,
            "api-key",
            "API_KEY",
        ),
        *(
            "-----BEGIN RSA PRIVATE KEY-----",
            '"auth": "abc"',
            '"auth":""',
            "\n",
            "\r\n",
            " ",
            "é",
            "-BEGIN",
            "PRIVATE KEY-",
        ),
        *("0123456789ABCDEF0123", "foo", "bar", "\n\n", "\x0b"),
    ]
)
TEXTS = st.lists(PIECES, max_size=30).map(lambda parts: "".join(parts).encode())


@given(TEXTS)
@settings(max_examples=300, deadline=None)
def test_the_secrets_are_found_where_the_plain_way_finds_them(content: bytes) -> None:
    assert list(LineSearch(SECRETS).find(content)) == naive(list(ANCHORE_SECRETS.values()), content)


REGEXES = [
    "foo",
    ".*foo",
    "(?i).*FOO.*bar",
    "foobar|barfoo",
    ".*(?:foobar|quux)+x?",
    "x*",
    ".*[fb]oo[ -]bar",
    r".*foo\s",
    ".*foo$",
    r"\bfoobar",
    "(foo){2,3}",
    ".*(?<!bar)foobar",
    ".*(?=foobar)f",
    "^foob?ar",
    ".*a{0,2}foobarx?",
    "(?x) foo bar",
    "(?:)",
    ".*é",
    "(?i:k)oobar",
    r".*\x66oobar",
    r"[\]\-a]oobar",
    r".*foo\nbar",
    "(?s).*foobar.",
    "(foo)(bar)\\1",
]


@given(
    st.sampled_from(REGEXES),
    st.lists(
        st.sampled_from(
            ["foo", "FOO", "bar", "x", "\n", " ", "-", "koo", "Koo", "é", "a", "\r", "\v", "quux"]
        ),
        max_size=20,
    ),
)
@settings(max_examples=500, deadline=None)
def test_any_expression_is_found_where_the_plain_way_finds_it(regex: str, parts: list[str]) -> None:
    content = "".join(parts).encode()
    assert list(search(regex).find(content)) == naive([regex], content)


ATOMS = st.sampled_from(
    [
        "foo",
        "barx",
        "(?:foob|arx)",
        "[ab]",
        "a?",
        "(foobar)+",
        ".",
        ".*",
        "(?i:FOO)",
        "x{2}",
        "(?=foo)",
        "(a|b|foo)",
        r"\d",
        "[^a]",
        "foo{0}",
    ]
)


@given(
    st.lists(ATOMS, min_size=1, max_size=5).map("".join),
    st.lists(st.sampled_from(["foo", "bar", "x", "arx", "FOO", "a", "b", "1"]), max_size=12).map("".join),
)
@settings(max_examples=500, deadline=None)
def test_every_match_holds_a_required_literal(regex: str, text: str) -> None:
    literals = required_literals(regex)
    found = re.search(regex.encode(), text.encode())
    if literals is not None and found is not None:
        assert any(literal in found[0].lower() for literal in literals) or (
            "(?=" in regex and any(literal in text.lower().encode() for literal in literals)
        )


@pytest.mark.parametrize(
    ("name", "literals"),
    [
        ("AWS_ACCESS_KEY", {b"aws_access_key_id"}),
        ("AWS_SECRET_KEY", {b"aws_secret_access_key"}),
        ("PRIV_KEY", {b"private key-"}),
        ("DOCKER_AUTH", {b'"auth":'}),
        ("API_KEY", {b"api-key", b"api_key"}),
    ],
)
def test_anchores_expressions_all_need_a_literal(name: str, literals: set[bytes]) -> None:
    assert set(required_literals(ANCHORE_SECRETS[name]) or ()) == literals


@pytest.mark.parametrize("regex", [".*(?i)password", "x|(?i)password", r"(?:)(?i)(p)assword\Z|password\s"])
def test_flags_count_wherever_they_stand_as_in_engines_python(regex: str) -> None:
    assert search(regex, is_known=False).find(b"a\nPassWord\n") == ((0, (2,)),)


def test_lines_are_counted_from_one() -> None:
    [(number, lines)] = LineSearch(SECRETS).find(b"a\n" + KEY_LINE + b"b\n\n" + KEY_LINE.strip())
    assert (number, lines) == (0, (2, 5))


def test_a_search_has_its_own_limit_of_size() -> None:
    small = ContentSearch(kind="secret", name="s", regex="aaaa", max_size=10)
    large = ContentSearch(kind="secret", name="l", regex="aaaa", max_size=100)
    assert LineSearch((small, large)).find(b"aaaa" * 10) == ((1, (1,)),)


@pytest.mark.parametrize("regex", ["(", "a{99999999999}", "[z-a]"])
def test_an_expression_that_does_not_compile_is_named(regex: str) -> None:
    with pytest.raises(UsageError, match="does not compile"):
        search(regex)


def test_a_secret_in_a_very_long_line_is_found() -> None:
    content = b"x" * 500_000 + b" " + KEY_LINE.strip() + b" " + b"y" * 400_000
    assert LineSearch(SECRETS).find(content) == ((0, (1,)),)


@pytest.mark.parametrize("line", [b"aws_access_key_id" + b"=" * 3000, b"aws_access_key_id=" * 200])
def test_a_hostile_line_ends_in_bounded_time_or_in_an_error(
    line: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_SECONDS", 0.3)
    found = LineSearch(SECRETS)
    with pytest.raises(LimitExceeded, match="made to be slow"):
        list(map(found.find, [line] * 1000))


@pytest.mark.parametrize("regex", [r"\s*(?=foo)", r".*foo\s", "(?<!x)foo$", r"é\b"])
def test_an_expression_of_the_users_own_finds_the_same_in_a_child(regex: str) -> None:
    content = "foo\n\n foo \nxfoo\r\né x\n".encode() + b" " * 3000 + b"foo bar" + b"y" * 3000 + b"\nfoo"
    found = search(regex, "foo", is_known=False)

    assert list(found.find(content)) == list(search(regex, "foo").find(content))
    assert list(found.find(b"foo \n")) == list(search(regex, "foo").find(b"foo \n"))


def test_an_expression_that_never_ends_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded, "TIME_BOUND", 1)
    found = search("(?=a)(a+)+b", is_known=False)

    assert found.find(b"aab\n") == ((0, (1,)),)
    for _ in range(2):
        with pytest.raises(LimitExceeded, match="took longer than 1 seconds on one file"):
            found.find(b"a" * 60)


def test_an_expression_that_explodes_in_python_is_linear_here() -> None:
    assert search("(a+)+b").find(b"a" * 5000) == ()


@given(
    literals=st.lists(
        st.sampled_from([b"key", b"api-key", b'"auth":', b"a.b", b"x"]), min_size=1, unique=True
    ),
    content=st.binary(max_size=200) | st.sampled_from([b"API-KEY", b'{"Auth": 1}', b"a-b", b"KE Y", b"aXb"]),
)
def test_literals_are_found_alike_before_and_after_a_mebibyte(literals: list[bytes], content: bytes) -> None:
    early, late = _AnyOf(tuple(literals)), _AnyOf(tuple(literals))
    late(bytes(MIB + 1))
    assert early(content) == late(content) == any(literal in content.lower() for literal in literals)


def test_more_literals_than_re2_takes_are_found() -> None:
    literals = tuple(f"{number:0>200}".encode() for number in range(6000))
    late = _AnyOf(literals)
    late(bytes(MIB + 1))
    assert late(b"x" + literals[77])
    assert not late(b"x" * 300)
