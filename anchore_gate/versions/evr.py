"""What rpm and pacman share: `[epoch:]version[-release]`, of which a bound may leave parts out."""

from __future__ import annotations

from anchore_gate.regex import regex
from anchore_gate.versions.version import LONGEST, InvalidVersion, Version

_EPOCH = regex(r"([0-9]*):")


def split(text: str, order: str) -> tuple[int, str, str | None]:
    """Epoch, version, and release if there is one. Raises `InvalidVersion` for an empty or oversized text."""
    if not text or len(text) > LONGEST:
        raise InvalidVersion(order, text)
    found = _EPOCH.match(text)
    epoch, rest = (int(found[1] or 0), text[found.end() :]) if found else (0, text)
    version, dash, release = rest.rpartition("-")
    return (epoch, version, release) if dash else (epoch, release, None)


def overlap(ours: Version, theirs: Version, *, ignore_epoch: bool) -> int:
    """-1, 0 or 1; a release counts only where both keys have one."""
    start, end = int(ignore_epoch), 3 if ours.key[2] and theirs.key[2] else 2
    a, b = ours.key[start:end], theirs.key[start:end]
    return (a > b) - (a < b)
