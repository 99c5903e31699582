"""Gate `always`: says yes, whatever the image."""

from __future__ import annotations

from collections.abc import Iterator

from anchore_gate.model.evaluation import Finding
from anchore_gate.policy.trigger import Evidence, Gate, Trigger
from anchore_gate.typed import ClassVar, Final
from anchore_gate.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Always(Trigger):
    """Fires always: to block everything a mapping picks, or to try out mappings and allowlists."""

    GATE: ClassVar[str] = "always"
    NAME: ClassVar[str] = "always"

    def fire(self, evidence: Evidence) -> Iterator[Finding]:
        """See `Trigger.fire`."""
        del evidence
        yield self.found("Unconditional trigger match", trigger_id="always")


GATE: Final = Gate("always", "Fires whatever the image is.", (Always,))
