"""Finding an operating system's package database, and saying what stops us from reading one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from anchore_gate.errors import CatalogError
from anchore_gate.image.filesystem import Filesystem
from anchore_gate.image.needs import Want
from anchore_gate.model.inventory import Unknown
from anchore_gate.values import dataclass

MAX_PACKAGES = 200_000  # in one database; Debian as a whole has 64,000
MAX_PATHS = 256 * 1024 * 1024  # bytes of all paths of one database, with what Python adds to each

_PER_PATH = 64
_SAMPLE = 16  # owned files asked for their layer: a package's files arrive together


class BadDatabase(ValueError):
    """Bytes that are no package database, or a damaged or hostile one."""


@dataclass(slots=True)
class Budget:
    """What one database may make of its bytes: a short one can name the same long folder a million times."""

    packages: int = MAX_PACKAGES
    paths: int = MAX_PATHS

    def package(self) -> None:
        """Count one package. Raises `BadDatabase`."""
        self.packages -= 1
        if self.packages < 0:
            raise BadDatabase(f"more than {MAX_PACKAGES} packages")

    def spend(self, length: int, count: int = 1) -> None:
        """Count paths of some length together. Raises `BadDatabase`."""
        self.paths -= length + _PER_PATH * count
        if self.paths < 0:
            raise BadDatabase(f"more than {MAX_PATHS} bytes of paths")

    def counted(self, paths: Iterable[str]) -> Iterator[str]:
        """The same paths, counted one by one. Raises `BadDatabase`."""
        for path in paths:
            self.spend(len(path))
            yield path


def databases(
    files: Filesystem,
    want: Want,
    *,
    system: frozenset[str],
    cataloger: str,
    places: tuple[Want, ...] = (),
) -> Iterator[str | Unknown]:
    """
    The paths of the databases, and of those that were too large to keep.

    `places` are the single paths where the package manager looks: what lies there behind a symbolic
    link may have any name. Raises `CatalogError` when one in a `system` folder is too large: the
    packages of the image are not known then.
    """
    for path, size in files.oversized:
        if is_wanted(want, path):
            yield unreadable(
                path, f"{size} bytes, more than {want.limit}", system=system, cataloger=cataloger
            )
    kept = list(files.kept(want))
    yield from kept
    for place in places:
        found = files.resolve(place.path)
        if found is None or found in (place.path, *kept) or place.path in kept:
            continue
        entry = files.entry(found)
        if entry is not None and entry.type == "file":
            kept.append(entry.path)
            if files.has(place.path):
                yield place.path
            else:
                reason = f"a link to {entry.path!r}, which was not kept"
                yield unreadable(place.path, reason, system=system, cataloger=cataloger)


def unreadable(path: str, reason: str, *, system: frozenset[str], cataloger: str) -> Unknown:
    """What to report of a database we cannot read. Raises `CatalogError` for the system's own."""
    if path.rpartition("/")[0] in system:
        raise CatalogError(f"{cataloger} database {path!r}: {reason}")
    return Unknown(path, cataloger, reason)


def empty(path: str, text: str, *, system: frozenset[str], cataloger: str) -> Unknown:
    """What to report of a database of text that has no package: blank is empty, else `unreadable`."""
    if text.strip():
        return unreadable(path, "no package can be read", system=system, cataloger=cataloger)
    return Unknown(path, cataloger, "no packages in it")


def is_wanted(want: Want, path: str) -> bool:
    """Whether a file at `path` fits `want`, whatever its size."""
    name = path.rpartition("/")[2].lower()
    named = name in map(str.lower, want.names) or name.endswith(tuple(map(str.lower, want.suffixes)))
    named = named or not (want.names or want.suffixes)
    return named and (not want.pattern or re.fullmatch(want.pattern, path) is not None)


def layer_of(files: Filesystem, path: str, owned: Iterable[str] = ()) -> int | None:
    """The layer that brought a package: that of its oldest file, else of the database."""
    layers: list[int] = []
    for candidate in owned:
        entry = files.entry(candidate)
        if entry is not None and entry.type == "file":
            layers.append(entry.layer)
            if len(layers) == _SAMPLE:
                break
    if layers:
        return min(layers)
    entry = files.entry(path)
    return None if entry is None else entry.layer
