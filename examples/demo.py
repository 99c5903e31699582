"""The demo: two images built from real packages; one goes on, one is stopped. Needs no network and no server."""

from __future__ import annotations

import os
import sys
from contextlib import redirect_stdout
from pathlib import Path

from anchore_gate.cli import main
from examples.demo_images import HERE, build

REPORTS = Path("demo-reports")


def run(folder: Path = REPORTS) -> int:
    """Judge both images; 0 when the verdicts are the expected ones (the second image is stopped)."""
    good, bad = build(folder / "images")
    os.environ["ANCHORE_GATE_CACHE_DIR"] = str(folder / "cache")
    with (folder / "database.txt").open("w") as log, redirect_stdout(log):
        if main(["db", "import", str(HERE / "advisories")]) != 0:
            return 1
    policy = HERE / "policies" / "demo.json"
    words = ["--policy", str(policy), "--offline", "--report-dir", str(folder)]
    code = main(["check", str(good), str(bad), *words])
    return 0 if code == 1 else 1


if __name__ == "__main__":
    sys.exit(run())
