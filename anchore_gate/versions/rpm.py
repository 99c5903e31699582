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
from anchore_gate.versions.evr import overlap, split
from anchore_gate.versions.version import Version

# Ranks of what may stand next at one place, lowest first.
_TILDE, _END, _CARET, _LETTERS, _DIGITS = range(5)
_PARTS = regex(r"[0-9]+|[A-Za-z]+|[~^]")


class RpmVersion(Version):
    """A version of an RPM package."""

    __slots__ = ()

    def against(self, other: RpmVersion, *, ignore_epoch: bool = False) -> int:
        """-1, 0 or 1, as a dependency compares: a release counts only where both sides have one."""
        return overlap(self, other, ignore_epoch=ignore_epoch)

    @property
    def has_release(self) -> bool:
        """Whether the text has a release."""
        return bool(self.key[2])


def parse(text: str) -> RpmVersion:
    """The version as rpm reads it. Raises `InvalidVersion` for an empty or oversized text."""
    epoch, version, release = split(text, "rpm")
    return RpmVersion(text, (epoch, _parts(version), () if release is None else _parts(release)))


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
