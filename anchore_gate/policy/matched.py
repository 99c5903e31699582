"""Rules on vulnerabilities: what they share, whatever they ask of a match."""

from __future__ import annotations

from anchore_gate.image.needs import Needs
from anchore_gate.model.evaluation import Finding
from anchore_gate.model.vulnerability import Match
from anchore_gate.policy.parameter import COMPARISONS, choice, parameter
from anchore_gate.policy.settings import AnalyzerSettings
from anchore_gate.policy.trigger import Trigger
from anchore_gate.policy.wording import finding_id
from anchore_gate.typed import Any, ClassVar, Final
from anchore_gate.values import dataclass, replace

TYPE: Final = "Only packages of the distribution, only the others, or all"
VENDOR: Final = "Leave out what the vendor will not fix"


def comparison() -> Any:
    """Declare how a score compares."""
    what = "How the found score compares with the one given"
    return parameter(choice(*COMPARISONS), description=what, default=">=")


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchTrigger(Trigger):
    """Fires on matches."""

    GATE: ClassVar[str] = "vulnerabilities"

    def needs(self, settings: AnalyzerSettings) -> Needs:
        """See `Trigger.needs`."""
        del settings
        return Needs(packages=True, vulnerabilities=True)

    def finding(self, match: Match, text: str) -> Finding:
        """What is found of a match: its id is the vulnerability's and the package's."""
        package = match.package
        fixed = f"upgrade {package.name} to {match.fix.versions[0]}" if match.fix.versions else ""
        found = self.found(
            text,
            trigger_id=finding_id(match),
            path=next(iter(package.locations), ""),
            layer=package.layer,
            package=package,
            match=match,
            fix=fixed,
        )
        return replace(found, suppressed=match.suppressed)
