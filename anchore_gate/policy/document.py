"""The JSON of a policy file, read with limits; a key that is written twice is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from anchore_gate.errors import ConfigError, InvalidBundle

MAX_BYTES = 64 * 1024 * 1024  # 50,000 allowlist items with reasons are 15 MB
MAX_DEPTH = 100
_SHIPPED = Path(__file__).parent / "bundles"


class _Repeated(dict[str, Any]):
    """An object in which keys were written more than once."""

    keys_twice: tuple[str, ...] = ()


def shipped_names() -> tuple[str, ...]:
    """The policies that ship, by the names that choose them."""
    return tuple(sorted(path.stem for path in _SHIPPED.glob("*.json")))


def locate(source: str | Path) -> Path:
    """The file that a path or the name of a shipped policy means. Raises `ConfigError`."""
    path = Path(source)
    if isinstance(source, str) and source in shipped_names():
        return _SHIPPED / f"{source}.json"
    if path.is_dir():
        raise ConfigError(f"policy {str(source)!r}: a folder, not a file")
    if not path.exists():
        shipped = ", ".join(shipped_names())
        raise ConfigError(f"policy {str(source)!r}: no such file, and no policy that ships ({shipped})")
    return path


def read_text(path: Path) -> bytes:
    """The file's bytes. Raises `ConfigError`, and `InvalidBundle` for one that is too large."""
    try:
        with path.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except OSError as problem:
        raise ConfigError(f"policy {str(path)!r}: {problem.strerror or problem}") from problem
    if len(content) > MAX_BYTES:
        raise InvalidBundle(f"larger than {MAX_BYTES // 2**20} MiB")
    return content


def parse_json(content: bytes | str) -> Any:
    """The JSON value. Raises `InvalidBundle` for damaged, too deep or ambiguous text."""
    repeated: list[str] = []

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(items)
        if len(made) == len(items):
            return made
        marked = _Repeated(made)
        marked.keys_twice = tuple(_twice(items))
        repeated.extend(marked.keys_twice)
        return marked

    try:
        value = json.loads(content, object_pairs_hook=pairs)
    except RecursionError as problem:
        raise InvalidBundle("nested too deeply") from problem
    except ValueError as problem:
        raise InvalidBundle(f"not JSON: {problem}") from problem
    if isinstance(value, (dict, list)) and _is_deep(value):
        raise InvalidBundle(f"nested more than {MAX_DEPTH} levels deep")
    if repeated:
        path, key = next(_places(value))
        raise InvalidBundle(f"the key {key!r} is written twice", path=path)
    return value


def _twice(items: list[tuple[str, Any]]) -> Iterator[str]:
    seen: set[str] = set()
    for key, _ in items:
        if key in seen:
            yield key
        seen.add(key)


def _is_deep(value: Any) -> bool:
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [
            child
            for one in level
            for child in (one.values() if isinstance(one, dict) else one)
            if child.__class__ is dict or child.__class__ is list or child.__class__ is _Repeated
        ]
        if not level:
            return False
    return True


def _places(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, _Repeated):
        for key in value.keys_twice:
            yield path, key
    if isinstance(value, dict):
        for key, child in value.items():
            yield from _places(child, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for index, child in enumerate(value):
            yield from _places(child, f"{path}[{index}]")
