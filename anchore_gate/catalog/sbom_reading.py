"""What the readers of manifests share: careful JSON, package types, and what a package URL tells."""

from __future__ import annotations

from collections.abc import Iterator

from anchore_gate.catalog.json_text import sound
from anchore_gate.errors import ImageError, InvalidReference
from anchore_gate.model.digest import Digest
from anchore_gate.model.image import Image, ImageReference
from anchore_gate.model.inventory import OS_TYPES, Distro, Inventory, Package, Unknown
from anchore_gate.model.purl import Purl
from anchore_gate.regex import regex
from anchore_gate.typed import Any
from anchore_gate.values import dataclass, field, replace

MAX_PACKAGES = 500_000
OVERLAP = "ownership-by-file-overlap"  # Syft's word for an OS package with another's files
_TYPES = {
    "cargo": "rust-crate",
    "composer": "php-composer",
    "golang": "go-module",
    "maven": "java-archive",
    "nuget": "dotnet",
    "pub": "dart-pub",
    "pypi": "python",
}
_SOURCE_RPM = regex(r"(.+)-([^-]+-[^-]+)\.(?:no)?src\.rpm")
_WITH_NAMESPACE = frozenset({"npm", "golang", "composer"})  # whose names carry it


@dataclass(slots=True)
class Manifest:
    """What a reader gathers."""

    packages: list[Package] = field(default_factory=list)
    unknowns: list[Unknown] = field(default_factory=list)
    distro: Distro | None = None
    name: str = ""
    facts: dict[str, str] = field(default_factory=dict)  # of the image: tag, digest, id
    places: dict[str, int] = field(default_factory=dict)  # in `packages`, by the document's ids

    def add(self, package: Package, *, id: str = "") -> None:
        """Take one more package. Raises `ImageError` beyond the limit."""
        if len(self.packages) >= MAX_PACKAGES:
            raise ImageError(f"more than {MAX_PACKAGES} packages in the SBOM")
        self.places.setdefault(id, len(self.packages))
        self.packages.append(package)

    def own(self, parent: str, child: str) -> None:
        """Mark a package whose files an OS package brought, both by their ids."""
        if not parent or not child or parent not in self.places or child not in self.places:
            return
        owner, owned = self.packages[self.places[parent]], self.packages[self.places[child]]
        if owner.type in OS_TYPES and owned.type not in OS_TYPES and not owned.owned_by:
            self.packages[self.places[child]] = replace(owned, owned_by=owner.purl)

    def miss(self, name: str, reason: str) -> None:
        """Say that an entry could not be read as a package."""
        self.unknowns.append(Unknown(name[:500], "sbom", reason))

    def inventory(self) -> Inventory:
        """The packages, sorted, with the distribution the document or its package URLs name."""
        packages = sorted(self.packages, key=_order)
        return Inventory(
            distro=self.distro or _distro_in(packages),
            packages=tuple(packages),
            unknowns=tuple(sorted(set(self.unknowns))),
        )

    def image(self, path: str) -> Image:
        """The image the document describes, as far as it says."""
        return Image(
            name=path,
            source="sbom",
            tag=_reference(self.facts.get("tag", "")),
            digest=_digest(self.facts.get("digest", "")),
            config_digest=_digest(self.facts.get("id", "")),
        )


def text(row: Any, key: str) -> str:
    """A text in a JSON object, "" where it is not there or none."""
    value = row.get(key) if isinstance(row, dict) else None
    return sound(value) if isinstance(value, str) else ""


def texts(row: Any, key: str) -> tuple[str, ...]:
    """The texts in a list of a JSON object."""
    value = row.get(key) if isinstance(row, dict) else None
    return tuple(sound(one) for one in value if isinstance(one, str)) if isinstance(value, list) else ()


def rows(row: Any, key: str) -> Iterator[dict[str, Any]]:
    """The objects in a list of a JSON object."""
    value = row.get(key) if isinstance(row, dict) else None
    return (one for one in value if isinstance(one, dict)) if isinstance(value, list) else iter(())


def package_of(*, type: str, name: str, version: str, purl: str, group: str = "") -> Package | None:
    """A package by its coordinates and its package URL; None where neither tells its type and name."""
    parts = _parse(purl)
    kind = type or (_TYPES.get(parts.type, parts.type) if parts is not None else "")
    if parts is not None and not name:
        name = parts.name
    if not kind or not name:
        return None
    package = Package(type=kind, name=name, version=version, purl=purl if parts is not None else "")
    if parts is None:
        return replace(package, group_id=group)
    return _told(package, parts, group)


def _told(package: Package, parts: Purl, group: str) -> Package:
    upstream, upstream_version = _upstream(parts)
    version, written = package.version or parts.version, parts.qualifier("epoch")
    epoch = int(written) if written.isdecimal() and len(written) < 10 else None
    bare = version.rpartition(":")[2] if parts.type == "rpm" else version
    if parts.type == "rpm" and epoch is not None and ":" not in version:
        version = f"{epoch}:{version}"
    name = package.name
    if parts.type in _WITH_NAMESPACE and parts.namespace and "/" not in name:
        name = f"{parts.namespace}/{name}"
    return replace(
        package,
        name=name,
        version=version,
        architecture=parts.qualifier("arch"),
        upstream="" if upstream == name else upstream,
        upstream_version="" if upstream_version == bare else upstream_version,
        epoch=epoch,
        modularity=parts.qualifier("rpmmod") or None,
        group_id=(group or parts.namespace) if parts.type == "maven" else "",
    )


def _upstream(parts: Purl) -> tuple[str, str]:
    written = parts.qualifier("upstream")
    if (found := _SOURCE_RPM.fullmatch(written)) is not None:
        return found[1], found[2]
    name, _, version = written.partition("@")
    return name, version


def _parse(purl: str) -> Purl | None:
    try:
        return Purl.parse(purl) if purl else None
    except InvalidReference:
        return None


def _distro_in(packages: list[Package]) -> Distro | None:
    """The distribution that the package URLs of its packages name: `distro=debian-12`."""
    for package in packages:
        if package.type in OS_TYPES and (parts := _parse(package.purl)) is not None:
            word, _, version = parts.qualifier("distro").rpartition("-")
            if word or parts.namespace:
                return Distro(id=word or parts.namespace, version_id=version if word else "")
    return None


def _reference(written: str) -> str:
    """The tag as mappings see it, registry and all."""
    try:
        return str(ImageReference.parse(written)) if written else ""
    except InvalidReference:
        return ""


def _digest(written: str) -> Digest | None:
    try:
        return Digest.parse(written) if written else None
    except InvalidReference:
        return None


def _order(package: Package) -> tuple[str, ...]:
    return package.type, package.name, package.version, package.architecture, *package.locations
