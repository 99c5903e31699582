"""Files that the user names."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from threading import Thread

import pytest

from anchore_gate import _file
from anchore_gate._file import read_limited
from anchore_gate.errors import ConfigError


@pytest.fixture
def pipe(tmp_path: Path) -> Path:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    return path


@pytest.mark.parametrize("length", [0, 1, 3_000_000])
def test_what_somebody_writes_into_a_pipe_is_read(pipe: Path, length: int) -> None:
    writer = Thread(target=pipe.write_bytes, args=(b"x" * length,))
    writer.start()

    assert read_limited(pipe, 3_000_000, what="it") == b"x" * length
    writer.join()


def test_a_pipe_that_nobody_writes_into_hangs_nobody(pipe: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_file, "_PATIENCE", 0.01)

    with pytest.raises(ConfigError, match=r"^it: a pipe into which nobody wrote for 0\.01 seconds$"):
        read_limited(pipe, 10, what="it")


def test_a_pipe_without_a_name_is_read_to_its_end() -> None:
    for content in (b"", b"abc"):
        reader, writer = os.pipe()
        os.write(writer, content)
        os.close(writer)
        assert read_limited(Path(f"/dev/fd/{reader}"), 10, what="it") == content
        os.close(reader)


@pytest.mark.parametrize("make", [Path.touch, os.mkfifo], ids=["file", "pipe"])
def test_what_is_too_large_is_refused(tmp_path: Path, make: Callable[[Path], object]) -> None:
    path = tmp_path / "it"
    make(path)
    writer = Thread(target=path.write_bytes, args=(b"x" * 11,))
    writer.start()
    if path.is_file():
        writer.join()

    with pytest.raises(ConfigError, match=r"^it: larger than 10 bytes$"):
        read_limited(path, 10, what="it")
    writer.join()


@pytest.mark.parametrize(("name", "said"), [("none", "No such file or directory"), (".", "Is a directory")])
def test_what_cannot_be_read_is_told(tmp_path: Path, name: str, said: str) -> None:
    with pytest.raises(ConfigError, match=f"^it: {said}$"):
        read_limited(tmp_path / name, 10, what="it")
