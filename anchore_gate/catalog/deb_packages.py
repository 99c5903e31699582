"""What a paragraph of dpkg's status says, with what lies beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from anchore_gate.catalog import deb_info
from anchore_gate.catalog.cataloger import Ownership
from anchore_gate.catalog.database import Budget, empty, layer_of
from anchore_gate.catalog.deb import SYSTEM
from anchore_gate.catalog.distro import distro_qualifier
from anchore_gate.image.filesystem import Filesystem
from anchore_gate.model.inventory import Distro, Package, PackageFile, Unknown
from anchore_gate.model.purl import purl
from anchore_gate.regex import regex
from anchore_gate.values import dataclass, field

_BLANK = regex(r"\n[ \t]*\n")
_FIELD = regex(
    r"^(Package|Source|Version|Architecture|Maintainer|Status)[ \t]*:[ \t]*(.*)$",
    re.MULTILINE | re.IGNORECASE,
)
_CONFFILES = regex(r"^Conffiles:((?:\n[ \t].*)*)", re.MULTILINE | re.IGNORECASE)
_SOURCE = regex(r"(\S+)(?:\s+\((.*)\))?")
_GONE = frozenset({"config-files", "not-installed"})


@dataclass(slots=True)
class Reader:
    """One image's paragraphs, with what may still be spent on them."""

    files: Filesystem
    distro: Distro | None
    with_files: bool
    notices: deb_info.Notices
    budget: Budget = field(default_factory=Budget)

    def packages(self, path: str) -> Iterator[Package | Ownership | Unknown]:
        """Yield what a status file holds. Raises `BadDatabase`."""
        text = self.files.read(path).decode("utf-8", "replace")
        known = 0
        for paragraph in _BLANK.split(text):
            fields = {key.lower(): value.strip() for key, value in _FIELD.findall(paragraph)}
            if fields.get("package") and fields.get("version"):
                known += 1
                if _is_installed(fields):
                    yield from self._package(path, fields, paragraph)
            elif paragraph.strip() and _is_installed(fields):
                yield Unknown(path, "deb", "a paragraph without package name or version")
        if not known:
            yield empty(path, text, system=SYSTEM, cataloger="deb")

    def _package(self, path: str, fields: dict[str, str], paragraph: str) -> Iterator[Package | Ownership]:
        self.budget.package()
        info = deb_info.Info(self.files, path, fields["package"], fields.get("architecture", ""))
        notice = self.notices.of(path, fields["package"])
        package = _package(
            fields,
            self.distro,
            licenses=notice.licenses,
            locations=tuple(filter(None, (path, info.list_path, notice.path))),
            layer=layer_of(self.files, info.list_path or path),
        )
        yield package
        owned = info.paths(self.budget)
        yield Ownership(package, owned, _recorded(info, owned, paragraph) if self.with_files else ())


def _is_installed(fields: dict[str, str]) -> bool:
    """Whether dpkg counts the files as unpacked: `deinstall ok config-files` is not."""
    words = fields.get("status", "").split()
    return len(words) < 3 or words[2] not in _GONE


def _recorded(info: deb_info.Info, owned: frozenset[str], paragraph: str) -> tuple[PackageFile, ...]:
    conffiles = _CONFFILES.search(paragraph)
    return tuple(info.files(owned, conffiles[1] if conffiles else ""))


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
