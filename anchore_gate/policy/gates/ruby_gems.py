"""Gate `ruby_gems`: Ruby gem packages."""

from __future__ import annotations

from anchore_gate.policy import feed
from anchore_gate.policy.trigger import Gate
from anchore_gate.typed import Final


class _NewerVersion(feed.NewerVersion):
    GATE, NAME = "ruby_gems", "newer_version_found_in_feed"


class _UnknownPackage(feed.UnknownPackage):
    GATE, NAME = "ruby_gems", "not_found_in_feed"


class _UnknownVersion(feed.UnknownVersion):
    GATE, NAME = "ruby_gems", "version_not_found_in_feed"


class _Denylist(feed.Denylist):
    GATE, NAME = "ruby_gems", "denylist"
    TYPE, WORD = "gem", "Gem"


class _DataUnavailable(feed.DataUnavailable):
    GATE, PACKAGES, FEED = "ruby_gems", "Gem", "gem"


GATE: Final = Gate(
    "ruby_gems",
    "Ruby gem packages.",
    (_NewerVersion, _UnknownPackage, _UnknownVersion, _Denylist, _DataUnavailable),
)
