"""`anchore-gate report`: reports made again from a result's JSON."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from anchore_gate.cli.terminal import hint
from anchore_gate.errors import UsageError


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "result", metavar="RESULT.json", type=Path, help="what `check --format json=FILE` wrote"
    )
    parser.add_argument(
        "--format", metavar="NAME=PATH", action="append", default=[], help="a report to write"
    )
    parser.add_argument("--report-dir", metavar="DIR", type=Path, help="write every format into this folder")
    parser.add_argument("--junit-warn", choices=("pass", "skipped", "failure"), default="pass")


def run(args: argparse.Namespace) -> int:
    """Render; 0 when all is written, whatever the verdict was."""
    from anchore_gate.report.reading import load_run
    from anchore_gate.report.reporter import ReportOptions
    from anchore_gate.report.writer import STANDARD_OUTPUT, plan_reports

    formats = [_pair(text) for text in args.format]
    if not formats and args.report_dir is None:
        raise UsageError("nothing to write: give --format NAME=PATH or --report-dir DIR")
    judged = load_run(args.result)
    plan = plan_reports(formats, args.report_dir)
    source = os.path.realpath(args.result)
    if any(name != "json" and os.path.realpath(path) == source for name, path in plan.targets):
        raise UsageError(f"a report would replace what is read: {args.result}")
    for path in plan.write(judged, ReportOptions(junit_warn=args.junit_warn)):
        if path != STANDARD_OUTPUT:
            hint(f"wrote {path}")
    return 0


def _pair(text: str) -> tuple[str, Path]:
    name, equals, path = text.partition("=")
    if not equals or not path:
        raise UsageError(f"not NAME=PATH: {text!r}")
    return name, Path(path)
