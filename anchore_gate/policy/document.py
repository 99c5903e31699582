"""The JSON of a policy file, read with limits; a key that is written twice is refused."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path

from anchore_gate._file import read_limited
from anchore_gate.errors import ConfigError, InvalidBundle
from anchore_gate.typed import Any

MAX_BYTES = 64 * 1024 * 1024  # 50,000 allowlist items with reasons are 15 MB
MAX_VALUES = 4_000_000  # 20 bytes of text can be 200 of memory
MAX_DEPTH = 100
_LONG = 1000
_MAX_TOLD = 1000
_CONTAINERS: frozenset[type] = frozenset({dict, list})
_SHIPPED = Path(__file__).parent / "bundles"


class _Repeated(dict[str, Any]):
    """An object in which keys were written more than once."""

    keys_twice: tuple[str, ...] = ()


class RepeatedKeys(InvalidBundle):
    """Keys are written twice: `places` says where and which; `value` holds the last of each."""

    def __init__(self, value: Any, places: tuple[tuple[str, str], ...]) -> None:
        path, key = places[0]
        super().__init__(f"the key {key!r} is written twice"[:200], path=path)
        self.value, self.places = value, places


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
    """The file's bytes. Raises `ConfigError`."""
    return read_limited(path, MAX_BYTES, what=f"policy {str(path)!r}")


def parse_json(content: bytes | str) -> Any:
    """The JSON value. Raises `InvalidBundle` for damaged, too deep or ambiguous text."""
    text = decoded(content) if isinstance(content, bytes) else content
    commas, opened = _counted(text)
    value = _loaded(text)
    if not _is_plain(value, text, commas=commas, opened=opened):
        value = _loaded(text, object_pairs_hook=_with_repeated)
        places = tuple(islice(_places(value), _MAX_TOLD))
        if places:
            raise RepeatedKeys(value, places)
    return value


def list_at(text: str) -> tuple[list[Any], int]:
    """
    The list that a text begins with, and its length there; anything may follow.

    Raises `JSONDecodeError`, `RecursionError`, and `InvalidBundle` as `parse_json` does.
    """
    if len(text) > MAX_VALUES:
        _counted(text)
    value, length = json.JSONDecoder(parse_constant=_refused).raw_decode(text)
    text = text[:length]
    commas, opened = _counted(text)
    if not _is_plain(value, text, commas=commas, opened=opened):
        parse_json(text)
    return value, length


def _counted(text: str) -> tuple[int, int]:
    """Commas and opening brackets, no fewer than there are. Raises `InvalidBundle` for too many."""
    commas, opened = text.count(","), text.count("{") + text.count("[")
    if commas + opened > MAX_VALUES:
        raise InvalidBundle(f"more than {MAX_VALUES:,} values")
    return commas, opened


def _loaded(text: str, *, object_pairs_hook: Callable[[list[tuple[str, Any]]], Any] | None = None) -> Any:
    try:
        return json.loads(text, object_pairs_hook=object_pairs_hook, parse_constant=_refused)
    except RecursionError as problem:
        raise InvalidBundle("nested too deeply") from problem
    except InvalidBundle:
        raise
    except json.JSONDecodeError as problem:
        raise InvalidBundle(f"not JSON: {_beginning(text) or problem}") from problem
    except ValueError as problem:  # Python reads no number of more than 4,300 digits
        raise InvalidBundle("a number of too many digits") from problem


def _refused(constant: str) -> Any:
    raise InvalidBundle(f"not JSON: {constant} is no value")  # but to Python


def _beginning(text: str) -> str:
    """What a file is, that does not even begin like a policy."""
    start = text.lstrip("\ufeff \t\r\n")
    if not start:
        return "the file is empty"
    if start[0] in '{["':
        return ""
    return f"it begins with {start.splitlines()[0][:30]!r} (a policy is JSON, not YAML)"


def decoded(content: bytes) -> str:
    """A policy file's text: UTF-8, UTF-16 or UTF-32. Raises `InvalidBundle`."""
    try:
        return content.decode(json.detect_encoding(content), "surrogatepass")
    except UnicodeDecodeError as problem:
        place = f"byte {content[problem.start]:#04x} at {problem.start}"
        raise InvalidBundle(f"not JSON: not {problem.encoding.upper()} ({place})") from problem


def _is_plain(value: Any, text: str, *, commas: int, opened: int) -> bool:
    """
    Whether no key can have been written twice, which a count tells far sooner than a look at every key.

    Raises `InvalidBundle` for a value that is nested too deeply.
    """
    found = _containers(value, opened) if isinstance(value, (dict, list)) else []
    if commas == sum(map(len, found)) - sum(map(bool, found)):
        return True
    return _keys_written(text) == sum(len(one) for one in found if one.__class__ is dict)


def _containers(value: Any, opened: int) -> list[Any]:
    """Every object and list. Once as many are found as the text may hold, nobody looks into the last ones."""
    found: list[Any] = [value]
    groups: list[tuple[int, list[Any]]] = [(1, [value])]
    long: list[tuple[int, list[Any]]] = []  # what long lists hold comes last: fifty thousand items hold none
    while len(found) < opened and (groups or long):
        depth, group = groups.pop() if groups else long.pop()
        if depth >= MAX_DEPTH:
            raise InvalidBundle(f"nested more than {MAX_DEPTH} levels deep")
        large = [one for one in group if len(one) > _LONG]
        small = group if not large else [one for one in group if len(one) <= _LONG]
        for holders, waiting in ((small, groups), *(([one], long) for one in large)):
            children = [child for one in holders for child in _values(one) if child.__class__ in _CONTAINERS]
            found += children
            if children:
                waiting.append((depth + 1, children))
    return found


def _values(container: Any) -> Iterable[Any]:
    return container.values() if container.__class__ is dict else container


def _keys_written(text: str) -> int:
    """No fewer than there are; -1 where blanks before a colon leave it open."""
    is_open = any(blank in text and f"{blank}:" in text for blank in "\t\r\n ")
    return -1 if is_open else text.count('":')


def _with_repeated(items: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(items)
    if len(made) == len(items):
        return made
    marked = _Repeated(made)
    marked.keys_twice = tuple(_twice(items))
    return marked


def _twice(items: list[tuple[str, Any]]) -> Iterator[str]:
    seen: set[str] = set()
    for key, _ in items:
        if key in seen:
            yield key
        seen.add(key)


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
