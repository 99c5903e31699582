"""A million affected rows, installed and asked: `python -m benchmarks.database`."""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path

from anchore_gate.vulnerability.cache import Cache
from anchore_gate.vulnerability.importing import export_to
from anchore_gate.vulnerability.install import digest_of, install_file
from anchore_gate.vulnerability.schema import INDEXES
from anchore_gate.vulnerability.sqlite import connect_for_writing
from anchore_gate.vulnerability.store import Store
from benchmarks.matching import NAMES, build, name

_OPEN = "from pathlib import Path; from anchore_gate.vulnerability.store import Store; Store.open(Path({!r}))"
NOW = datetime(2026, 11, 25, tzinfo=timezone.utc)


def main() -> None:
    """Print how long it takes to install, open and ask the database, as published and as installed."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        published = folder / "published.db"
        build(published)
        strip(published)
        print(f"published file: {published.stat().st_size / 1e6:.0f} MB, no indexes")
        measure("as published (--db FILE)", published)
        archive, digest = export_to(published, folder / "vulnerability-db.tar.zst")
        print(f"archive: {archive.stat().st_size / 1e6:.1f} MB")
        cache = Cache(folder / "cache")
        with timed("install: unpack, check every page, index, switch"), cache.lock():
            assert digest_of(archive) == digest
            installed = install_file(cache, archive, digest=digest, origin="benchmark")
        print(f"installed file: {installed.path.stat().st_size / 1e6:.0f} MB")
        measure("installed", installed.path)
    print(
        f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB, building included"
    )


def strip(path: Path) -> None:
    """Make a file of the published form: no index, vacuumed."""
    connection = connect_for_writing(path)
    for index in INDEXES:
        connection.run(f"DROP INDEX IF EXISTS {index}")
    connection.run("VACUUM")
    connection.close()


def measure(label: str, path: Path) -> None:
    """Open and ask one file."""
    print(f"{label}:")
    repeated("  open", 20, lambda: Store.open(path).close())
    with timed("  open in a fresh process, with Python's start and all imports"):
        subprocess.run([sys.executable, "-c", _OPEN.format(str(path))], check=True)
    with Store.open(path) as store:
        systems = [row.id for row in store.operating_systems() if row.major == "12"]
        one = [name("deb", 7)]
        repeated("  one package", 5, lambda: list(store.packages("deb", one, os_ids=systems)))
        names = [name("deb", place) for place in range(0, NAMES // 4, 6)]
        with timed(f"  {len(names):,} packages at once, blobs decoded"):
            rows = list(store.packages("deb", names, os_ids=systems))
        with timed(f"  the advisories of {len(rows):,} rows"):
            store.vulnerabilities({row.vulnerability for row in rows})


def repeated(label: str, times: int, call: Callable[[], object]) -> None:
    """Print the median of several calls."""
    spent = []
    for _ in range(times):
        started = time.perf_counter()
        call()
        spent.append(time.perf_counter() - started)
    print(f"{label}: {sorted(spent)[times // 2] * 1000:.2f} ms")


@contextmanager
def timed(label: str) -> Iterator[None]:
    """Print how long the block took."""
    started = time.perf_counter()
    yield
    print(f"{label}: {time.perf_counter() - started:.3f} s")


if __name__ == "__main__":
    main()
