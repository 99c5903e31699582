"""Gate `tag_drift`: what changed since the image that had this tag before (Enterprise)."""

from __future__ import annotations

from collections.abc import Iterator

from anchore_gate.model.evaluation import Finding
from anchore_gate.model.inventory import Inventory, Package
from anchore_gate.policy.parameter import TEXT, parameter
from anchore_gate.policy.trigger import Evidence, Gate, NotKnownHere, PackagesTrigger
from anchore_gate.policy.wording import is_of_type
from anchore_gate.typed import ClassVar, Final
from anchore_gate.values import dataclass

_Versions = dict[tuple[str, str], dict[str, Package]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Drift(PackagesTrigger):
    GATE: ClassVar[str] = "tag_drift"

    package_type: str = parameter(
        TEXT, description="Only packages of this type: all, os, non-os, deb, npm, ...", default="all"
    )

    def _versions(self, evidence: Evidence) -> tuple[_Versions, _Versions]:
        if evidence.previous is None:
            raise NotKnownHere("the image that had this tag before is not known")
        return self._index(evidence.previous), self._index(evidence.inventory)

    def _index(self, inventory: Inventory) -> _Versions:
        found: _Versions = {}
        for package in sorted(inventory.packages):
            if self._is_meant(package):
                found.setdefault((package.type, package.name), {})[package.version] = package
        return found

    def _is_meant(self, package: Package) -> bool:
        wanted = self.package_type.strip().lower()
        if wanted in {"os", "non-os"}:
            return package.is_os is (wanted == "os")
        return wanted in {"", "all"} or is_of_type(package, wanted)


@dataclass(frozen=True, slots=True, kw_only=True)
class PackagesAdded(_Drift):
    """Fires for each package that the tag's image did not have before."""

    NAME: ClassVar[str] = "packages_added"

    def fire(self, evidence: Evidence) -> Iterator[Finding]:
        """See `Trigger.fire`."""
        before, now = self._versions(evidence)
        for key in sorted(now.keys() - before.keys()):
            for package in now[key].values():
                yield self.found(_told("added", package.name, package.version, package.type), package=package)


@dataclass(frozen=True, slots=True, kw_only=True)
class PackagesRemoved(_Drift):
    """Fires for each package that the tag's image had before and has no more."""

    NAME: ClassVar[str] = "packages_removed"

    def fire(self, evidence: Evidence) -> Iterator[Finding]:
        """See `Trigger.fire`."""
        before, now = self._versions(evidence)
        for key in sorted(before.keys() - now.keys()):
            for package in before[key].values():
                yield self.found(_told("removed", package.name, package.version, package.type))


@dataclass(frozen=True, slots=True, kw_only=True)
class PackagesModified(_Drift):
    """Fires for each package whose versions are others than before."""

    NAME: ClassVar[str] = "packages_modified"

    def fire(self, evidence: Evidence) -> Iterator[Finding]:
        """See `Trigger.fire`."""
        before, now = self._versions(evidence)
        for key in sorted(before.keys() & now.keys()):
            if before[key].keys() != now[key].keys():
                versions = f"{', '.join(before[key])} to {', '.join(now[key])}"
                package = next(iter(now[key].values()))
                yield self.found(_told("modified", package.name, versions, package.type), package=package)


def _told(what: str, name: str, version: str, kind: str) -> str:
    return f"Package {what} since the previous image of the tag: {name} {version} ({kind})"


GATE: Final = Gate(
    "tag_drift",
    "What changed since the image that had this tag before (Enterprise).",
    (PackagesAdded, PackagesRemoved, PackagesModified),
)
