"""A million rows against twenty thousand packages: `python -m benchmarks.matching`."""

from __future__ import annotations

import random
import resource
import sys
import tempfile
import time
from datetime import datetime, timezone
from pathlib import Path

from anchore_gate.model.inventory import Distro, Inventory, Package
from anchore_gate.vulnerability.matcher import match
from anchore_gate.vulnerability.store import Store
from anchore_gate.vulnerability.writer import Writer

ROWS, NAMES, PACKAGES = 1_000_000, 120_000, 20_000
ECOSYSTEMS = {"deb": "dpkg", "npm": "semver", "python": "python", "java-archive": "maven"}


def build(path: Path) -> None:
    """Write a database of a million affected rows, as many of them for a package as real data has."""
    chooser = random.Random(1)
    writer = Writer.create(path, built_at=datetime(2026, 11, 24, tzinfo=timezone.utc))
    for provider in ("debian", "github"):
        writer.provider(provider, captured=datetime(2026, 11, 24, tzinfo=timezone.utc))
    systems = [writer.system("debian", major=str(major)) for major in (10, 11, 12, 13, 14)]
    kinds = sorted(ECOSYSTEMS)
    packages = {kind: [writer.package(kind, name(kind, i)) for i in range(NAMES // 4)] for kind in kinds}
    handles = [
        writer.vulnerability(
            f"CVE-2024-{i}",
            provider="debian",
            blob={"id": f"CVE-2024-{i}", "severities": [{"scheme": "CHML", "value": "high"}]},
        )
        for i in range(150_000)
    ]
    for row in range(ROWS):
        kind = "deb" if row % 4 else chooser.choice(kinds)
        # squared: a few packages have very many advisories
        place = int((chooser.random() ** 2) * NAMES / 4)
        bound = f"{chooser.randrange(4)}.{chooser.randrange(20)}.{chooser.randrange(20)}"
        fix = {"version": bound, "state": "fixed"}
        blob = {"ranges": [{"version": {"type": ECOSYSTEMS[kind], "constraint": f"< {bound}"}, "fix": fix}]}
        system = chooser.choice(systems) if kind == "deb" else None
        writer.affected(chooser.choice(handles), package=packages[kind][place], blob=blob, system=system)
    writer.finish()


def name(kind: str, place: int) -> str:
    """The name of a package of the benchmark."""
    return f"g{place % 100}:{kind}-{place}" if kind == "java-archive" else f"{kind}-{place}"


def inventory() -> Inventory:
    """An image of twenty thousand packages."""
    chooser = random.Random(2)
    packages = []
    for _ in range(PACKAGES):
        kind = chooser.choice(sorted(ECOSYSTEMS))
        version = f"{chooser.randrange(3, 6)}.{chooser.randrange(20)}.{chooser.randrange(20)}"
        packages.append(Package(type=kind, name=name(kind, chooser.randrange(NAMES // 4)), version=version))
    return Inventory(distro=Distro(id="debian", version_id="12"), packages=tuple(packages))


def main() -> None:
    """Print how long opening and matching take, and how much memory."""
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(tempfile.mkdtemp()) / "vulnerability.db"
    if not path.exists():
        build(path)
        print(f"built {path} ({path.stat().st_size / 1e6:.0f} MB); run again with it as the argument")
        return
    image = inventory()
    started = time.perf_counter()
    with Store.open(path) as store:
        opened = time.perf_counter()
        matched = match(image, store)
        done = time.perf_counter()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"open {1000 * (opened - started):.1f} ms; match {done - opened:.2f} s; peak {peak:.0f} MB")
    print(f"{len(matched.matches):,} matches of {len(image.packages):,} packages")


if __name__ == "__main__":
    main()
