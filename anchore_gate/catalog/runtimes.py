"""What was built or copied, not installed: Python by its headers, Go by its own files, BusyBox."""

from __future__ import annotations

from collections.abc import Iterator

from anchore_gate.catalog.cataloger import FileCataloger
from anchore_gate.catalog.database import layer_of
from anchore_gate.image.filesystem import Filesystem
from anchore_gate.image.needs import MIB, Want
from anchore_gate.model.inventory import Package, Unknown
from anchore_gate.model.purl import purl
from anchore_gate.regex import regex

_MAX_PROGRAM = 16 * MIB
_WANTS = (
    Want(names=frozenset({"busybox"}), pattern=r".*/busybox", limit=_MAX_PROGRAM),
    Want(names=frozenset({"patchlevel.h"}), pattern=r".*/patchlevel\.h", limit=MIB),
    Want(names=frozenset({"VERSION"}), pattern=r".*/VERSION", limit=MIB),
)
_PYTHON = regex(rb"(?m)^[ \t]*#[ \t]*define[ \t]+PY_VERSION[ \t]+\"([0-9][0-9.a-z]*)")
_GO = regex(rb"go([0-9]+\.[0-9]+(?:\.[0-9]+)?(?:(?:beta|alpha|rc)[0-9]+)?)\s")
_BUSYBOX = regex(rb"BusyBox[ \t]+v([0-9]+\.[0-9]+\.[0-9]+)")  # its banner
_HEADERS = regex(r"(.*)/include/(?:python|pypy)([^/]*)/patchlevel\.h")
# the NVD's
_VENDORS = {"python": ("python", "python_software_foundation"), "go": ("golang",), "busybox": ("busybox",)}


def _read(files: Filesystem, path: str) -> Iterator[Package | Unknown]:
    content = files.read(path)
    programs: Iterator[str] = iter(())
    if path.endswith("/busybox"):
        name, found = "busybox", _BUSYBOX.search(content)
    elif path.endswith("/VERSION"):
        name, found, programs = "go", _GO.match(content + b"\n"), _go_programs(path)
    else:
        name, found, programs = "python", _PYTHON.search(content), _python_programs(path)
    if found is None:
        return  # perl has a patchlevel.h, and everybody a VERSION
    version = found[1].decode("ascii")
    present = (one for one in programs if (entry := files.entry(one)) is not None and entry.type == "file")
    yield Package(
        type="binary",
        name=name,
        version=version,
        purl=purl("generic", "", name, version),
        locations=(*list(present)[:1], path),  # Anchore calls it by the program's place
        layer=layer_of(files, path),
        cpes=tuple(f"cpe:2.3:a:{vendor}:{name}:{version}:*:*:*:*:*:*:*" for vendor in _VENDORS[name]),
        found_by="runtimes",
    )


def _go_programs(path: str) -> Iterator[str]:
    yield f"{path.removesuffix('/VERSION')}/bin/go"


def _python_programs(path: str) -> Iterator[str]:
    """The library, which knows the version where there is one, else the interpreter."""
    if (found := _HEADERS.fullmatch(path)) is not None:
        yield f"{found[1]}/lib/libpython{found[2]}.so.1.0"
        yield f"{found[1]}/bin/python{found[2]}"


CATALOGER = FileCataloger(name="runtimes", wants=_WANTS, read=_read)
