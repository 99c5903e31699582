"""
Alpine's order: `digits{.digits}{letter}{_suffix{digits}}{~hash}{-rN}` (apk-package(5), apk-tools 3).

Where one version ends and the other goes on, the longer one is greater, unless it goes on with a pre-release
suffix. Between different kinds of parts the earlier kind in the grammar is greater.
"""

from __future__ import annotations

import re

from anchore_gate.regex import regex
from anchore_gate.typed import Any
from anchore_gate.versions.version import LONGEST, InvalidVersion, Version

# Ranks of what may stand next at one place, lowest first.
_PRE, _BROKEN, _END, _REVISION, _HASH, _SUFFIX_NUMBER, _POST, _LETTER, _ZERO_LED, _DIGITS = range(10)
_SUFFIXES = {
    word: (_PRE if place < 4 else _POST, place)
    for place, word in enumerate(("alpha", "beta", "pre", "rc", "cvs", "svn", "git", "hg", "p"))
}
_SHAPE = regex(
    r"([0-9]+)((?:\.[0-9]+)*)([a-z]?)"
    r"((?:_(?:alpha|beta|pre|rc|cvs|svn|git|hg|p)(?![a-z])[0-9]*)*)(?:~([0-9a-f]+))?(?:-r([0-9]+))?"
)
_SUFFIX = regex(r"_([a-z]+)([0-9]*)")
_LETTER_NUMBER = regex(r"([0-9]+(?:\.[0-9]+)*[a-z])([0-9]+)(?![0-9a-z.])")


class ApkVersion(Version):
    """A version of an Alpine package."""

    __slots__ = ()


def parse(text: str) -> ApkVersion:
    """The version that apk itself calls valid. Raises `InvalidVersion`."""
    found = _SHAPE.fullmatch(text) if len(text) <= LONGEST else None
    if found is None:
        raise InvalidVersion("apk", text)
    return ApkVersion(text, (*_key(found), _END))


def parse_published(text: str) -> ApkVersion:
    """
    As `parse`, but a letter may carry a number, as in `3.3.3p1-r3`. Raises `InvalidVersion`.

    apk-tools 2 took it, and releases before Alpine 3.23 have such packages; apk-tools 3 calls them all equal.
    """
    found = _LETTER_NUMBER.match(text) if len(text) <= LONGEST else None
    if found is None:
        return parse(text)
    before, after = parse(found[1]), parse(f"0{text[found.end() :]}")
    return ApkVersion(text, (*before.key[:-1], _DIGITS, int(found[2]), *after.key[1:]))


def satisfies(version: str, operator: str, other: str) -> bool:
    """
    What `apk version -t` and a dependency such as `so~3.6` say; `!` in front turns it around.

    As in apk, an invalid version is compared as far as it is valid. Raises `ValueError` for an operator that
    compares no versions (`><` compares checksums).
    """
    wanted = operator.lstrip("!")
    if not wanted or set(wanted) - set("<>=~") or wanted == "><":
        raise ValueError(f"not a version operator: {operator!r}")
    ours, theirs = _loose_key(version), _loose_key(other)
    if "~" in wanted and _is_prefix(theirs, ours):
        holds = True
    else:
        holds = ("<" if ours < theirs else ">" if ours > theirs else "=") in wanted.replace("~", "=")
    return holds != operator.startswith("!")


def _key(found: re.Match[str]) -> list[Any]:
    first, dotted, letter, suffixes, commit, revision = found.groups()
    key: list[Any] = [int(first)]
    if dotted:
        for digits in dotted[1:].split("."):
            # apk sorts parts as text as soon as one of the two starts with a zero
            if digits[0] == "0":
                key += (_ZERO_LED, digits)
            else:
                key += (_DIGITS, int(digits))
    if letter:
        key += (_LETTER, letter)
    if suffixes:
        for word, number in _SUFFIX.findall(suffixes):
            key += _SUFFIXES[word]
            if number:
                key += (_SUFFIX_NUMBER, int(number))
    if commit:
        key += (_HASH, commit)
    if revision:
        key += (_REVISION, int(revision))
    return key


def _loose_key(text: str) -> tuple[Any, ...]:
    found = _SHAPE.match(text[:LONGEST])
    if found is None:
        return (-1, _BROKEN)
    return (*_key(found), _END if found.end() == len(text) else _BROKEN)


def _is_prefix(short: tuple[Any, ...], long: tuple[Any, ...]) -> bool:
    parts: tuple[Any, ...] = short[:-1]
    if short[-1] != _END or long[: len(parts)] == parts:
        return bool(short[-1] == _END)
    # a commit hash may be shortened
    return bool(
        len(long) > len(parts) > 2
        and parts[-2] == _HASH == long[len(parts) - 2]
        and long[: len(parts) - 1] == parts[:-1]
        and str(long[len(parts) - 1]).startswith(str(parts[-1]))
    )
