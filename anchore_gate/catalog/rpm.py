"""RPM packages: where rpm keeps its database. What reads one is imported where there is one."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from anchore_gate.catalog.cataloger import Ownership
from anchore_gate.catalog.database import BadDatabase, databases, unreadable
from anchore_gate.image.filesystem import Filesystem
from anchore_gate.image.needs import MIB, Needs, Want
from anchore_gate.model.inventory import Distro, Package, Unknown

MAX_DATABASE = 512 * MIB

_FOLDER = r"(?:/.*)?/(?:var/lib|usr/share|usr/lib/sysimage)/rpm/"
_DATABASES = Want(
    names=frozenset({"Packages", "Packages.db", "rpmdb.sqlite"}),
    pattern=_FOLDER + r"(?:Packages|Packages\.db|rpmdb\.sqlite)",
    limit=MAX_DATABASE,
)
_PLACES = tuple(
    Want.exact(f"/{folder}/rpm/{name}", limit=MAX_DATABASE)
    for folder in ("var/lib", "usr/lib/sysimage")
    for name in ("Packages", "Packages.db", "rpmdb.sqlite")
)
_LOG_PLACES = tuple(
    Want.exact(f"{one.path}-wal", limit=MAX_DATABASE) for one in _PLACES if one.path.endswith("sqlite")
)
_LOGS = Want(
    names=frozenset({"rpmdb.sqlite-wal"}), pattern=_FOLDER + r"rpmdb\.sqlite-wal", limit=MAX_DATABASE
)
_MANIFESTS = Want(
    names=frozenset({"container-manifest-2"}),
    pattern=r"(?:/.*)?/var/lib/rpmmanifest/container-manifest-2",
)
SYSTEM = frozenset({"/var/lib/rpm", "/usr/share/rpm", "/usr/lib/sysimage/rpm", "/var/lib/rpmmanifest"})


class RpmCataloger:
    """See `Cataloger`."""

    name = "rpm"

    def needs(self) -> Needs:
        """See `Cataloger.needs`."""
        return Needs(wants=(_DATABASES, _LOGS, _MANIFESTS, *_PLACES, *_LOG_PLACES))

    def catalog(
        self, files: Filesystem, distro: Distro | None, *, with_files: bool
    ) -> Iterator[Package | Ownership | Unknown]:
        """See `Cataloger.catalog`."""
        for path in databases(files, _DATABASES, system=SYSTEM, cataloger=self.name, places=_PLACES):
            if isinstance(path, Unknown):
                yield path
                continue
            from anchore_gate.catalog.rpm_packages import read

            try:
                yield from read(files, path, distro, with_files=with_files)
            except (BadDatabase, struct.error) as problem:
                yield unreadable(path, str(problem), system=SYSTEM, cataloger=self.name)
        for path in databases(files, _MANIFESTS, system=SYSTEM, cataloger=self.name):
            if isinstance(path, Unknown):
                yield path
                continue
            from anchore_gate.catalog.rpm_packages import manifest

            yield from manifest(files, path, distro)


CATALOGER = RpmCataloger()
