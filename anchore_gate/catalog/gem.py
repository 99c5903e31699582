"""Ruby gems: every `*.gemspec` under a `specifications` folder, default gems too."""

from __future__ import annotations

from collections.abc import Iterator

from anchore_gate.catalog.cataloger import FileCataloger
from anchore_gate.catalog.database import layer_of
from anchore_gate.image.filesystem import Filesystem
from anchore_gate.image.needs import MIB, Want
from anchore_gate.model.inventory import Package, Unknown
from anchore_gate.model.purl import purl

NO_VERSION = "UNKNOWN"  # what Syft writes for a package that does not say its version
_WANT = Want(suffixes=frozenset({".gemspec"}), pattern=r"(?:.*)/specifications/.*\.gemspec", limit=4 * MIB)


def _read(files: Filesystem, path: str) -> Iterator[Package | Unknown]:
    from anchore_gate.catalog import gemspec

    text = files.read(path).decode("utf-8", "replace")
    found = gemspec.parse(text, file_name=path.rpartition("/")[2])
    if found is None:
        yield Unknown(path, "gem", "no name in gem specification")
        return
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


CATALOGER = FileCataloger(name="gem", wants=(_WANT,), read=_read)
