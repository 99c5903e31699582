"""`python -m anchore_gate` is `anchore-gate`."""

from __future__ import annotations

from anchore_gate.cli import run_process

if __name__ == "__main__":
    run_process()
