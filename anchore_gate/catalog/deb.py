"""Debian packages, from `lib/dpkg/status` and `status.d/` (and opkg's, of the same form)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from anchore_gate.catalog import deb_info
from anchore_gate.catalog.cataloger import Ownership
from anchore_gate.catalog.database import databases, empty, layer_of
from anchore_gate.catalog.distro import distro_qualifier
from anchore_gate.image.filesystem import Filesystem
from anchore_gate.image.needs import MIB, Needs, Want
from anchore_gate.model.inventory import Distro, Package, Unknown
from anchore_gate.model.purl import purl

MAX_STATUS = 128 * MIB

_STATUS = Want(names=frozenset({"status"}), pattern=r"(?:/.*)?/lib/[do]pkg/status", limit=MAX_STATUS)
# Distroless names these files as it likes: the one want that every path is held against, so its
# pattern must fail at once. Beside them lie files that other systems have in `info/`.
_STATUS_D = Want(pattern=r"/(?:var|usr)/lib/dpkg/status\.d/[^/]+", limit=16 * MIB)
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
_OPKG = Want(suffixes=frozenset({".control"}), pattern=r"(?:/.*)?/lib/opkg/info/[^/]+", limit=MIB)
_SYSTEM = frozenset({"/var/lib/dpkg", "/var/lib/dpkg/status.d"})

_BLANK = re.compile(r"\n[ \t]*\n")
_FIELD = re.compile(
    r"^(Package|Source|Version|Architecture|Maintainer|Status)[ \t]*:[ \t]*(.*)$",
    re.MULTILINE | re.IGNORECASE,
)
_CONFFILES = re.compile(r"^Conffiles:((?:\n[ \t].*)*)", re.MULTILINE | re.IGNORECASE)
_SOURCE = re.compile(r"(\S+)(?:\s+\((.*)\))?")
_GONE = frozenset({"config-files", "not-installed"})


@dataclass(frozen=True, slots=True)
class DebCataloger:
    """See `Cataloger`."""

    name: str = "deb"

    def needs(self) -> Needs:
        """See `Cataloger.needs`."""
        return Needs(wants=(_STATUS, _STATUS_D, _OPKG, *deb_info.WANTS))

    def catalog(
        self, files: Filesystem, distro: Distro | None, *, with_files: bool
    ) -> Iterator[Package | Ownership | Unknown]:
        """See `Cataloger.catalog`."""
        for want in (_STATUS, _STATUS_D, _OPKG):
            for path in databases(files, want, system=_SYSTEM, cataloger=self.name):
                if isinstance(path, Unknown):
                    yield path
                elif want is not _STATUS_D or not path.endswith(_BESIDE):
                    yield from _read(files, path, distro, with_files=with_files)


CATALOGER = DebCataloger()


def _read(
    files: Filesystem, path: str, distro: Distro | None, *, with_files: bool
) -> Iterator[Package | Ownership | Unknown]:
    text = files.read(path).decode("utf-8", "replace")
    known = 0
    for paragraph in _BLANK.split(text):
        fields = {key.lower(): value.strip() for key, value in _FIELD.findall(paragraph)}
        if fields.get("package") and fields.get("version"):
            known += 1
            if _is_installed(fields):
                yield from _one(files, path, fields, paragraph, distro, with_files=with_files)
        elif paragraph.strip() and _is_installed(fields):
            yield Unknown(path, "deb", "a paragraph without package name or version")
    if not known:
        yield empty(path, text, system=_SYSTEM, cataloger="deb")


def _is_installed(fields: dict[str, str]) -> bool:
    """Whether dpkg counts the files as unpacked: `deinstall ok config-files` is not."""
    words = fields.get("status", "").split()
    return len(words) < 3 or words[2] not in _GONE


def _one(
    files: Filesystem,
    path: str,
    fields: dict[str, str],
    paragraph: str,
    distro: Distro | None,
    *,
    with_files: bool,
) -> Iterator[Package | Ownership]:
    name = fields["package"]
    info = deb_info.Info(files, path, name, fields.get("architecture", ""))
    notice, found = deb_info.licenses(files, path, name)
    package = _package(
        fields,
        distro,
        licenses=found,
        locations=tuple(filter(None, (path, info.list_path, notice))),
        layer=layer_of(files, info.list_path or path),
    )
    yield package
    conffiles = _CONFFILES.search(paragraph) if with_files else None
    recorded = tuple(info.files(conffiles[1] if conffiles else "")) if with_files else ()
    yield Ownership(package, info.paths(), recorded)


def _package(
    fields: dict[str, str],
    distro: Distro | None,
    *,
    licenses: tuple[str, ...],
    locations: tuple[str, ...],
    layer: int | None,
) -> Package:
    name, version, architecture = fields["package"], fields["version"], fields.get("architecture", "")
    found = _SOURCE.match(fields.get("source", ""))
    source, source_version = (found[1], found[2] or "") if found else ("", "")
    qualifiers = {
        "arch": architecture,
        "upstream": f"{source}@{source_version}" if source_version else source,
        "distro": distro_qualifier(distro),
    }
    return Package(
        type="deb",
        name=name,
        version=version,
        purl=purl("deb", distro.id if distro else "", name, version, qualifiers),
        architecture=architecture,
        licenses=licenses,
        locations=locations,
        layer=layer,
        upstream="" if source == name else source,
        upstream_version="" if source_version == version else source_version,
        maintainer=fields.get("maintainer", ""),
        found_by="deb",
    )
