"""List the controls that findings speak to, and which gates speak to each."""

from __future__ import annotations

import argparse
import json
import sys

from anchore_gate.cli.terminal import Line, say, show, table
from anchore_gate.values import asdict


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `anchore-gate compliance`."""
    parser.add_argument("verb", choices=["controls"], help="print every control of every standard")
    parser.add_argument("--json", action="store_true", help="write JSON")


def run(args: argparse.Namespace) -> int:
    """Print the map."""
    from anchore_gate.compliance.controls import standards

    if args.json:
        say(json.dumps([asdict(one) for one in standards()], indent=2))
        return 0
    for one in standards():
        show((Line(one.title), Line("")))
        rows: list[tuple[str, str, str]] = []
        for control in one.controls:
            checks = sorted({f"{check.gate}/{check.trigger}" for check in control.checks})
            told = ", ".join(checks) if control.in_scope else f"out of scope: {control.reason}"
            rows.append((control.id, control.title, told or control.reason or "no rule speaks to it yet"))
        if sys.stdout.isatty():  # the rules of a control are many: a table of them would be torn
            show(line for row in rows for line in _lines(*row))
        else:
            table(("CONTROL", "TITLE", "RULES THAT SPEAK TO IT"), rows)
        say()
    return 0


def _lines(control: str, title: str, told: str) -> tuple[Line, Line]:
    return Line(f"{control}  {title}", style="bold"), Line(told, indent=4)
