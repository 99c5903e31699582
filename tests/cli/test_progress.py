"""Progress: drawn on a terminal, absent elsewhere."""

from __future__ import annotations

import io
from itertools import count

from anchore_gate.cli.progress import LayerProgress
from anchore_gate.model.digest import Digest
from anchore_gate.model.image import Layer

LAYERS = [
    Layer(index=i, diff_id=Digest.of(b""), digest=Digest.of(bytes(i)), size=2_000_000) for i in range(2)
]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_bytes_layers_and_rate_are_drawn_and_wiped() -> None:
    terminal, seconds = Terminal(), count()
    with LayerProgress(terminal, clock=lambda: float(next(seconds))) as progress:
        progress(LAYERS[0], 2_000_000)
        progress(LAYERS[1], 1_000_000)
    lines = terminal.getvalue().split("\r")
    assert lines[1] == "2.0 MB, 1 of 1 layers, 1.0 MB/s"
    assert lines[2].startswith("3.0 MB, 1 of 2 layers, ")
    assert lines[-2].strip() == lines[-1] == ""


def test_nothing_is_drawn_where_nobody_looks() -> None:
    stream = io.StringIO()
    with LayerProgress(stream) as progress:
        progress(LAYERS[0], 5)
    assert stream.getvalue() == ""
