"""Debian packages, from `lib/dpkg/status` and `status.d/` (and opkg's, of the same form)."""

from __future__ import annotations

from collections.abc import Iterator

from anchore_gate.catalog.cataloger import Ownership
from anchore_gate.catalog.database import BadDatabase, databases, unreadable
from anchore_gate.image.filesystem import Filesystem
from anchore_gate.image.needs import MIB, Needs, Want
from anchore_gate.model.inventory import Distro, Package, Unknown
from anchore_gate.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from anchore_gate.catalog.deb_packages import Reader

MAX_STATUS = 128 * MIB
MAX_INFO = 32 * MIB  # linux-headers and texlive lists are 3 MB
MAX_COPYRIGHT = 8 * MIB  # chromium's is 2 MB

_STATUS = Want(names=frozenset({"status"}), pattern=r"(?:/.*)?/lib/[do]pkg/status", limit=MAX_STATUS)
_PLACES = (Want.exact("/var/lib/dpkg/status", limit=MAX_STATUS),)
# Distroless names these files as it likes: the one want that every path is held against, so its
# pattern must fail at once. Beside them lie files that other systems have in `info/`.
_STATUS_D = Want(pattern=r"/(?:var|usr)/lib/dpkg/status\.d/[^/]+", holds="/status.d/", limit=16 * MIB)
_BESIDE = (
    ".md5sums",
    ".list",
    ".conffiles",
    ".preinst",
    ".postinst",
    ".prerm",
    ".postrm",
    ".config",
    ".templates",
    ".triggers",
    ".shlibs",
    ".symbols",
)
_INFO = (
    Want(
        suffixes=frozenset({".list", ".md5sums", ".conffiles"}),
        pattern=r"(?:/.*)?/lib/[do]pkg/(?:info|status\.d)/[^/]+",
        limit=MAX_INFO,
    ),
    Want(
        names=frozenset({"copyright"}),
        pattern=r"(?:/.*)?/usr/share/doc/[^/]+/copyright",
        limit=MAX_COPYRIGHT,
    ),
)
_OPKG = Want(suffixes=frozenset({".control"}), pattern=r"(?:/.*)?/lib/opkg/info/[^/]+", limit=MIB)
SYSTEM = frozenset({"/var/lib/dpkg", "/var/lib/dpkg/status.d"})


class DebCataloger:
    """See `Cataloger`."""

    name = "deb"

    def needs(self) -> Needs:
        """See `Cataloger.needs`."""
        return Needs(wants=(_STATUS, *_PLACES, _STATUS_D, _OPKG, *_INFO))

    def catalog(
        self, files: Filesystem, distro: Distro | None, *, with_files: bool
    ) -> Iterator[Package | Ownership | Unknown]:
        """See `Cataloger.catalog`."""
        reader: Reader | None = None
        for path in _databases(files):
            if isinstance(path, Unknown):
                yield path
                continue
            reader = reader or _reader(files, distro, with_files=with_files)
            try:
                yield from reader.packages(path)
            except BadDatabase as problem:
                yield unreadable(path, str(problem), system=SYSTEM, cataloger=self.name)


CATALOGER = DebCataloger()


def _databases(files: Filesystem) -> Iterator[str | Unknown]:
    for want in (_STATUS, _STATUS_D, _OPKG):
        places = _PLACES if want is _STATUS else ()
        for path in databases(files, want, system=SYSTEM, cataloger="deb", places=places):
            if want is not _STATUS_D or isinstance(path, Unknown) or not path.endswith(_BESIDE):
                yield path


def _reader(files: Filesystem, distro: Distro | None, *, with_files: bool) -> Reader:
    from anchore_gate.catalog.deb_info import Notices
    from anchore_gate.catalog.deb_packages import Reader

    return Reader(files, distro, with_files, Notices(files))
