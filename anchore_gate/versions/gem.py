"""
RubyGems' order (Gem::Version): numbers and words, a missing part is 0, a word sorts before every number.

Zeros at the end of the numbers and of what follows say nothing. `-` reads as `.pre.`.
`1beta`, which RubyGems refuses and advisories write, reads as `1.beta`.
"""

from __future__ import annotations

import re

from anchore_gate.regex import regex
from anchore_gate.typed import Any
from anchore_gate.versions.version import LONGEST, InvalidVersion, Version

_SHAPE = regex(
    r"\s*(?:[0-9]+[a-zA-Z]*(?:\.[0-9a-zA-Z]+)*(?:-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?)?\s*", re.ASCII
)
_NUMBERS = regex(r"[0-9]+(?:\.[0-9]+)*")
_PARTS = regex(r"[0-9]+|[a-zA-Z]+")
# What may stand at one place, lowest first. A run of zeros is one place: whether it is less or more than
# the end of the version is decided by what comes after it.
_WORD, _ZEROS_THEN_WORD, _END, _ZEROS_THEN_NUMBER, _NUMBER = range(5)


class GemVersion(Version):
    """A version of a Ruby gem."""

    __slots__ = ()


def parse(text: str) -> GemVersion:
    """The version as `Gem::Version.new` reads it; an empty text is `0`. Raises `InvalidVersion`."""
    if len(text) > LONGEST:
        raise InvalidVersion("gem", text)
    stripped = text.strip()
    if _NUMBERS.fullmatch(stripped):
        return GemVersion(text, _numbers_key(stripped))
    if _SHAPE.fullmatch(text) is None:
        raise InvalidVersion("gem", text)
    return GemVersion(text, _key(stripped.replace("-", ".pre.")))


def _numbers_key(text: str) -> tuple[Any, ...]:
    numbers = [int(part) for part in text.split(".")]
    while numbers and not numbers[-1]:
        numbers.pop()
    if 0 in numbers:
        return _flat(numbers)
    key: list[Any] = []
    for number in numbers:
        key += (_NUMBER, number)
    key.append(_END)
    return tuple(key)


def _key(text: str) -> tuple[Any, ...]:
    parts: list[int | str] = [int(p) if p[0] in "0123456789" else p for p in _PARTS.findall(text)]
    first_word = next((i for i, part in enumerate(parts) if isinstance(part, str)), len(parts))
    return _flat([*_without_zeros(parts[:first_word]), *_without_zeros(parts[first_word:])])


def _without_zeros(parts: list[int | str]) -> list[int | str]:
    end = len(parts)
    while end and parts[end - 1] == 0:
        end -= 1
    return parts[:end]


def _flat(parts: list[int] | list[int | str]) -> tuple[Any, ...]:
    key: list[Any] = []
    zeros = 0
    for part in parts:
        is_word = isinstance(part, str)
        if part == 0:
            zeros += 1
            continue
        if zeros:
            # fewer zeros before a word: less; fewer before a number: more
            key += (_ZEROS_THEN_WORD, zeros) if is_word else (_ZEROS_THEN_NUMBER, -zeros)
            zeros = 0
        key += (_WORD if is_word else _NUMBER, part)
    key.append(_END)
    return tuple(key)
