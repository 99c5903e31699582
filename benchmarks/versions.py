"""How fast versions are parsed and compared: `python -m benchmarks.versions`."""

from __future__ import annotations

import random
import time
from importlib import import_module

PAIRS = 20_000
SAMPLES = {
    "apk": ("1.36.1-r15", "3.1.4-r5", "2.0.0_rc3-r1", "9.3.4_p2-r2", "1.2.4-r2", "20240226-r0"),
    "deb": ("3.0.11-1~deb12u2", "1:2.39.2-1.1", "2.36-9+deb12u4", "7.88.1-10+deb12u5", "1.2.13.dfsg-1"),
    "rpm": ("1:3.0.7-27.el9", "2.34-100.el9_4.2", "7.76.1-29.el9_4", "0:4.14.3-31.el8", "252-32.el9_4.1"),
    "semver": ("4.17.21", "7.5.4", "1.0.0-beta.11", "10.2.0", "2.0.0-rc.1+build.5", "0.0.33"),
    "gem": ("7.0.4.3", "3.2.1", "1.15.4.rc1", "0.21.0", "2.3.0.beta2", "4.0.0"),
    "maven": ("2.17.1", "5.3.27", "1.0.0.RELEASE", "2.13.4.2", "4.1.86.Final", "31.1-jre"),
    "pep440": ("2.31.0", "1.26.18", "3.0.0rc1", "41.0.7", "2023.7.22", "0.4.dev3"),
}


def main() -> None:
    """Print one line per order: parse and compare, and compare alone."""
    print(f"{'order':8} {'parse+compare pairs/s':>22} {'compare/s':>12}")
    for name, samples in SAMPLES.items():
        parse = import_module(f"anchore_gate.versions.{name}").parse
        chooser = random.Random(1)
        texts = [(chooser.choice(samples), chooser.choice(samples)) for _ in range(PAIRS)]
        started = time.perf_counter()
        for a, b in texts:
            _ = parse(a) < parse(b)
        both = PAIRS / (time.perf_counter() - started)
        parsed = [(parse(a), parse(b)) for a, b in texts]
        started = time.perf_counter()
        for left, right in parsed:
            _ = left < right
        print(f"{name:8} {both:22,.0f} {PAIRS / (time.perf_counter() - started):12,.0f}")


if __name__ == "__main__":
    main()
