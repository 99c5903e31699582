"""Many images at a time: what is told of those that did not end."""

from __future__ import annotations

import threading
import time
from datetime import datetime, timezone

from anchore_gate.cli.workers import Crew
from anchore_gate.model.result import NoVerdict

NOW = datetime(2026, 1, 1, tzinfo=timezone.utc)
WHY = "no verdict within 1 s (--timeout)"


def test_an_image_whose_turn_never_came_says_so() -> None:
    begun, held = threading.Event(), threading.Event()

    def judge() -> NoVerdict:
        begun.set()
        held.wait(10)
        return NoVerdict(name="x", category="image", message="", decided_at=NOW)

    crew = Crew(["a:1", "b:1"], [judge, judge], jobs=1)
    assert begun.wait(10)
    crew.wait(deadline=time.monotonic(), done=lambda _: None)
    told = [one.message for one in crew.verdicts(now=NOW, why=WHY) if isinstance(one, NoVerdict)]
    held.set()
    assert told == [WHY, f"{WHY}; its turn never came"]
