"""Builds small Grype v6 databases: as published (no indexes), or as installed."""

from __future__ import annotations

from contextlib import closing
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from anchore_gate.vulnerability.sqlite import connect_for_writing
from anchore_gate.vulnerability.writer import Writer

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=timezone.utc)
BUILT = datetime(2026, 11, 24, 6, 33, 47, tzinfo=timezone.utc)


def affected(constraint: str, fixed: str = "", *, type: str = "dpkg") -> dict[str, Any]:
    """A package blob of one range."""
    fix = {"version": fixed, "state": "fixed"} if fixed else {"state": "not-fixed"}
    return {"ranges": [{"version": {"type": type, "constraint": constraint}, "fix": fix}]}


def write_database(path: Path, *, built_at: datetime = BUILT, with_indexes: bool = False) -> Path:
    """A database of three vulnerabilities, one of each kind of row."""
    writer = Writer.create(path, built_at=built_at)
    for name in ("debian", "github", "nvd", "epss", "kev"):
        writer.provider(name, captured=built_at)
    bookworm = writer.system("debian", major="12", codename="bookworm")
    openssl = writer.vulnerability(
        "CVE-2023-5363",
        provider="debian",
        blob={
            "id": "CVE-2023-5363",
            "description": "key and IV lengths",
            "severities": [{"scheme": "HML", "value": "high", "rank": 1}],
            "refs": [{"url": "https://example.org/CVE-2023-5363", "tags": ["advisory"]}],
        },
        dates=("2023-10-25 18:17:43.2+00:00", None, None),
    )
    writer.affected(
        openssl,
        package=writer.package("deb", "openssl"),
        system=bookworm,
        blob=affected("< 3.0.11-1~deb12u2", "3.0.11-1~deb12u2"),
    )
    jinja = writer.vulnerability(
        "GHSA-h5c8-rqwp-cp95",
        provider="github",
        blob={"id": "GHSA-h5c8-rqwp-cp95", "aliases": ["CVE-2024-22195"]},
    )
    writer.aliases("GHSA-h5c8-rqwp-cp95", ["CVE-2024-22195"])
    writer.affected(
        jinja,
        package=writer.package("python", "jinja2"),
        blob=affected("<3.1.3", "3.1.3", type="python") | {"cves": ["CVE-2024-22195"]},
    )
    zlib = writer.vulnerability("CVE-2022-37434", provider="nvd", blob={"id": "CVE-2022-37434"})
    writer.affected_cpe(zlib, vendor="zlib", product="zlib", blob=affected("<= 1.2.12", type="fuzzy"))
    writer.epss("CVE-2024-22195", 0.00071, 0.31)
    writer.known_exploited("CVE-2022-37434")
    writer.weaknesses("CVE-2024-22195", ["CWE-79"], source="nvd")
    writer.usual_aliases()
    writer.finish(with_indexes=with_indexes)
    return path


def change_database(path: Path, *statements: str) -> None:
    """Carry out SQL on a database that was written."""
    with closing(connect_for_writing(path)) as connection:
        for statement in statements:
            connection.run(statement)
