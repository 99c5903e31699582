"""The shape of a cataloger."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from anchore_gate.image.filesystem import Filesystem
from anchore_gate.image.needs import Needs, Want
from anchore_gate.model.inventory import Distro, Package, PackageFile, Unknown
from anchore_gate.typed import Protocol
from anchore_gate.values import dataclass


@dataclass(frozen=True, slots=True)
class Ownership:
    """The paths that an OS package's database says it brought."""

    package: Package
    paths: frozenset[str]
    files: tuple[PackageFile, ...] = ()  # filled only when `with_files` was asked for


class Cataloger(Protocol):
    """Reads one kind of package evidence."""

    @property
    def name(self) -> str:
        """The word users and reports see, e.g. `apk`."""

    def needs(self) -> Needs:
        """The files it reads."""

    def catalog(
        self, files: Filesystem, distro: Distro | None, *, with_files: bool
    ) -> Iterator[Package | Ownership | Unknown]:
        """
        Yield what is installed, what it owns, and what could not be read.

        Raises `CatalogError` where an operating system's package database cannot be read at all.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class FileCataloger:
    """A `Cataloger` of packages each of which has a file that tells all of it."""

    name: str
    wants: tuple[Want, ...]
    read: Callable[[Filesystem, str], Iterator[Package | Unknown]]  # what the file at a path tells

    def needs(self) -> Needs:
        """See `Cataloger.needs`."""
        return Needs(wants=self.wants)

    def catalog(
        self,
        files: Filesystem,
        distro: Distro | None,  # noqa: ARG002  # the shape's argument
        *,
        with_files: bool,  # noqa: ARG002  # the shape's argument
    ) -> Iterator[Package | Ownership | Unknown]:
        """See `Cataloger.catalog`."""
        for want in self.wants:
            for path in files.kept(want):
                yield from self.read(files, path)
