"""Container engines that a test starts with a store of their own, and ends whatever happens."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

_STARTING = 30.0  # seconds


def environment(**more: str) -> dict[str, str]:
    """This one's without what leads a client to somebody's own engine, and with `more`."""
    foreign = ("DOCKER_", "CONTAINER_", "CONTAINERS_")
    return {name: one for name, one in os.environ.items() if not name.startswith(foreign)} | more


@contextmanager
def running(
    command: list[str], environment: Mapping[str, str], *, log: Path, answers: Callable[[], bool]
) -> Iterator[None]:
    """An engine from its first answer to the end of the `with`; skips the test where it does not start."""
    with log.open("wb") as written:
        process = subprocess.Popen(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=written, stderr=written
        )
    try:
        ends = time.monotonic() + _STARTING
        while not answers():
            if process.poll() is not None or time.monotonic() > ends:
                pytest.skip(f"{Path(command[0]).name} does not start here: {last_line(log.read_bytes())}")
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def last_line(output: bytes) -> str:
    """What a program said last, which is why it ended."""
    return "".join(output.decode(errors="replace").strip().splitlines()[-1:])[:200]
