"""`gate_all` on any executor: what crosses a process is whole."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from datetime import datetime, timezone
from multiprocessing import get_context
from pathlib import Path

import pytest

from anchore_gate import gate_all

NOON = datetime(2026, 1, 1, 12, tzinfo=timezone.utc)
TEAM = Path(__file__).parents[1] / "examples" / "policies" / "team.json"


def processes() -> Executor:
    return ProcessPoolExecutor(2, mp_context=get_context("spawn"))


@pytest.mark.parametrize("executor", [processes, lambda: ThreadPoolExecutor(2)], ids=["processes", "threads"])
def test_many_images_are_judged_in_order_wherever_they_are_judged(
    demo_images: tuple[Path, Path], executor: Callable[[], Executor]
) -> None:
    names = [*map(str, demo_images), "docker-archive:nowhere.tar"]
    alone = gate_all(names, policy=TEAM, now=NOON)
    with executor() as workers:
        together = gate_all(names, policy=TEAM, now=NOON, executor=workers)
    assert together == alone
    assert [one.verdict for one in together] == ["pass", "fail", "error"]
