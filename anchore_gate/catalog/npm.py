"""npm packages: the `package.json` of each module, and of the application itself."""

from __future__ import annotations

import json
from collections.abc import Iterator

from anchore_gate.catalog.cataloger import FileCataloger
from anchore_gate.catalog.database import layer_of
from anchore_gate.catalog.json_text import sound
from anchore_gate.image.filesystem import Filesystem
from anchore_gate.image.needs import MIB, Want
from anchore_gate.model.inventory import Package, Unknown
from anchore_gate.model.purl import purl
from anchore_gate.typed import Any
from anchore_gate.values import replace

NO_VERSION = "UNKNOWN"  # what Syft writes for a package that does not say its version
_WANT = Want(names=frozenset({"package.json"}), pattern=r".*/package\.json", limit=16 * MIB)
_MAX_DOCUMENTS = 16  # in one file; Syft reads JSON documents that follow each other
_MAX_TEXT = 512  # characters of a name or version


def _read(files: Filesystem, path: str) -> Iterator[Package | Unknown]:
    try:
        documents = _documents(files.read(path))
    except (ValueError, RecursionError) as problem:
        yield Unknown(path, "npm", f"not a package.json: {str(problem)[:200]}")
        return
    for document in documents:
        found = _package(document, path)
        if isinstance(found, Package):
            yield replace(found, layer=layer_of(files, path))
        elif found is not None:
            yield found


def _no_json(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


_DECODER = json.JSONDecoder(parse_constant=_no_json)


def _documents(content: bytes) -> list[Any]:
    text = content.decode("utf-8-sig", "replace")
    found: list[Any] = []
    position, end = 0, len(text.rstrip())
    while position < end:
        if len(found) == _MAX_DOCUMENTS:
            raise ValueError("too many JSON documents")
        position += len(text[position:]) - len(text[position:].lstrip())
        document, position = _DECODER.raw_decode(text, position)
        found.append(document)
    return found


def _package(document: Any, path: str) -> Package | Unknown | None:
    """None for a file that names no package: `{"type": "module"}` is no evidence."""
    if not isinstance(document, dict):
        return None
    name, version = document.get("name"), document.get("version") or ""
    if not isinstance(name, str) or not name:
        return None
    if not isinstance(version, str):
        return Unknown(path, "npm", f"the version of {sound(name)[:_MAX_TEXT]!r} is no text")
    if len(name) > _MAX_TEXT or len(version) > _MAX_TEXT:
        return None
    name, version = sound(name), sound(version)
    namespace, _, bare = name.rpartition("/")
    return Package(
        type="npm",
        name=name,
        version=version or NO_VERSION,
        purl=purl("npm", namespace, bare, version),
        licenses=tuple(dict.fromkeys(_licenses(document))),
        locations=(path,),
        found_by="npm",
    )


def _licenses(document: dict[str, Any]) -> Iterator[str]:
    """The forms npm has had: a string, an object, and a list of either, under two names."""
    for field in ("license", "licenses"):
        value = document.get(field)
        for one in value[:64] if isinstance(value, list) else [value]:
            text = one.get("type") or one.get("name") if isinstance(one, dict) else one
            if isinstance(text, str) and text.strip():
                yield sound(text.strip())


CATALOGER = FileCataloger(name="npm", wants=(_WANT,), read=_read)
