"""What a person reads: the one door of `rich`, and of writing to standard output."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from typing import TextIO


def say(text: str = "") -> None:
    """Write a line to standard output."""
    sys.stdout.write(f"{text}\n")


def hint(text: str) -> None:
    """Write a line to standard error: progress, warnings, where reports are."""
    sys.stderr.write(f"{text}\n")


def has_colour(stream: TextIO) -> bool:
    """Whether colour may be used (https://no-color.org, a terminal, not a dumb one)."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Write columns to standard output: aligned, no colour, no wrapping, so that `grep` works."""
    body = [tuple(header), *(tuple(row) for row in rows)]
    widths = [max(len(row[i]) for row in body) for i in range(len(header))]
    for row in body:
        say("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
