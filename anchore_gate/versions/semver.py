"""
npm's order: semantic versions as node-semver reads them with `loose`, build metadata ignored.

Advisories also write `1.2`, `1.2.3.4`, `1.20rc1` and `1.0.0.rc1`, which node-semver refuses: a missing part
is 0, later parts count, numbers may be of any size, `.alpha`, `.beta` and `.rc` start a pre-release.
"""

from __future__ import annotations

from anchore_gate.regex import regex
from anchore_gate.typed import Any
from anchore_gate.versions.version import InvalidVersion, Version

_LONGEST = 256  # node-semver's MAX_LENGTH
_IDENTIFIER = r"(?:[0-9]*[a-zA-Z-][a-zA-Z0-9-]*|[0-9]+)"
_PRERELEASE = rf"(?:-?({_IDENTIFIER}(?:\.{_IDENTIFIER})*))?"
_BUILD = r"(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?"
_NODE = regex(rf"[v=\s]*([0-9]+)\.([0-9]+)\.([0-9]+){_PRERELEASE}{_BUILD}\s*")
# Go also writes `+incompatible+dirty`
_WIDER = regex(rf"[vV=\s]*([0-9]+(?:\.[0-9]+)*){_PRERELEASE}(?:\+[0-9A-Za-z.+-]+)?\s*")
_FOUR_NUMBERS = regex(r"[vV]?[0-9]+\.[0-9]+\.[0-9]+\.[0-9]")
_STAGE = regex(r"\.(?=(?:alpha|beta|rc))")
_BEFORE_RELEASE, _RELEASE = 0, 1
_NUMBER, _WORD = 0, 1


class SemverVersion(Version):
    """A semantic version."""

    __slots__ = ()


def parse(text: str) -> SemverVersion:
    """The version as node-semver reads it, or as advisories write it. Raises `InvalidVersion`."""
    if len(text) > _LONGEST:
        raise InvalidVersion("npm", text, "too long")
    found = _NODE.fullmatch(text)
    if found is None:
        return _parse_wider(text)
    major, minor, patch, prerelease = found.groups()
    if prerelease is None:
        return SemverVersion(text, (int(major), int(minor), int(patch), (), _RELEASE))
    return SemverVersion(text, (int(major), int(minor), int(patch), (), *_prerelease_key(prerelease)))


def parse_published(text: str) -> SemverVersion:
    """
    The version as advisories and packages of other ecosystems mean it. Raises `InvalidVersion`.

    node-semver reads `1.2.10.4` as 1.2.1-0.4; of NuGet, Composer and Go it comes after 1.2.10.
    """
    if len(text) <= _LONGEST and _FOUR_NUMBERS.match(text):
        return _parse_wider(text)
    return parse(text)


def _parse_wider(text: str) -> SemverVersion:
    found = _WIDER.fullmatch(text) or _WIDER.fullmatch(_STAGE.sub("-", text))
    if found is None:
        raise InvalidVersion("npm", text)
    numbers = [int(part) for part in found[1].split(".")]
    more = numbers[3:]
    while more and not more[-1]:
        more.pop()
    head = (*numbers, 0, 0)[:3]
    return SemverVersion(text, (*head, tuple(more), *_prerelease_key(found[2])))


def _prerelease_key(text: str | None) -> tuple[Any, ...]:
    if not text:
        return (_RELEASE,)
    key: list[Any] = [_BEFORE_RELEASE]
    for identifier in text.split("."):
        if identifier.isdigit():
            key += (_NUMBER, int(identifier))
        else:
            key += (_WORD, identifier)
    return tuple(key)
