"""
Pacman's order: `[epoch:]version[-release]`, as vercmp(8) has it.

Runs of digits and of letters are compared one by one. Letters right behind a number are a pre-release
(`1.0rc` before `1.0`), after a separator they are more (`1.0.a` after `1.0`); more separators are more.
"""

from __future__ import annotations

from anchore_gate.regex import regex
from anchore_gate.typed import Any
from anchore_gate.versions.evr import overlap, split
from anchore_gate.versions.version import Version

_LETTERS, _END, _DIGITS = range(3)
_PART = regex(r"([^0-9A-Za-z]*)(?:([0-9]+)|([A-Za-z]+))")


class PacmanVersion(Version):
    """A version of an Arch package."""

    __slots__ = ()

    def against(self, bound: PacmanVersion) -> int:
        """-1, 0 or 1, beside the bound of an advisory: what it leaves out does not count."""
        return overlap(self, bound, ignore_epoch=":" not in bound.text)


def parse(text: str) -> PacmanVersion:
    """The version as vercmp reads it. Raises `InvalidVersion` for an empty or oversized text."""
    epoch, version, release = split(text, "pacman")
    return PacmanVersion(text, (epoch, _parts(version), () if release is None else _parts(release)))


def _parts(text: str) -> tuple[Any, ...]:
    key: list[Any] = []
    for separators, digits, letters in _PART.findall(text):
        kind, value = (_DIGITS, int(digits)) if digits else (_LETTERS, letters)
        key.append((len(separators), kind, value))
    key.append((0, _END))
    return tuple(key)
