"""Image configs: what an image says about itself (OCI image-spec, config.md)."""

from __future__ import annotations

import json

from anchore_gate.errors import ImageError, InvalidReference, LimitExceeded
from anchore_gate.image.limits import MAX_JSON_DEPTH, MAX_LAYERS
from anchore_gate.model.digest import Digest
from anchore_gate.model.image import HistoryEntry, ImageConfig, Platform
from anchore_gate.regex import regex
from anchore_gate.typed import Any

_STRINGS = regex(rb'"(?:[^"\\]|\\.)*"')
_HALVES = regex(rb"\\u[dD][89a-fA-F]|\xed[\xa0-\xbf]")
_BRACKETS = regex(rb"[][{}]")


def load_json(raw: bytes, *, what: str) -> Any:
    """The JSON document in `raw`. Raises `ImageError`, `LimitExceeded`."""
    if raw.count(b"[") + raw.count(b"{") > MAX_JSON_DEPTH and _depth(raw) > MAX_JSON_DEPTH:
        raise LimitExceeded(f"{what}: JSON nested deeper than {MAX_JSON_DEPTH}")
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError) as problem:
        raise ImageError(f"{what}: not JSON: {problem}") from problem
    return _whole(found) if _HALVES.search(raw) else found


def _whole(value: Any) -> Any:
    """The same without halves of surrogate pairs, which are no text: U+FFFD, as for the tools that run it."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, dict):
        return {_whole(key): _whole(one) for key, one in value.items()}
    return [_whole(one) for one in value] if isinstance(value, list) else value


def load_object(raw: bytes, *, what: str) -> dict[str, Any]:
    """The JSON object in `raw`. Raises `ImageError`, `LimitExceeded`."""
    found = load_json(raw, what=what)
    if not isinstance(found, dict):
        raise ImageError(f"{what}: not a JSON object")
    return found


def config_of(raw: bytes, *, what: str) -> tuple[ImageConfig, tuple[Digest, ...]]:
    """The config in `raw`, and the diff_ids of its layers. Raises `ImageError`."""
    document = load_object(raw, what=what)
    try:
        return _config(document), _diff_ids(document)
    except (TypeError, InvalidReference) as problem:
        raise ImageError(f"{what}: not an image config: {problem}") from problem


def instructions(config: ImageConfig, count: int) -> tuple[str, ...]:
    """The build instruction that brought each of `count` layers, "" where the history does not say."""
    found = [entry.created_by for entry in config.history if not entry.empty_layer]
    if len(found) != count:
        return ("",) * count
    return tuple(text.removesuffix(" # buildkit") for text in found)


def _config(document: dict[str, Any]) -> ImageConfig:
    inner = _object(document, "config")
    health = _object(inner, "Healthcheck")
    return ImageConfig(
        user=_text(inner, "User"),
        env=_texts(inner, "Env"),
        labels=_pairs(inner, "Labels"),
        exposed_ports=tuple(sorted(_object(inner, "ExposedPorts"))),
        volumes=tuple(sorted(_object(inner, "Volumes"))),
        entrypoint=_texts(inner, "Entrypoint"),
        cmd=_texts(inner, "Cmd"),
        healthcheck=_texts(health, "Test"),
        working_dir=_text(inner, "WorkingDir"),
        stop_signal=_text(inner, "StopSignal"),
        shell=_texts(inner, "Shell"),
        onbuild=_texts(inner, "OnBuild"),
        created=_text(document, "created"),
        author=_text(document, "author"),
        platform=platform_of(document),
        history=tuple(_step(one) for one in _list(document, "history")),
    )


def platform_of(document: dict[str, Any]) -> Platform:
    """The platform that a config or a descriptor's `platform` names. Raises `TypeError`."""
    return Platform(
        _text(document, "os") or "linux",
        _text(document, "architecture") or "amd64",
        _text(document, "variant"),
    )


def _step(entry: Any) -> HistoryEntry:
    if not isinstance(entry, dict):
        raise TypeError("a history entry is no object")
    return HistoryEntry(
        created_by=_text(entry, "created_by"),
        empty_layer=entry.get("empty_layer") is True,
        created=_text(entry, "created"),
        comment=_text(entry, "comment"),
    )


def _diff_ids(document: dict[str, Any]) -> tuple[Digest, ...]:
    found = _texts(_object(document, "rootfs"), "diff_ids")
    if len(found) > MAX_LAYERS:
        raise TypeError(f"{len(found)} layers, more than {MAX_LAYERS}")
    return tuple(Digest.parse(one) for one in found)


def _object(document: dict[str, Any], key: str) -> dict[str, Any]:
    found = document.get(key)
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise TypeError(f"{key!r} is no object")
    return found


def _list(document: dict[str, Any], key: str) -> list[Any]:
    found = document.get(key)
    if found is None:
        return []
    if not isinstance(found, list):
        raise TypeError(f"{key!r} is no list")
    return found


def _text(document: dict[str, Any], key: str) -> str:
    found = document.get(key)
    if found is None:
        return ""
    if not isinstance(found, str):
        raise TypeError(f"{key!r} is no text")
    return found


def _texts(document: dict[str, Any], key: str) -> tuple[str, ...]:
    if isinstance(document.get(key), str):  # very old images wrote a command as one text
        return (document[key],)
    found = _list(document, key)
    if not all(isinstance(one, str) for one in found):
        raise TypeError(f"{key!r} holds something that is no text")
    return tuple(found)


def _pairs(document: dict[str, Any], key: str) -> tuple[tuple[str, str], ...]:
    found = _object(document, key)
    if not all(isinstance(value, str) for value in found.values()):
        raise TypeError(f"{key!r} holds something that is no text")
    return tuple(sorted(found.items()))


def _depth(raw: bytes) -> int:
    depth = deepest = 0
    for bracket in _BRACKETS.findall(_STRINGS.sub(b"", raw)):
        depth += 1 if bracket in b"[{" else -1
        deepest = max(deepest, depth)
    return deepest
