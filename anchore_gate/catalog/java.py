"""Java archives: jar, war, ear and their kin. What reads them is imported where there are some."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

from anchore_gate.catalog.cataloger import FileCataloger
from anchore_gate.catalog.database import layer_of
from anchore_gate.image.filesystem import Filesystem
from anchore_gate.image.needs import MIB, Want
from anchore_gate.model.inventory import Package, Unknown
from anchore_gate.values import replace

EXTENSIONS = (".jar", ".war", ".ear", ".par", ".sar", ".nar", ".jpi", ".hpi", ".kar", ".lpkg")
MAX_ARCHIVE = 4096 * MIB  # bytes of an archive in the image; it is never held in memory
_WANT = Want(suffixes=frozenset({*EXTENSIONS, ".zip"}), limit=MAX_ARCHIVE)


def _read(files: Filesystem, path: str) -> Iterator[Package | Unknown]:
    from anchore_gate.catalog.java_walk import Walk

    layer = layer_of(files, path)
    with closing(files.open(path)) as stream:
        for found in Walk(path).archive(stream, path, depth=0):
            yield replace(found, layer=layer) if isinstance(found, Package) else found


CATALOGER = FileCataloger(name="java", wants=(_WANT,), read=_read)
