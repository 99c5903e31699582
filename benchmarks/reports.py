"""How long every report of a hundred thousand findings takes: `python -m benchmarks.reports [FINDINGS]`."""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from pathlib import Path

from anchore_gate.report import format_names
from anchore_gate.report.reporter import ReportOptions
from anchore_gate.report.writer import plan_reports
from tests.support import runs
from tests.support.browser import CHROMIUM, tab


def main(findings: int) -> None:
    """Print CPU seconds and bytes of each format and the peak memory of all."""
    run = runs.many(findings)
    before = _peak()
    print(f"{findings} findings; {before:.0f} MB before any report")  # a script
    spent = 0.0
    with tempfile.TemporaryDirectory() as folder:
        for name in format_names():
            target = Path(folder) / name
            start = time.process_time()
            plan_reports([(name, target)], None).write(run, ReportOptions())
            took = time.process_time() - start
            spent += took
            print(f"{name:<14}{took:6.2f} s{target.stat().st_size / 1e6:9.1f} MB")
        start = time.process_time()
        plan_reports([], Path(folder) / "all").write(run, ReportOptions())
        took = time.process_time() - start
    print(f"one by one    {spent:6.2f} s\nall together  {took:6.2f} s, peak {_peak():.0f} MB")
    _open(20_000)


def _open(findings: int) -> None:
    """Print how long a browser takes until the page can be used, best of three, where there is a browser."""
    if CHROMIUM is None:
        return
    took = []
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "report.html"
        plan_reports([("html", page)], None).write(runs.many(findings), ReportOptions())
        with tab(Path(folder) / "profile") as browser:
            for _ in range(3):
                start = time.perf_counter()
                browser.open(page.as_uri())
                browser.run("document.querySelector('.count').textContent")
                took.append(time.perf_counter() - start)
    print(f"html of {findings} findings opens in {min(took):.2f} s")


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
