"""Which platform an image is for, and whether it is the one that is asked for."""

from __future__ import annotations

import os

from anchore_gate.errors import PlatformNotFound
from anchore_gate.model.image import Platform

_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm", "i686": "386"}
_IMPLIED_VARIANTS = {"arm64": "v8", "arm": "v7"}


def host_platform() -> Platform:
    """What is taken where nothing is asked for: Linux on this machine's architecture."""
    machine = os.uname().machine
    return Platform("linux", _ARCHITECTURES.get(machine, machine))


def fits(found: Platform, wanted: Platform) -> bool:
    """Whether an image for `found` runs on `wanted`; a variant that is not named is the usual one."""
    if (found.os, found.architecture) != (wanted.os, wanted.architecture):
        return False
    usual = _IMPLIED_VARIANTS.get(found.architecture, "")
    return not wanted.variant or (found.variant or usual) == wanted.variant


def require(found: Platform, wanted: Platform | None, *, what: str) -> None:
    """Check the one image there is against the platform that was asked for. Raises `PlatformNotFound`."""
    if wanted is not None and not fits(found, wanted):
        raise PlatformNotFound(f"{what}: no image for {wanted}; there is: {found}")
