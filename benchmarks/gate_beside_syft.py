"""
A full gate beside `syft scan` of the same file, in turn, as ratios.

    python -m benchmarks.gate_beside_syft [--runs 5] [--scan-only] [tiny|medium|large|FILE]...

Each pair is one run of ours and one of Syft's; the first pair warms up and is not counted. Wall, CPU (user
and system) and peak memory are medians over the pairs, of the whole process each. `--scan-only` leaves
policy and matching out: the one pass with all catalogers' needs and the secret search.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.images import build

# Wall time and peak memory, as parts of Syft's, that must not be exceeded.
BARS = {"tiny": (1 / 12, 1 / 4), "medium": (1 / 8, 1 / 4), "large": (1 / 8, 1 / 4)}
# What there is of the gate that needs no vulnerability database: see `--policy`.
_POLICY = Path(__file__).parent / "gate_policy.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one run took."""

    wall: float  # seconds
    cpu: float  # seconds, user and system
    peak: float  # MiB


def measure(command: Sequence[str]) -> Cost:
    """Run a command to its end, its output dropped. Raises `RuntimeError` where it failed."""
    started = time.perf_counter()
    environment = os.environ | {"SYFT_CHECK_FOR_APP_UPDATE": "false"}
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment)
    assert child.stderr is not None
    errors = child.stderr.read()
    child.stderr.close()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - started
    if child.returncode not in (0, 1):
        raise RuntimeError(f"{' '.join(command)}: exit code {child.returncode}: {errors.decode()[-500:]}")
    return Cost(wall=wall, cpu=usage.ru_utime + usage.ru_stime, peak=usage.ru_maxrss / 1024)


def pairs(ours: Sequence[str], theirs: Sequence[str], *, runs: int) -> tuple[Cost, Cost]:
    """The medians of both, measured in turn."""
    costs = [(measure(ours), measure(theirs)) for _ in range(runs + 1)][1:]
    return median([one for one, _ in costs]), median([one for _, one in costs])


def median(costs: Sequence[Cost]) -> Cost:
    """Each figure's median."""
    return Cost(
        wall=statistics.median(one.wall for one in costs),
        cpu=statistics.median(one.cpu for one in costs),
        peak=statistics.median(one.peak for one in costs),
    )


def scan(path: str) -> None:
    """The one pass alone, as a gate would ask for it."""
    from anchore_gate.catalog import needs
    from anchore_gate.image.needs import ContentSearch, Needs
    from anchore_gate.image.sources import open_image
    from anchore_gate.policy.settings import AnalyzerSettings

    secrets = AnalyzerSettings().secrets
    searches = tuple(ContentSearch(kind="secret", name=one.name, regex=one.regex) for one in secrets)
    with open_image(path) as opened:
        files = opened.scan(Needs.union((needs(), Needs(searches=searches))))
        print(sum(1 for _ in files.entries()), "entries,", len(files.hits), "hits", *files.notes, sep="\n")


def main(arguments: Sequence[str]) -> int:
    """Print one table row per image; 1 where a bar is missed."""
    parser = argparse.ArgumentParser(description="A full gate beside Syft, in turn.")
    parser.add_argument("images", nargs="*", default=list(BARS))
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--scan-only", action="store_true")
    parser.add_argument("--scan", help=argparse.SUPPRESS)
    parser.add_argument("--syft", default=str(Path(sys.executable).with_name("syft")))
    options = parser.parse_args(arguments)
    if options.scan:
        scan(options.scan)
        return 0
    print("| image | ours: wall, cpu, peak | Syft: wall, cpu, peak | wall | cpu | peak | bar |")
    print("|---|---|---|---|---|---|---|")
    missed = 0
    for name in options.images:
        path = str(build(name)) if name in BARS else name
        ours = [sys.executable, "-m", "benchmarks.gate_beside_syft", "--scan", path]
        if not options.scan_only:
            ours = [sys.executable, "-m", "anchore_gate", "check", path, "--policy", str(_POLICY)]
        mine, other = pairs(ours, [options.syft, "scan", "-q", f"docker-archive:{path}"], runs=options.runs)
        missed += not _row(name, mine, other)
    return 1 if missed else 0


def _row(name: str, ours: Cost, theirs: Cost) -> bool:
    wall, memory = BARS.get(name, (1 / 8, 1 / 4))
    met = ours.wall <= wall * theirs.wall and ours.peak <= memory * theirs.peak
    figures = [f"{one.wall:.2f} s, {one.cpu:.2f} s, {one.peak:.0f} MiB" for one in (ours, theirs)]
    ratios = [theirs.wall / ours.wall, theirs.cpu / ours.cpu, theirs.peak / ours.peak]
    cells = (name, *figures, *(f"1/{ratio:.1f}" for ratio in ratios), "met" if met else "MISSED")
    print(f"| {' | '.join(cells)} |", flush=True)
    return met


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
