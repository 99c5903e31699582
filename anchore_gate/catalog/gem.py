"""Ruby gems: every `*.gemspec` under a `specifications` folder, default gems too."""

from __future__ import annotations

from collections.abc import Iterator

from anchore_gate.catalog.cataloger import Ownership
from anchore_gate.catalog.database import layer_of
from anchore_gate.image.filesystem import Filesystem
from anchore_gate.image.needs import MIB, Needs, Want
from anchore_gate.model.inventory import Distro, Package, Unknown
from anchore_gate.model.purl import purl

NO_VERSION = "UNKNOWN"  # what Syft writes for a package that does not say its version
_WANT = Want(suffixes=frozenset({".gemspec"}), pattern=r"(?:.*)/specifications/.*\.gemspec", limit=4 * MIB)


class _Gem:
    """See `Cataloger`."""

    name = "gem"

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
            from anchore_gate.catalog import gemspec

            text = files.read(path).decode("utf-8", "replace")
            found = gemspec.parse(text, file_name=path.rpartition("/")[2])
            if found is None:
                yield Unknown(path, self.name, "no name in gem specification")
                continue
            yield Package(
                type="gem",
                name=found.name,
                version=found.version or NO_VERSION,
                purl=purl("gem", "", found.name, found.version),
                licenses=found.licenses,
                locations=(path,),
                layer=layer_of(files, path),
                found_by="gem",
            )


CATALOGER = _Gem()
