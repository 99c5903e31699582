"""What `anchore-gate db` says of a database, to people and to machines."""

from __future__ import annotations

import json
from datetime import datetime

from anchore_gate.cli.terminal import say
from anchore_gate.model.vulnerability import DatabaseIdentity
from anchore_gate.typed import Any
from anchore_gate.vulnerability.database import DatabaseSettings, span
from anchore_gate.vulnerability.feeds.grype import Listing
from anchore_gate.vulnerability.identity import ours_of
from anchore_gate.vulnerability.store import Store

_TABLES = (
    ("vulnerabilities", "vulnerability_handles"),
    ("affected_packages", "affected_package_handles"),
    ("operating_systems", "operating_systems"),
)


def print_database(
    store: Store, settings: DatabaseSettings, *, problem: str, now: datetime, as_json: bool
) -> None:
    """Everything a person asks of the database in use, in one look."""
    found = _facts(store, problem, now)
    if as_json:
        say(json.dumps(found, indent=2))
        return
    identity = store.identity
    allowed = f"{span(settings.max_age)} are allowed" if settings.max_age else "any age is allowed"
    counts = found["counts"]
    lines = {
        "database": f"not usable: {problem}" if problem else "usable",
        "built": f"{_when(identity.built_at)} ({_age(identity.built_at, now)} old; {allowed})",
        "schema": identity.schema,
        "source": identity.source + (f", {found['origin']}" if found["origin"] else ""),
        "digest": identity.digest or "-",
        "path": found["path"],
        "holds": ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in counts.items()),
        "providers": _providers(identity),
    }
    for name, value in lines.items():
        say(f"{name:<10} {value}")
    for note in identity.notes:
        say(f"{'note':<10} {note}")


def print_listing(listing: Listing, built: datetime | None, *, now: datetime, as_json: bool) -> None:
    """What is published beside what we have."""
    is_newer = built is None or listing.built_at > built
    if as_json:
        value = {
            "newer": is_newer,
            "published": _stamp(listing.built_at),
            "installed": _stamp(built),
            "url": listing.url,
            "checksum": listing.checksum,
            "deprecated": listing.is_deprecated,
        }
        say(json.dumps(value, indent=2))
        return
    say(f"published  {_when(listing.built_at)} ({_age(listing.built_at, now)} old), schema {listing.schema}")
    say(f"installed  {_when(built) if built else 'nothing'}")
    say("a newer one is published: `anchore-gate db update`" if is_newer else "up to date")
    if listing.is_deprecated:
        say("this form of the database is deprecated: look for a newer anchore-gate")


def _facts(store: Store, problem: str, now: datetime) -> dict[str, Any]:
    identity = store.identity
    # Rows are numbered from 1, so the last number is the count, and costs no scan of the table.
    counts = {
        name: int(store.connection.rows(f"SELECT coalesce(max(id), 0) FROM {table}")[0][0])  # noqa: S608
        for name, table in _TABLES
    }
    return {
        "usable": not problem,
        "problem": problem,
        "source": identity.source,
        "origin": ours_of(store.connection).get("origin", ""),
        "schema": identity.schema,
        "built": _stamp(identity.built_at),
        "age_seconds": int((now - identity.built_at).total_seconds()) if identity.built_at else None,
        "digest": identity.digest,
        "sample": identity.is_sample,
        "path": str(store.connection.path),
        "counts": counts,
        "providers": dict(identity.providers),
        "notes": list(identity.notes),
    }


def _providers(identity: DatabaseIdentity) -> str:
    return ", ".join(f"{name} {captured[:10]}".strip() for name, captured in identity.providers) or "-"


def _age(moment: datetime | None, now: datetime) -> str:
    return span(now - moment) if moment else "?"


def _when(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC" if moment else "unknown"


def _stamp(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}" if moment else ""
