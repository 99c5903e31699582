"""Gate `ruby_gems`: Ruby gem packages. Anchore's package feed is gone: what needs it can only say so."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Final

from anchore_gate.image.needs import Needs
from anchore_gate.model.evaluation import Finding
from anchore_gate.policy.parameter import TEXT, parameter
from anchore_gate.policy.settings import AnalyzerSettings
from anchore_gate.policy.trigger import Evidence, Gate, Trigger


@dataclass(frozen=True, slots=True, kw_only=True)
class _WithoutFeed(Trigger):
    GATE: ClassVar[str] = "ruby_gems"

    def fire(self, evidence: Evidence) -> Iterator[Finding]:
        """Find nothing, as Anchore does without the feed: see `feed_data_unavailable`."""
        del evidence
        yield from ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NewerVersion(_WithoutFeed):
    """Silent without Anchore's package feed: packages that are not the latest version."""

    NAME: ClassVar[str] = "newer_version_found_in_feed"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownPackage(_WithoutFeed):
    """Silent without Anchore's package feed: packages that the feed does not know."""

    NAME: ClassVar[str] = "not_found_in_feed"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownVersion(_WithoutFeed):
    """Silent without Anchore's package feed: versions that the feed does not know."""

    NAME: ClassVar[str] = "version_not_found_in_feed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Denylist(Trigger):
    """Fires once when a package of the name, and version where given, is installed."""

    GATE: ClassVar[str] = "ruby_gems"
    NAME: ClassVar[str] = "denylist"

    name: str = parameter(TEXT, description="The package", example="time_diff")
    version: str | None = parameter(TEXT, description="Its version", example="0.2.9", default=None)

    def needs(self, settings: AnalyzerSettings) -> Needs:
        """See `Trigger.needs`."""
        del settings
        return Needs(packages=True)

    def fire(self, evidence: Evidence) -> Iterator[Finding]:
        """See `Trigger.fire`."""
        suffix = f"-{self.version}" if self.version else ""
        for package in evidence.packages_named(self.name):
            if package.type == "gem" and self.version in {None, "", package.version}:
                yield self.found(
                    f"Gem Package is denylisted: {self.name}{suffix}",
                    package=package,
                    path=next(iter(package.locations), ""),
                    layer=package.layer,
                )
                return


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedDataUnavailable(Trigger):
    """Fires always: Anchore's package feed is gone."""

    GATE: ClassVar[str] = "ruby_gems"
    NAME: ClassVar[str] = "feed_data_unavailable"

    def fire(self, evidence: Evidence) -> Iterator[Finding]:
        """See `Trigger.fire`."""
        del evidence
        yield self.found(
            "Gem packages are present but the anchore gem feed is not available "
            "- will be unable to perform checks that require feed data"
        )


GATE: Final = Gate(
    "ruby_gems",
    "Ruby gem packages.",
    (NewerVersion, UnknownPackage, UnknownVersion, Denylist, FeedDataUnavailable),
)
