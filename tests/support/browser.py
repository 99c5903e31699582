"""Chromium without a window, spoken to through a pair of pipes (its DevTools protocol)."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
QUIET = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)


class Tab:
    """One page, with what it asked of the network and what it complained of."""

    def __init__(self, asked: BinaryIO, told: BinaryIO) -> None:
        self._asked, self._told = asked, told
        self._session: str | None = None
        self._number = 0
        self.events: list[dict[str, Any]] = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """Ask, and wait for the answer."""
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": params}
        if self._session is not None:
            message["sessionId"] = self._session
        self._asked.write(json.dumps(message).encode() + b"\0")
        self._asked.flush()
        while (answer := self._message()).get("id") != self._number:
            self.events.append(answer)
        assert "error" not in answer, answer
        result: dict[str, Any] = answer["result"]
        return result

    def open(self, address: str) -> None:
        """Go there, and wait until it is loaded."""
        self.events.clear()
        self.call("Page.navigate", url=address)
        while not self.seen("Page.loadEventFired"):
            self.events.append(self._message())

    def run(self, script: str) -> Any:
        """The value of an expression; a promise is waited for."""
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def seen(self, method: str) -> list[dict[str, Any]]:
        """The events of that name since the page was opened."""
        return [event["params"] for event in self.events if event.get("method") == method]

    def _message(self) -> dict[str, Any]:
        read = bytearray()
        while (byte := self._told.read(1)) != b"\0":
            assert byte, "the browser ended"
            read += byte
        message: dict[str, Any] = json.loads(read)
        return message


@contextmanager
def tab(profile: Path) -> Iterator[Tab]:
    """A browser with one page; the test is skipped where there is no Chromium."""
    if CHROMIUM is None:
        pytest.skip("no Chromium is installed")
    (low, asked), (told, high) = os.pipe(), os.pipe()
    there, back = (fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 30) for end in (low, high))  # clear of 3 and 4
    os.close(low)
    os.close(high)
    line = f'exec "$@" 3<&{there} 4>&{back} {there}<&- {back}>&-'
    command = [CHROMIUM, *QUIET, f"--user-data-dir={profile}", "--remote-debugging-pipe", "about:blank"]
    with subprocess.Popen(
        ["/bin/bash", "-c", line, "browser", *command], pass_fds=(there, back), stderr=subprocess.DEVNULL
    ) as browser:
        os.close(there)
        os.close(back)
        with os.fdopen(asked, "wb") as asking, os.fdopen(told, "rb") as telling:
            try:
                yield Tab(asking, telling)
            finally:
                browser.terminate()
