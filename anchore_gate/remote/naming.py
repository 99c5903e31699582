"""A package by Anchore's words, as a package of ours."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from anchore_gate.model.inventory import Package
from anchore_gate.model.purl import purl
from anchore_gate.model.vulnerability import Match
from anchore_gate.values import replace

# Anchore's words for kinds of packages, and ours.
_TYPES = {
    "apkg": "apk",
    "apk": "apk",
    "dpkg": "deb",
    "deb": "deb",
    "rpm": "rpm",
    "npm": "npm",
    "gem": "gem",
    "python": "python",
    "java": "java-archive",
    "go": "go-module",
}
_PURL_TYPES = {"java-archive": "maven", "python": "pypi", "go-module": "golang"}


def package_of(
    *,
    name: str,
    version: str,
    kind: str,
    purl_text: str,
    place: str,
    distro: str,
    licenses: tuple[str, ...] = (),
    cpes: tuple[str, ...] = (),
    upstream: str = "",
) -> Package:
    """The package; its package URL is made where the service does not say it."""
    type_ = _TYPES.get(kind.lower(), kind.lower())
    is_os = type_ in {"apk", "deb", "rpm"}
    namespace, _, plain = name.rpartition("/") if type_ in {"npm", "go-module"} else ("", "", name)
    return Package(
        type=type_,
        name=name,
        version=version,
        purl=purl_text or purl(_PURL_TYPES.get(type_, type_), distro if is_os else namespace, plain, version),
        licenses=licenses,
        locations=(place,) if place and place != "pkgdb" else (),
        upstream="" if upstream == name else upstream,
        cpes=cpes,
        found_by="anchore",
    )


def joined(matches: Iterable[Match], packages: Iterable[Package]) -> tuple[Match, ...]:
    """The matches with the packages of the inventory in them, where it has them: reports count by package."""
    known: defaultdict[tuple[str, str, str], list[Package]] = defaultdict(list)
    for package in packages:
        known[_key(package)].append(package)
    return tuple(_joined(match, known[_key(match.package)]) for match in matches)


def _joined(match: Match, fitting: list[Package]) -> Match:
    places = set(match.package.locations)
    exact = [one for one in fitting if places & set(one.locations)] or fitting
    return replace(match, package=exact[0]) if exact else match


def _key(package: Package) -> tuple[str, str, str]:
    return package.type, package.name, package.version
