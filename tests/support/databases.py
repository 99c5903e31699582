"""Builds small Grype v6 databases: as published (no indexes), or as installed."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
import tempfile
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from anchore_gate.image.decompress import zstd_file
from anchore_gate.net.retry import Clock
from anchore_gate.vulnerability.sqlite import connect_for_writing
from anchore_gate.vulnerability.writer import Writer
from tests.support.web import Asked, Reply

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


@dataclass(frozen=True)
class Published:
    """A database in the form it is published in: `latest.json` and an archive, below `/v6/`."""

    archive: bytes
    name: str
    listing: dict[str, str]

    def respond(self, asked: Asked) -> Reply:
        """Answer as the publisher's server does, parts of the archive too."""
        if asked.path == "/v6/latest.json":
            return Reply(body=json.dumps(self.listing).encode(), headers={"Content-Type": "application/json"})
        if asked.path != f"/v6/{self.name}":
            return Reply(404, b"<html>not here</html>")
        start = asked.headers.get("range", "").removeprefix("bytes=").removesuffix("-")
        if not start:
            return Reply(body=self.archive)
        size = len(self.archive)
        if int(start) >= size:
            return Reply(416, headers={"Content-Range": f"bytes */{size}"})
        part = self.archive[int(start) :]
        return Reply(206, part, {"Content-Range": f"bytes {start}-{size - 1}/{size}"})


def publish(folder: Path, *, built_at: datetime = BUILT, changes: dict[str, str] | None = None) -> Published:
    """Build the published form of `write_database`: no indexes, vacuumed, tar and zstd."""
    path = folder / "published.db"
    path.unlink(missing_ok=True)
    write_database(path, built_at=built_at)
    change_database(path, *_ALSO_PUBLISHED, "VACUUM")
    stamp = f"{built_at:%Y-%m-%dT%H:%M:%SZ}"
    archive = tar_zst({"vulnerability.db": path.read_bytes()})
    name = f"vulnerability-db_v6.1.11_{stamp}_{int(built_at.timestamp())}.tar.zst"
    listing = {
        "status": "active",
        "schemaVersion": "v6.1.11",
        "built": stamp,
        "path": name,
        "checksum": f"sha256:{hashlib.sha256(archive).hexdigest()}",
    }
    return Published(archive, name, listing | (changes or {}))


# Rows that a published database has besides: most of them we do not read.
_ALSO_PUBLISHED = (
    "DELETE FROM operating_system_specifier_overrides",
    "INSERT INTO operating_system_specifier_overrides (alias, replacement, rolling) "
    "VALUES ('centos', 'rhel', 0), ('raspbian', 'debian', 0), ('wolfi', NULL, 1)",
    "INSERT INTO operating_system_specifier_overrides "
    "(alias, version_pattern, replacement_minor_version, rolling, applicable_client_db_schemas) "
    "VALUES ('rhel', '^\\d+\\.\\d+', '', 0, '< 6.0.3')",
    "INSERT INTO operating_system_specifier_overrides (alias, codename, replacement_label_version, rolling) "
    "VALUES ('debian', 'forky', 'unstable', 1)",
    "INSERT INTO package_specifier_overrides VALUES ('javascript', 'npm'), ('pypi', 'python')",
    "INSERT INTO architecture_aliases VALUES ('x86_64', 'amd64')",
    "INSERT INTO epss_metadata VALUES ('2026-11-23 00:00:00+00:00')",
    "INSERT INTO ssvc_handles (cve, source, role, exploitation) "
    "VALUES ('CVE-2024-22195', 'cisa', 'coordinator', 'none')",
    "INSERT INTO search_rules (match_distro_name, replacement_channel, priority) VALUES ('alpine', 'rf', 1)",
    """UPDATE blobs SET value = json_set(value, '$.assigner', json('["a@example.org"]'), '$.modifications', """
    """json('[{"url": "https://example.org", "changes": ["x"]}]')) WHERE json_extract(value, '$.id') IS NOT NULL""",
)


def tar_zst(files: dict[str, bytes], *, type: bytes = tarfile.REGTYPE) -> bytes:
    """A zstd-compressed tar of these files."""
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.type = type
            member.size = len(content) if type == tarfile.REGTYPE else 0
            member.linkname = "" if type == tarfile.REGTYPE else "/etc/passwd"
            tar.addfile(member, io.BytesIO(content))
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "x.tar.zst"
        with zstd_file(target) as stream:
            stream.write(plain.getvalue())
        return target.read_bytes()


class Patience:
    """A clock that does not wait, and remembers for how long it would have."""

    def __init__(self) -> None:
        self.slept: list[float] = []
        self.clock = Clock(
            sleep=self.slept.append, monotonic=lambda: 0.0, now=lambda: NOW, chance=lambda: 0.5
        )
