"""What is installed. The folder is the registry: one module, one `CATALOGER`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache

from anchore_gate._folder import members
from anchore_gate.catalog import distro as distributions
from anchore_gate.catalog.cataloger import Cataloger, Ownership
from anchore_gate.catalog.database import is_wanted
from anchore_gate.image.filesystem import Filesystem
from anchore_gate.image.needs import Needs
from anchore_gate.model.inventory import Inventory, Package, PackageFile, Unknown
from anchore_gate.values import replace

# Folders that are links into /usr on a merged system; package databases know both spellings.
_MERGED = ("/usr/bin/", "/usr/sbin/", "/usr/lib/", "/usr/lib64/", "/usr/lib32/", "/usr/libx32/")
# No catalogers, and slow to import: manifests in and out, and what a cataloger needs once it found something.
_OTHERS = (
    *("sbom", "cyclonedx", "spdx", "syft"),
    *("java_", "rpm_", "deb_", "gemspec", "maven", "zip_", "license_text"),
)


@cache
def catalogers() -> tuple[Cataloger, ...]:
    """Every cataloger in this folder, by name."""
    return members(__name__, "CATALOGER", without=_OTHERS)


def needs() -> Needs:
    """What all catalogers read."""
    return Needs.union([distributions.needs(), *(cataloger.needs() for cataloger in catalogers())])


def catalog(files: Filesystem, *, with_files: bool = False) -> Inventory:
    """
    Everything that is installed, sorted.

    `Inventory.files` is filled only `with_files`. Raises `CatalogError` where an operating
    system's package database cannot be read.
    """
    distro = distributions.find_distro(files)
    packages: dict[Package, None] = {}
    owners: list[Ownership] = []
    unknowns = set(_oversized(files))
    for cataloger in catalogers():
        for found in cataloger.catalog(files, distro, with_files=with_files):
            match found:
                case Package():
                    packages[found] = None
                case Ownership():
                    owners.append(found)
                case Unknown():
                    unknowns.add(found)
    return Inventory(
        distro=distro,
        packages=tuple(sorted(_marked(_distinct(packages), owners, files), key=_order)),
        unknowns=tuple(sorted(unknowns)),
        files=_recorded(owners) if with_files else (),
    )


def _oversized(files: Filesystem) -> Iterator[Unknown]:
    for path, size in files.oversized:
        for cataloger in catalogers():
            limits = [want.limit for want in cataloger.needs().wants if is_wanted(want, path)]
            if limits:
                yield Unknown(path, cataloger.name, f"{size} bytes, more than {max(limits)}")


def _distinct(packages: Iterable[Package]) -> Iterator[Package]:
    """Operating system packages once each: two databases may tell of the same one."""
    seen: set[tuple[str, str, str, str]] = set()
    for package in packages:
        key = (package.type, package.name, package.version, package.architecture)
        if not package.is_os or key not in seen:
            yield package
        seen.add(key)


def _marked(packages: Iterable[Package], owners: Iterable[Ownership], files: Filesystem) -> Iterator[Package]:
    """Language packages whose evidence an OS package brought say so in `owned_by`; programs are left out."""
    every = [(one, () if one.is_os else _spellings(one, files)) for one in packages]
    evidence = {name for _, names in every for name in names}
    owner: dict[str, str] = {}
    for ownership in owners:
        for path in evidence & ownership.paths:
            owner.setdefault(path, ownership.package.purl)
    for package, names in every:
        owned_by = next((owner[name] for name in names if name in owner), "")
        if not owned_by:
            yield package
        elif package.type != "binary":
            yield replace(package, owned_by=owned_by)


def _spellings(package: Package, files: Filesystem) -> tuple[str, ...]:
    """The evidence file of a package, as a package database may write it."""
    if not package.locations:
        return ()
    # An archive inside another has a place that is no path; the outer one follows it.
    path = next((one for one in package.locations if files.entry(one) is not None), package.locations[0])
    if path.startswith(_MERGED) and files.resolve(path[4:]) == path:
        return path, path[4:]
    return (path,)


def _order(package: Package) -> tuple[str, ...]:
    return package.type, package.name, package.version, package.architecture, *package.locations


def _recorded(owners: Iterable[Ownership]) -> tuple[tuple[Package, tuple[PackageFile, ...]], ...]:
    seen = {one.package: one.files for one in owners}
    return tuple((package, seen[package]) for package in sorted(seen, key=_order))
