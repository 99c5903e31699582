"""What a person reads: the one door of `rich`, and of writing to standard output."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Sequence

from anchore_gate.typed import TextIO
from anchore_gate.values import dataclass

_WIDEST = 2_000  # characters of a cell


@dataclass(frozen=True, slots=True)
class Line:
    """A line to show: plain text, and how it looks where colour may be used."""

    text: str
    style: str = ""  # rich's words, e.g. `bold red`
    indent: int = 0


def say(text: str = "") -> None:
    """Write a line to standard output."""
    sys.stdout.write(f"{text}\n")


def hint(text: str) -> None:
    """Write a line to standard error: progress, warnings, where reports are."""
    sys.stderr.write(f"{text}\n")


def sentence(words: str) -> str:
    """The words as a sentence; names in them keep their capitals."""
    return f"{words[:1].upper()}{words[1:]}."


def has_colour(stream: TextIO) -> bool:
    """Whether colour may be used (https://no-color.org, a terminal, not a dumb one)."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Write columns to standard output: aligned, a row a line, no colour: so that `grep` works."""
    from anchore_gate.report.cleaning import line

    body = [tuple(header), *(tuple(line(cell, limit=_WIDEST) for cell in row) for row in rows)]
    widths = [max(len(row[i]) for row in body) for i in range(len(header))]
    for row in body:
        told = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        _plain(_inert(told), "")


def terminal_width() -> int:
    """Columns, as `shutil.get_terminal_size` finds them; `shutil` brings compression libraries along."""
    told = os.environ.get("COLUMNS", "")
    if told.isdigit() and int(told):
        return int(told)
    try:
        return os.get_terminal_size(sys.__stdout__.fileno()).columns or 80 if sys.__stdout__ else 80
    except (OSError, ValueError):
        return 80


def show(lines: Iterable[Line]) -> None:
    """Write lines to standard output: wrapped on a terminal, whole in a pipe, no command to a CI system."""
    out = sys.stdout
    width = max(20, terminal_width()) if out.isatty() else 0
    write = _coloured(out) if has_colour(out) else _plain
    for line in lines:
        for text in _wrapped(line, width):
            write(_inert(text), line.style)


def _inert(text: str) -> str:
    # GitHub and Azure run what a log line says after `::`, `##[` or `##vso[`: an image may name itself so.
    text = text.replace("##[", "## [").replace("##vso[", "## vso[")
    return f"| {text}" if text.lstrip().startswith("::") else text


def _wrapped(line: Line, width: int) -> list[str]:
    first = " " * line.indent
    if not width or len(line.text) + line.indent <= width:
        return [first + line.text if line.text else ""]
    import textwrap

    return textwrap.wrap(line.text, width, initial_indent=first, subsequent_indent=first + "  ")


def _plain(text: str, style: str) -> None:  # the shape of the coloured one
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    say(text.encode(encoding, "replace").decode(encoding))


def _coloured(out: TextIO) -> Callable[[str, str], None]:
    from rich.console import Console
    from rich.text import Text

    console = Console(file=out, force_terminal=True, soft_wrap=True, highlight=False)
    return lambda text, style: console.print(Text(text, style=style))
