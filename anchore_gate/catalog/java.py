"""Java archives: jar, war, ear and their kin. What reads them is imported where there are some."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

from anchore_gate.catalog.cataloger import Ownership
from anchore_gate.catalog.database import layer_of
from anchore_gate.image.filesystem import Filesystem
from anchore_gate.image.needs import MIB, Needs, Want
from anchore_gate.model.inventory import Distro, Package, Unknown
from anchore_gate.values import replace

EXTENSIONS = (".jar", ".war", ".ear", ".par", ".sar", ".nar", ".jpi", ".hpi", ".kar", ".lpkg")
MAX_ARCHIVE = 4096 * MIB  # bytes of an archive in the image; it is never held in memory
_WANT = Want(suffixes=frozenset({*EXTENSIONS, ".zip"}), limit=MAX_ARCHIVE)


class _Java:
    """See `Cataloger`."""

    name = "java"

    def needs(self) -> Needs:
        """See `Cataloger.needs`."""
        return Needs(wants=(_WANT,))

    def catalog(
        self,
        files: Filesystem,
        distro: Distro | None,  # noqa: ARG002  # the shape's argument
        *,
        with_files: bool,  # noqa: ARG002  # the shape's argument
    ) -> Iterator[Package | Ownership | Unknown]:
        """See `Cataloger.catalog`."""
        for path in files.kept(_WANT):
            from anchore_gate.catalog.java_walk import Walk

            layer = layer_of(files, path)
            with closing(files.open(path)) as stream:
                for found in Walk(path).archive(stream, path, depth=0):
                    yield replace(found, layer=layer) if isinstance(found, Package) else found


CATALOGER = _Java()
