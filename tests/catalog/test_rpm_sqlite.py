from __future__ import annotations

import sqlite3
import struct
from pathlib import Path

import pytest

from anchore_gate.catalog import catalog, needs, rpm_sqlite
from anchore_gate.catalog.database import BadDatabase
from tests.support import rpmdb
from tests.support.files import Files

PLAIN, BIG, LAST = rpmdb.package("plain"), rpmdb.package("big", vendor="v" * 9000), rpmdb.package("last")


@pytest.mark.parametrize("page_size", [512, 4096, 65536])
@pytest.mark.parametrize("count", [0, 1, 400])
def test_sqlite_is_read_as_sqlite_reads_it(page_size: int, count: int, tmp_path: Path) -> None:
    blobs = [rpmdb.package(f"p{n}", vendor="v" * (n * 37 % 5000)) for n in range(count)]
    content = rpmdb.sqlite(blobs, page_size=page_size)
    path = tmp_path / "copy"
    path.write_bytes(content)
    connection = sqlite3.connect(path)
    try:
        theirs = [row[0] for row in connection.execute("SELECT blob FROM Packages ORDER BY hnum")]
    finally:
        connection.close()
    assert list(rpm_sqlite.headers(content)) == theirs == blobs


def test_the_write_ahead_log_of_sqlite_is_applied() -> None:
    content, log = rpmdb.sqlite_with_log([PLAIN], [BIG, LAST])
    assert list(rpm_sqlite.headers(content)) == [PLAIN]
    assert list(rpm_sqlite.headers(content, log)) == [PLAIN, BIG, LAST]
    files = Files(
        {"/var/lib/rpm/rpmdb.sqlite": content, "/var/lib/rpm/rpmdb.sqlite-wal": log}, wants=needs().wants
    )
    assert len(catalog(files).packages) == 3


def test_a_log_cut_in_its_last_transaction_leaves_the_earlier_state() -> None:
    content, log = rpmdb.sqlite_with_log([PLAIN], [BIG])
    assert list(rpm_sqlite.headers(content, log[:-1])) == [PLAIN]


def test_a_view_named_packages_is_not_run(tmp_path: Path) -> None:
    path = tmp_path / "rpmdb.sqlite"
    connection = sqlite3.connect(path)
    connection.execute(
        "CREATE VIEW Packages AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i FROM n) SELECT i, i FROM n"
    )
    connection.close()
    with pytest.raises(BadDatabase, match="no table Packages"):
        list(rpm_sqlite.headers(path.read_bytes()))


def test_a_tree_that_bites_its_tail_is_refused() -> None:
    content = bytearray(rpmdb.sqlite([rpmdb.package(f"p{n}", vendor="v" * 300) for n in range(300)]))
    for start in range(4096, len(content), 4096):
        if content[start] == 5:
            struct.pack_into(">I", content, start + 8, start // 4096 + 1)
    with pytest.raises(BadDatabase):
        list(rpm_sqlite.headers(bytes(content)))
