"""
Maven's order (ComparableVersion of Maven 3.8 and 3.9; pom.html, "Version Order Specification").

A version is a list of numbers and qualifiers that may end in a list of its own: after `-`, and where letters
and digits meet. Zeros at the end of a list say nothing. At one place a qualifier is less than a list, a list
less than a number; a missing part is 0, or the release. Maven's own comparison runs in circles for a few
texts (`1.foo.2` < `1-alpha` < `1` < `1.foo.2`); there the order is made total.
"""

from __future__ import annotations

from anchore_gate.regex import regex
from anchore_gate.typed import Any
from anchore_gate.versions.version import LONGEST, InvalidVersion, Version

# What may stand at one place, lowest first; what counts as nothing (0, the release) goes by its successor.
(
    _EARLY_WORD,
    _EARLY_LIST,
    _ZEROS_THEN_EARLY,
    _RELEASE_THEN_EARLY,
    _END,
    _RELEASE_THEN_MORE,
    _LATE_WORD,
    _LATE_LIST,
    _ZEROS_THEN_WORD,
    _ZEROS_THEN_NUMBER,
    _NUMBER,
) = range(11)
_ZEROS = (_ZEROS_THEN_EARLY, _ZEROS_THEN_WORD, _ZEROS_THEN_NUMBER)
_NUMBERS = regex(r"[0-9]+(?:\.[0-9]+)*")
_TOKENS = regex(r"[0-9]+|[^0-9.-]+|[.-]")
_RANKS = {"alpha": 0, "beta": 1, "milestone": 2, "rc": 3, "cr": 3, "snapshot": 4, "sp": 6}
_RELEASE, _UNKNOWN = 5, 7
_RANKS |= dict.fromkeys(("", "ga", "final", "release"), _RELEASE)
_BEFORE_DIGITS = {"a": "alpha", "b": "beta", "m": "milestone"}

_Item = int | tuple[int, str]


class MavenVersion(Version):
    """A version of a Java artifact."""

    __slots__ = ()


def parse(text: str) -> MavenVersion:
    """The version as Maven reads it. Raises `InvalidVersion` for an empty or oversized text."""
    if not text or len(text) > LONGEST:
        raise InvalidVersion("maven", text)
    if _NUMBERS.fullmatch(text) and ".0" not in text:
        key: list[Any] = []
        for part in text.split("."):
            key += (_NUMBER, int(part))
        if key[1] == 0:
            key = [_ZEROS_THEN_NUMBER, -1, *key[2:]] if len(key) > 2 else []
        return MavenVersion(text, (*key, _END))
    return MavenVersion(text, _key(_levels(_TOKENS.findall(text.lower()))))


def _levels(tokens: list[str]) -> list[list[_Item]]:
    """The nested lists, outermost first; each ends where the next begins."""
    levels: list[list[_Item]] = [[]]
    previous = ""  # what was read since the last separator
    for token in (*tokens, ""):
        if previous:
            _add_run(levels, previous, before=token)
        elif token in (".", "-"):
            levels[-1].append(0)
        previous = "" if token in ("", ".", "-") else token
        if token.startswith("-"):
            levels.append([])
    return levels


def _add_run(levels: list[list[_Item]], run: str, *, before: str) -> None:
    meets_other = before not in ("", ".", "-")
    if run[0] in "0123456789":
        levels[-1].append(int(run))
    else:
        word = _BEFORE_DIGITS.get(run, run) if meets_other else run
        if levels[-1] and (meets_other or not before):
            levels.append([])  # `.X` reads as `-X`
        rank = _RANKS.get(word, _UNKNOWN)
        levels[-1].append((rank, word if rank == _UNKNOWN else ""))
    if meets_other:
        levels.append([])


def _key(levels: list[list[_Item]]) -> tuple[Any, ...]:
    key: list[Any] = []
    sign = 0  # of what follows: before the release, the release, after it
    for items in reversed(levels):
        while items and _sign(items[-1]) == 0:
            items.pop()
        if not items and not key:
            continue
        key = [_EARLY_LIST if sign < 0 else _LATE_LIST, *key] if key else [_END]
        for item in reversed(items):
            sign = _sign(item) or sign
            place = _place(item, sign, key)
            key = [*place, *key]
    return tuple(key) if key else (_END,)


def _sign(item: _Item) -> int:
    if isinstance(item, int):
        return int(item > 0)
    return (item[0] > _RELEASE) - (item[0] < _RELEASE)


def _place(item: _Item, sign: int, rest: list[Any]) -> tuple[Any, ...]:
    if isinstance(item, int):
        return (_NUMBER, item) if item else _zero(sign, rest)
    if item[0] == _RELEASE:
        return (_RELEASE_THEN_EARLY if sign < 0 else _RELEASE_THEN_MORE,)
    return (_EARLY_WORD if item[0] < _RELEASE else _LATE_WORD, *item)


def _zero(sign: int, rest: list[Any]) -> tuple[int, int]:
    """A run of zeros is one place: fewer before a word is less, fewer before a number is more."""
    if rest[0] in _ZEROS:
        kind, length = rest[0], rest[1]
        del rest[:2]
        return kind, length + (1 if length > 0 else -1)
    if sign < 0:
        return _ZEROS_THEN_EARLY, 1
    return (_ZEROS_THEN_NUMBER, -1) if rest[0] == _NUMBER else (_ZEROS_THEN_WORD, 1)
