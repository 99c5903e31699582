"""Python's order (PEP 440): the one door of `packaging`."""

from __future__ import annotations

from anchore_gate.typed import TYPE_CHECKING
from anchore_gate.versions.version import LONGEST, InvalidVersion

if TYPE_CHECKING:
    from packaging.version import Version


def parse(text: str) -> Version:
    """The version as `packaging` reads it. Raises `InvalidVersion`."""
    from packaging.version import InvalidVersion as Refused
    from packaging.version import Version

    if len(text) > LONGEST:
        raise InvalidVersion("python", text)
    try:
        return Version(text)
    except Refused as problem:
        raise InvalidVersion("python", text) from problem


def without_local(version: Version) -> Version:
    """The version without its local part (`1.0+cgr.1` is `1.0`)."""
    from packaging.version import Version

    return version if version.local is None else Version(version.public)
