"""What a service saw in an image: its packages, and what is known against them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from anchore_gate.model.inventory import Package
from anchore_gate.model.purl import purl
from anchore_gate.model.vulnerability import Cvss, Fix, Match, Severity, Vulnerability
from anchore_gate.remote.service import Service
from anchore_gate.remote.values import listing, mapping, text, texts, words

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
_NO_PACKAGES = frozenset({"files", "malware", "content_search", "secret_search", "retrieved_files"})
_PURL_TYPES = {"java-archive": "maven", "python": "pypi", "go-module": "golang"}
_VERSIONS = ("version", "maven-version", "implementation-version", "specification-version")


def packages(service: Service, digest: str, distro: str) -> tuple[Package, ...]:
    """Every package of the image, of every kind the service lists. Raises `RemoteError`."""
    place = f"{service.api.PREFIX}/images/{digest}/content"
    kinds = [
        one for one in listing(service.client.get(place), "the kinds of content") if isinstance(one, str)
    ]
    found: set[Package] = set()
    for kind in kinds:
        if kind not in _NO_PACKAGES:
            answer = mapping(service.client.get(f"{place}/{kind}"), "the content")
            found.update(
                _package(mapping(one, "a package"), kind, distro)
                for one in listing(answer.get("content"), "the content")
            )
    return tuple(sorted(found, key=lambda one: (one.type, one.name, one.version, one.locations)))


def _package(raw: dict[str, Any], kind: str, distro: str) -> Package:
    licenses = texts(raw, "licenses") or tuple(filter(None, [words(raw, "license")]))
    return _made(
        name=text(raw, "package", "a package"),
        version=words(raw, *_VERSIONS),
        kind=words(raw, "type") or kind,
        purl_text=words(raw, "purl"),
        place=words(raw, "location"),
        distro=distro,
        licenses=licenses,
        cpes=texts(raw, "cpes"),
        upstream=words(raw, "sourcepkg"),
    )


def _made(
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


def matches(service: Service, digest: str, distro: str) -> tuple[Match, ...]:
    """All that the service knows against the image, what will not be fixed too. Raises `RemoteError`."""
    path = f"{service.api.PREFIX}/images/{digest}/vuln/all"
    answer = mapping(service.client.get(path, {"vendor_only": "false"}), "the vulnerabilities")
    rows = listing(answer.get("vulnerabilities"), "the vulnerabilities")
    return tuple(match_of(mapping(one, "a vulnerability"), distro) for one in rows)


def match_of(raw: dict[str, Any], distro: str) -> Match:
    """One vulnerability of one package. Raises `RemoteError`."""
    where = "a vulnerability"
    package = _made(
        name=words(raw, "package_name") or text(raw, "package", where),
        version=words(raw, "package_version"),
        kind=words(raw, "package_type"),
        purl_text=words(raw, "purl"),
        place=words(raw, "package_path"),
        distro=distro,
    )
    versions = tuple(part.strip() for part in words(raw, "fix").split(",") if part.strip())
    unfixed = "wont-fix" if raw.get("will_not_fix") is True else "not-fixed"
    group = words(raw, "feed_group")
    return Match(
        package=package,
        vulnerability=Vulnerability(
            id=text(raw, "vuln", where),
            namespace=group or words(raw, "feed"),
            severity=Severity.parse(words(raw, "severity")),
            description=words(raw, "description"),
            link=words(raw, "url"),
            cvss=tuple(_ratings(raw)),
            known_exploited=raw.get("is_kev") is True,
        ),
        fix=Fix(state="fixed" if versions else unfixed, versions=versions),
        matcher="anchore",
        reason=f"the Anchore service says so ({group or 'no feed group'})",
    )


def _ratings(raw: dict[str, Any]) -> Iterator[Cvss]:
    for key, is_vendor in (("nvd_data", False), ("vendor_data", True)):
        for one in listing(raw.get(key) or [], key):
            entry = mapping(one, key)
            for name, version in (("cvss_v2", "2.0"), ("cvss_v3", "3.0")):
                scores = entry.get(name)
                if isinstance(scores, dict) and _score(scores, "base_score") >= 0:
                    yield Cvss(
                        version=version,
                        vector=words(scores, "vector_string"),
                        base_score=_score(scores, "base_score"),
                        exploitability_score=_score(scores, "exploitability_score"),
                        impact_score=_score(scores, "impact_score"),
                        source="vendor" if is_vendor else "nvd",
                        is_vendor=is_vendor,
                    )


def _score(scores: dict[str, Any], key: str) -> float:
    value = scores.get(key)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else -1.0
