"""Python distributions: wheels (`*.dist-info/METADATA`) and eggs (`*.egg-info`, file and folder)."""

from __future__ import annotations

from collections.abc import Iterator

from anchore_gate.catalog.cataloger import FileCataloger
from anchore_gate.catalog.database import layer_of
from anchore_gate.image.filesystem import Filesystem
from anchore_gate.image.needs import MIB, Want
from anchore_gate.model.inventory import Package, Unknown
from anchore_gate.model.purl import purl
from anchore_gate.regex import regex
from anchore_gate.values import replace

NO_VERSION = "UNKNOWN"  # what Syft writes for a package that does not say its version
_FOLDERS = r".*(?:dist-info/METADATA|egg-info/PKG-INFO|DIST-INFO/METADATA|EGG-INFO/PKG-INFO)"
_WANTS = (
    Want(names=frozenset({"metadata", "METADATA", "pkg-info", "PKG-INFO"}), pattern=_FOLDERS, limit=16 * MIB),
    Want(suffixes=frozenset({".egg-info"}), pattern=r".*\.egg-info", limit=16 * MIB),
)
_SIDE_FILES = ("RECORD", "installed-files.txt", "top_level.txt", "direct_url.json")
_HEADER = 256 * 1024  # bytes of the file that are searched for fields; a description may follow
_MAX_FIELD = 4096  # characters of a field that continuation lines may add up to
_MAX_LICENSE = 1024  # characters: some put the whole text there
_SEPARATORS = regex(r"[-_.]+")
_TROVE = "License :: "


def _read(files: Filesystem, path: str) -> Iterator[Package | Unknown]:
    fields = _fields(files.read(path))
    name = fields.get("name", [""])[-1]
    if not name:
        yield Unknown(path, "python", "no Name in Python metadata")
    elif name != "Python":  # Python 2.7's own egg-info: the interpreter, not a package
        package = _package(name, fields, _locations(files, path))
        yield replace(package, layer=layer_of(files, path))


def _fields(content: bytes) -> dict[str, list[str]]:
    """The header fields, lower-case; the first empty line ends them (core metadata, "Description")."""
    found: dict[str, list[str]] = {}
    last: list[str] | None = None
    for line in content[:_HEADER].decode("utf-8", "replace").splitlines():
        if not line:
            if found:
                break
        elif line[0] in " \t":
            if last is not None and len(last[-1]) < _MAX_FIELD:
                last[-1] = f"{last[-1]}\n {line.strip()}"
        elif ":" in line:
            key, _, value = line.partition(":")
            last = found.setdefault(key.strip().lower(), [])
            last.append(value.strip())
    return found


def _package(name: str, fields: dict[str, list[str]], locations: tuple[str, ...]) -> Package:
    # PEP 503; Syft 1.18.1 does the same
    normal = _SEPARATORS.sub("-", name).lower()[:512]
    version = fields.get("version", [""])[-1][:512]
    return Package(
        type="python",
        name=normal,
        version=version or NO_VERSION,
        purl=purl("pypi", "", normal, version),
        licenses=tuple(dict.fromkeys(_licenses(fields))),
        locations=locations,
        found_by="python",
        spelling="" if name == normal else name[:512],
    )


def _licenses(fields: dict[str, list[str]]) -> Iterator[str]:
    """The expression (PEP 639), else the licence field, else the classifiers."""
    for field in ("license-expression", "license"):
        for text in fields.get(field, ()):
            if text and text.upper() != "UNKNOWN":
                yield text[:_MAX_LICENSE]
                return
    for classifier in fields.get("classifier", ()):
        if classifier.startswith(_TROVE):
            yield classifier.rpartition(" :: ")[2]


def _locations(files: Filesystem, path: str) -> tuple[str, ...]:
    folder, _, base = path.rpartition("/")
    if base.endswith(".egg-info"):
        return (path,)
    beside = (f"{folder}/{name}" for name in _SIDE_FILES)
    return (path, *(found for found in beside if files.entry(found) is not None))


CATALOGER = FileCataloger(name="python", wants=_WANTS, read=_read)
