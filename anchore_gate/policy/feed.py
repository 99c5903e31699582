"""Questions to Anchore's feed of npm and gem packages. It is gone: what needs it can only say so."""

from __future__ import annotations

from collections.abc import Iterator

from anchore_gate.model.evaluation import Finding
from anchore_gate.policy.parameter import TEXT, parameter
from anchore_gate.policy.settings import AnalyzerSettings
from anchore_gate.policy.trigger import Evidence, PackagesTrigger, Trigger
from anchore_gate.typed import ClassVar
from anchore_gate.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class _Silent(Trigger):
    def unseen(self, settings: AnalyzerSettings) -> str:
        """See `Trigger.unseen`."""
        del settings
        return f"Anchore's package feed is gone ({self.GATE}/feed_data_unavailable fires instead)"

    def fire(self, evidence: Evidence) -> Iterator[Finding]:
        """Find nothing, as Anchore does without the feed: see `DataUnavailable`."""
        del evidence
        yield from ()


class NewerVersion(_Silent):
    """Silent without Anchore's package feed: packages that are not the latest version."""


class UnknownPackage(_Silent):
    """Silent without Anchore's package feed: packages that the feed does not know."""


class UnknownVersion(_Silent):
    """Silent without Anchore's package feed: versions that the feed does not know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Denylist(PackagesTrigger):
    """Fires once when a package of the name, and version where given, is installed."""

    TYPE: ClassVar[str] = ""  # of the packages
    WORD: ClassVar[str] = ""  # for them, in messages

    name: str = parameter(TEXT, description="The package", example="time_diff")
    version: str | None = parameter(TEXT, description="Its version", example="0.2.9", default=None)

    def fire(self, evidence: Evidence) -> Iterator[Finding]:
        """See `Trigger.fire`."""
        if self.version == "":
            return  # a version that no package has: so Engine takes it here, and not in the gate `packages`
        suffix = f"-{self.version}" if self.version else ""
        for package in evidence.packages_named(self.name):
            if package.type == self.TYPE and self.version in {None, package.version}:
                yield self.found_package(f"{self.WORD} Package is denylisted: {self.name}{suffix}", package)
                return


@dataclass(frozen=True, slots=True, kw_only=True)
class DataUnavailable(Trigger):
    """Fires always: Anchore's package feed is gone."""

    NAME: ClassVar[str] = "feed_data_unavailable"
    PACKAGES: ClassVar[str] = ""  # as messages call them, and the feed
    FEED: ClassVar[str] = ""

    def fire(self, evidence: Evidence) -> Iterator[Finding]:
        """See `Trigger.fire`."""
        del evidence
        yield self.found(
            f"{self.PACKAGES} packages are present but the anchore {self.FEED} feed is not available "
            "- will be unable to perform checks that require feed data"
        )
