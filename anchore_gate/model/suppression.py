"""Why something that was found does not count, in one shape for every cause."""

from __future__ import annotations

from datetime import datetime

from anchore_gate.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppression:
    """What set a finding or a match aside. Shown in every report, never hidden."""

    kind: str  # allowlist, baseline, base_image, only_fixed, vex, owned, not_meant
    id: str = ""  # of the allowlist, the VEX document, the baseline
    name: str = ""
    item_id: str = ""  # of the allowlist item
    reason: str = ""  # the owner's words, the VEX justification
    owner: str = ""
    expires_on: datetime | None = None
