"""Gate `licenses`: under which terms packages are installed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Final

from anchore_gate.image.needs import Needs
from anchore_gate.model.evaluation import Finding
from anchore_gate.policy.parameter import WORDS, choice, parameter
from anchore_gate.policy.settings import AnalyzerSettings
from anchore_gate.policy.trigger import Evidence, Gate, Trigger

_UNKNOWN = "N/A"  # Engine's word for a package that names no licence: policies deny it
_TYPE = "Only packages of the distribution, or only the others"


def _tokens(evidence: Evidence, package_type: str) -> list[tuple[str, str]]:
    """Package and licence word, sorted: the id of the finding rests on the order."""
    return sorted(
        (package.name, token)
        for package in evidence.inventory.packages
        if package_type == "all" or package.is_os is (package_type == "os")
        for licence in package.licenses or (_UNKNOWN,)
        for token in licence.split()
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class DenylistExactMatch(Trigger):
    """Fires once, naming every package with one of the licences."""

    GATE: ClassVar[str] = "licenses"
    NAME: ClassVar[str] = "denylist_exact_match"

    licenses: tuple[str, ...] = parameter(WORDS, description="Whole licence names", example="GPLv2+,GPL-3+")
    package_type: str = parameter(choice("all", "os", "non-os"), description=_TYPE, default="all")

    def needs(self, settings: AnalyzerSettings) -> Needs:
        """See `Trigger.needs`."""
        del settings
        return Needs(packages=True)

    def fire(self, evidence: Evidence) -> Iterator[Finding]:
        """See `Trigger.fire`."""
        tokens = _tokens(evidence, self.package_type)
        hits = [f"{name}({token})" for name, token in tokens if token in self.licenses]
        if hits:
            yield self.found(
                f"LICFULLMATCH Packages are installed that have denylisted licenses: {', '.join(hits)}"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class DenylistPartialMatch(Trigger):
    """Fires once, naming every package with a licence that holds one of the texts."""

    GATE: ClassVar[str] = "licenses"
    NAME: ClassVar[str] = "denylist_partial_match"

    licenses: tuple[str, ...] = parameter(WORDS, description="Parts of licence names", example="LGPL,BSD")
    package_type: str = parameter(choice("all", "os", "non-os"), description=_TYPE, default="all")

    def needs(self, settings: AnalyzerSettings) -> Needs:
        """See `Trigger.needs`."""
        del settings
        return Needs(packages=True)

    def fire(self, evidence: Evidence) -> Iterator[Finding]:
        """See `Trigger.fire`."""
        tokens = _tokens(evidence, self.package_type)
        hits = [f"{name}({token})" for name, token in tokens for part in self.licenses if part in token]
        if hits:
            yield self.found(
                f"LICSUBMATCH Packages are installed that have denylisted licenses: {', '.join(hits)}"
            )


GATE: Final = Gate("licenses", "Licences of packages.", (DenylistExactMatch, DenylistPartialMatch))
