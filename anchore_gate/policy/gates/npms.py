"""Gate `npms`: npm packages."""

from __future__ import annotations

from anchore_gate.policy import feed
from anchore_gate.policy.trigger import Gate
from anchore_gate.typed import Final


class _NewerVersion(feed.NewerVersion):
    GATE, NAME = "npms", "newer_version_in_feed"


class _UnknownPackage(feed.UnknownPackage):
    GATE, NAME = "npms", "unknown_in_feeds"


class _UnknownVersion(feed.UnknownVersion):
    GATE, NAME = "npms", "version_not_in_feeds"


class _Denylist(feed.Denylist):
    GATE, NAME = "npms", "denylisted_name_version"
    TYPE, WORD = "npm", "NPM"


class _DataUnavailable(feed.DataUnavailable):
    GATE, PACKAGES, FEED = "npms", "NPM", "npm"


GATE: Final = Gate(
    "npms",
    "npm packages.",
    (_NewerVersion, _UnknownPackage, _UnknownVersion, _Denylist, _DataUnavailable),
)
