"""Files that the user names, read with a limit."""

from __future__ import annotations

from pathlib import Path

from anchore_gate.errors import ConfigError

_MIB = 1024 * 1024


def read_limited(path: Path, limit: int, *, what: str) -> bytes:
    """The file's bytes. Raises `ConfigError`, which calls it `what`, for one too large or not to be read."""
    try:
        with path.open("rb") as stream:
            content = stream.read(limit + 1)
    except OSError as problem:
        raise ConfigError(f"{what}: {problem.strerror or problem}") from problem
    if len(content) > limit:
        size = f"{limit} bytes" if limit % _MIB else f"{limit // _MIB} MiB"
        raise ConfigError(f"{what}: larger than {size}")
    return content
