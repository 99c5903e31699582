"""What a service saw in an image: its packages, and what is known against them."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

from anchore_gate.model.inventory import Package
from anchore_gate.model.vulnerability import Match
from anchore_gate.remote import v2
from anchore_gate.remote.naming import package_of
from anchore_gate.remote.pages import rows
from anchore_gate.remote.service import Service
from anchore_gate.remote.values import mapping, text, texts, words
from anchore_gate.remote.vulnerabilities import match_of
from anchore_gate.typed import Any

# Kinds whose entries are packages, and kinds whose entries are not; of another one they may be.
_PACKAGES = frozenset({"os", "npm", "gem", "python", "java", "binary", "go"})
_NO_PACKAGES = frozenset(
    {"files", "malware", "licenses", "content_search", "secret_search", "retrieved_files"}
)
_VERSIONS = ("version", "maven-version", "implementation-version", "specification-version")


def packages(service: Service, digest: str, distro: str) -> tuple[Package, ...]:
    """Every package of the image, of every kind the service lists. Raises `RemoteError`."""
    place = f"{service.api.PREFIX}/images/{digest}/content"
    kinds = [one for one in rows(service.client, place) if isinstance(one, str) and one not in _NO_PACKAGES]
    found = {one for kind in kinds for one in _of_kind(service, place, kind, distro)}
    return tuple(sorted(found, key=lambda one: (one.type, one.name, one.version, one.locations)))


def _of_kind(service: Service, place: str, kind: str, distro: str) -> Iterator[Package]:
    for one in rows(service.client, f"{place}/{quote(kind, safe='')}"):
        entry = mapping(one, "a package")
        if kind in _PACKAGES or "package" in entry:
            yield package(entry, kind, distro)


def package(raw: dict[str, Any], kind: str, distro: str) -> Package:
    """One package of a kind of content. Raises `RemoteError`."""
    licenses = texts(raw, "licenses") or tuple(filter(None, [words(raw, "license")]))
    return package_of(
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


def matches(service: Service, digest: str, distro: str) -> tuple[Match, ...]:
    """All that the service knows against the image, what will not be fixed too. Raises `RemoteError`."""
    path = f"{service.api.PREFIX}/images/{digest}/vuln/all"
    query = {"vendor_only": "false"}
    if service.api is v2 and service.is_at_least(5, 3):
        query["include_vuln_description"] = "true"
    return tuple(
        match_of(mapping(one, "a vulnerability"), distro) for one in rows(service.client, path, query)
    )
