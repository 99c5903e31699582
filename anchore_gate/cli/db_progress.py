"""How far the fetching of the vulnerability database is: a line on a terminal, a note in a log."""

from __future__ import annotations

import time
from collections.abc import Callable

from anchore_gate.cli.terminal import hint
from anchore_gate.typed import TextIO


def progress_bar(
    stream: TextIO, monotonic: Callable[[], float] = time.monotonic
) -> Callable[[int, int | None], None]:
    """One line on a terminal that says how far a transfer is; ten times a second at most."""
    shown = [0.0]

    def show(done: int, total: int | None) -> None:
        is_end = done == total
        if monotonic() - shown[0] < 0.1 and not is_end:
            return
        shown[0] = monotonic()
        of = f" of {_size(total)} ({done * 100 // total} %)" if total else ""
        stream.write(
            f"\rfetching the vulnerability database: {_size(done)}{of}   " + ("\n" if is_end else "")
        )
        stream.flush()

    return show


def progress_note() -> Callable[[int, int | None], None]:
    """One line in a log, when a transfer begins: CI logs keep every line."""
    is_said = [False]

    def show(_: int, total: int | None) -> None:
        if not is_said[0]:
            size = _size(total) if total else "of unknown size"
            hint(f"fetching the vulnerability database ({size})")
        is_said[0] = True

    return show


def waiting_note() -> Callable[[], None]:
    """Say once that somebody else is at it: another process, or the thread of another image."""
    is_said = [False]

    def show() -> None:
        if not is_said[0]:
            hint("the vulnerability database is being updated; waiting for it")
        is_said[0] = True

    return show


def _size(count: int) -> str:
    return f"{count / 1_000_000:.1f} MB"
