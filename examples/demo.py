"""The demo: two images built from real packages; one goes on, one is stopped. Needs no network and no server."""

from __future__ import annotations

import sys
from pathlib import Path

from anchore_gate.cli import main
from examples.demo_images import HERE, build

REPORTS = Path("demo-reports")


def run(folder: Path = REPORTS) -> int:
    """Judge both images; 0 when the verdicts are the expected ones (the second image is stopped)."""
    good, bad = build(folder / "images")
    policy = HERE / "policies" / "team.json"
    code = main(["check", str(good), str(bad), "--policy", str(policy), "--report-dir", str(folder)])
    return 0 if code == 1 else 1


if __name__ == "__main__":
    sys.exit(run())
