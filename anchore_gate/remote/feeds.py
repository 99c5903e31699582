"""The vulnerability data that a service keeps."""

from __future__ import annotations

from collections.abc import Iterable

from anchore_gate.remote.values import Feed, listing, mapping, number, words
from anchore_gate.typed import Any

VULNERABILITY_FEEDS = frozenset({"vulnerabilities", "vulnerability_db", "grypedb", "nvdv2", "github", "nvd"})


def feeds_of(raw: Iterable[Any]) -> Iterable[Feed]:
    """One entry per group. Raises `RemoteError`."""
    for one in raw:
        feed = mapping(one, "a feed")
        groups = listing(feed.get("groups") or [], "a feed's groups")
        name, is_enabled = words(feed, "name"), feed.get("enabled") is not False
        digest = words(feed, "dataset_checksum")
        if not groups:
            synced = words(feed, "last_full_sync", "enterprise_received_at")
            yield Feed(name=name, enabled=is_enabled, digest=digest, synced=synced)
        for group in groups:
            record = mapping(group, "a feed's group")
            yield Feed(
                name=name,
                enabled=is_enabled,
                digest=digest,
                group=words(record, "name"),
                records=number(record, "record_count"),
                synced=words(record, "last_sync", "enterprise_received_at"),
            )
