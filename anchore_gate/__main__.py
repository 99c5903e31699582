"""`python -m anchore_gate` is `anchore-gate`."""

from __future__ import annotations

import sys

from anchore_gate.cli import main

if __name__ == "__main__":
    sys.exit(main())
