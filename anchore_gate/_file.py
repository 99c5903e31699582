"""Files that the user names, read with a limit."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from anchore_gate.errors import ConfigError

_MIB = 1024 * 1024
_PATIENCE = 20.0  # seconds of silence: a pipe that nobody writes into must not hang a gate


def read_limited(path: Path, limit: int, *, what: str) -> bytes:
    """The file's bytes. Raises `ConfigError`, which calls it `what`, for one too large or not to be read."""
    try:
        content = _from_pipe(path, limit) if _is_named_pipe(path) else _from_file(path, limit)
    except OSError as problem:
        raise ConfigError(f"{what}: {problem.strerror or problem}") from problem
    if len(content) > limit:
        size = f"{limit} bytes" if limit % _MIB else f"{limit // _MIB} MiB"
        raise ConfigError(f"{what}: larger than {size}")
    return content


def _from_file(path: Path, limit: int) -> bytes:
    with path.open("rb") as stream:
        return stream.read(limit + 1)


def _is_named_pipe(path: Path) -> bool:
    """Not one of `<(command)` or a standard input, whose writer is there already."""
    return stat.S_ISFIFO(path.stat().st_mode) and path.resolve().exists()


def _from_pipe(path: Path, limit: int) -> bytes:
    import select

    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        readable, content = select.poll(), bytearray()
        readable.register(handle, select.POLLIN)
        while len(content) <= limit:
            if not readable.poll(_PATIENCE * 1000):
                raise TimeoutError(0, f"a pipe into which nobody wrote for {_PATIENCE:g} seconds")
            part = os.read(handle, _MIB)
            if not part:
                break
            content += part
        return bytes(content)
    finally:
        os.close(handle)
