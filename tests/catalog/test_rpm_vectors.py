from __future__ import annotations

import gzip
import hashlib
from pathlib import Path

from anchore_gate.catalog import catalog
from tests.support.files import Files

VECTORS = Path(__file__).parents[1] / "vectors" / "rpmdb"


def test_a_database_that_rpm_wrote_as_sqlite_is_read() -> None:
    content = gzip.decompress((VECTORS / "rpm-4.18.sqlite.gz").read_bytes())
    inventory = catalog(Files({"/var/lib/rpm/rpmdb.sqlite": content}), with_files=True)
    assert [(one.name, one.version, one.licenses) for one in inventory.packages] == [
        ("pkg-a", "0:1.2-1", ("MIT",)),
        ("pkg-b", "2:1.2-1", ("MIT",)),
        ("pkg-c", "1.2-1", ("MIT",)),
    ]
    config, plain = inventory.files[0][1]
    assert (config.path, config.is_config, config.mode, config.algorithm) == (
        "/opt/a/conf",
        True,
        0o100644,
        "sha256",
    )
    assert (plain.path, plain.digest, plain.size) == (
        "/opt/a/file",
        hashlib.sha256(b"hi\n").hexdigest(),
        3,
    )


def test_a_database_that_rpm_wrote_as_berkeley_db_is_read() -> None:
    content = gzip.decompress((VECTORS / "libuuid.bdb.gz").read_bytes())
    inventory = catalog(Files({"/var/lib/rpm/Packages": content}), with_files=True)
    (found,) = inventory.packages
    assert (found.name, found.version, found.upstream, found.vendor, found.modularity) == (
        "libuuid",
        "2.32.1-42.el8_8",
        "util-linux",
        "Red Hat, Inc.",
        "",
    )
    assert "/usr/lib64/libuuid.so.1.3.0" in {one.path for one in inventory.files[0][1]}
