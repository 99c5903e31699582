"""The shape of a trigger, of the gate that groups triggers, and of the evidence they see."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from anchore_gate.image.filesystem import Filesystem
from anchore_gate.model.image import Dockerfile, Image
from anchore_gate.model.inventory import Inventory
from anchore_gate.model.vulnerability import DatabaseIdentity, Incomparable, Match


@dataclass(frozen=True, slots=True, kw_only=True)
class MalwareFinding:
    """A file that a scanner knows."""

    scanner: str
    path: str
    signature: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All that a trigger may look at."""

    image: Image
    files: Filesystem | None  # None: only a package manifest is at hand (an SBOM)
    inventory: Inventory
    dockerfile: Dockerfile
    now: datetime
    matches: tuple[Match, ...] = ()
    incomparable: tuple[Incomparable, ...] = ()
    database: DatabaseIdentity | None = None
    distro_has_data: bool | None = None  # whether the database has rows for the distro; None: not asked
    malware: tuple[MalwareFinding, ...] | None = None  # None: no scan was run
    base: Image | None = None  # the base image, where it is known
