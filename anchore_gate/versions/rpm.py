"""
RPM's order: `[epoch:]version[-release]`, parts compared by rpmvercmp (rpm-version(7)).

A text is a row of runs of digits and runs of ASCII letters; everything else only separates. `~` sorts before
the end of the text, `^` just after it. A missing epoch is 0, a missing release sorts before every release. In
a dependency a release counts only where both sides have one (rpm's `rpmverOverlap`): `Version.key` holds the
full order, `RpmVersion.against` answers as a dependency would.
"""

from __future__ import annotations

from anchore_gate.regex import regex
from anchore_gate.typed import Any
from anchore_gate.versions.version import LONGEST, InvalidVersion, Version

# Ranks of what may stand next at one place, lowest first.
_TILDE, _END, _CARET, _LETTERS, _DIGITS = range(5)
_PARTS = regex(r"[0-9]+|[A-Za-z]+|[~^]")
_EPOCH = regex(r"([0-9]*):")


class RpmVersion(Version):
    """A version of an RPM package."""

    __slots__ = ()

    def against(self, other: RpmVersion, *, ignore_epoch: bool = False) -> int:
        """-1, 0 or 1, as a dependency compares: a release counts only where both sides have one."""
        ours, theirs = self.key, other.key
        parts = 3 if ours[2] and theirs[2] else 2
        a, b = ours[int(ignore_epoch) : parts], theirs[int(ignore_epoch) : parts]
        return (a > b) - (a < b)

    @property
    def has_release(self) -> bool:
        """Whether the text has a release."""
        return bool(self.key[2])


def parse(text: str) -> RpmVersion:
    """The version as rpm reads it. Raises `InvalidVersion` for an empty or oversized text."""
    if not text or len(text) > LONGEST:
        raise InvalidVersion("rpm", text)
    found = _EPOCH.match(text)
    epoch, rest = (int(found[1] or 0), text[found.end() :]) if found else (0, text)
    version, dash, release = rest.rpartition("-")
    if not dash:
        return RpmVersion(text, (epoch, _parts(rest), ()))
    return RpmVersion(text, (epoch, _parts(version), _parts(release)))


def _parts(text: str) -> tuple[Any, ...]:
    key: list[Any] = []
    for part in _PARTS.findall(text):
        if part[0] in "0123456789":
            key += (_DIGITS, int(part))
        elif part == "~":
            key.append(_TILDE)
        elif part == "^":
            key.append(_CARET)
        else:
            key += (_LETTERS, part)
    key.append(_END)
    return tuple(key)
