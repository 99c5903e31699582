"""
Debian's order: `[epoch:]upstream[-revision]` (deb-version(7), Debian Policy 5.6.12).

Text is read as alternating runs of non-digits and digits. In a run of non-digits `~` sorts before the end
of the run, the end before letters, letters before everything else. What dpkg only warns of (a version that
does not start with a digit, an odd character) is compared as dpkg does; what dpkg refuses is refused.
"""

from __future__ import annotations

from functools import lru_cache

from anchore_gate.regex import regex
from anchore_gate.typed import Any
from anchore_gate.versions.version import LONGEST, InvalidVersion, Version

_RUNS = regex(r"([^0-9]*)([0-9]*)")
_EPOCH = regex(r"\+?[0-9]+")  # dpkg reads it by strtol
_LARGEST_EPOCH = 2**31 - 1  # INT_MAX, as in dpkg
_NO_REVISION = ("\x02", 0, "\x02")


class DebVersion(Version):
    """A version of a Debian or Ubuntu package."""

    __slots__ = ()


def parse(text: str) -> DebVersion:
    """The version dpkg would compare. Raises `InvalidVersion` for what dpkg refuses."""
    stripped = text.strip(" \t\n\v\f\r")
    head, colon, rest = stripped.partition(":")
    upstream, dash, revision = (rest if colon else stripped).rpartition("-")
    if not dash:
        upstream, revision = revision, ""
    epoch = _epoch(head, text) if colon else 0
    if not upstream or (dash and not revision) or len(text) > LONGEST or len(stripped.split(None, 1)) > 1:
        raise InvalidVersion("deb", text)
    return DebVersion(text, (epoch, _runs(upstream), _runs(revision) if dash else _NO_REVISION))


def _epoch(text: str, version: str) -> int:
    number = int(text) if len(text) < 12 and _EPOCH.fullmatch(text) else _LARGEST_EPOCH + 1
    if number > _LARGEST_EPOCH:
        raise InvalidVersion("deb", version, "bad epoch")
    return number


def _runs(text: str) -> tuple[Any, ...]:
    key: list[Any] = []
    for letters, digits in _RUNS.findall(text):
        key += (_ordered(letters), int(digits or 0))
    # findall ends with one empty match, which is the end of the text: (end mark, 0); the 0 says nothing
    del key[-1]
    return tuple(key) if len(key) > 1 else _NO_REVISION


@lru_cache(maxsize=4096)
def _ordered(letters: str) -> str:
    return "".join(_place(c) for c in letters) + "\x02"


def _place(character: str) -> str:
    if character == "~":
        return "\x01"
    if character.isascii() and character.isalpha():
        return character
    return chr(min(ord(character) + 256, 0x10FFFF))
