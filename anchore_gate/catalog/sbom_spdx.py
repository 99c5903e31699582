"""Reads SPDX 2 JSON: ours, Syft's, and what other tools write."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from anchore_gate.catalog import sbom_facts
from anchore_gate.catalog.json_text import sound
from anchore_gate.catalog.sbom_facts import PREFIX
from anchore_gate.catalog.sbom_reading import OVERLAP, Manifest, package_of, rows, text
from anchore_gate.model.inventory import Distro, Package
from anchore_gate.typed import Any
from anchore_gate.values import replace

_NOT_PACKAGES = frozenset({"CONTAINER", "FILE", "ARCHIVE", "SOURCE"})
_NO_LICENSE = frozenset({"", "NOASSERTION", "NONE"})


def read(document: dict[str, Any]) -> Manifest:
    """Gather what the document says."""
    found = Manifest(name=text(document, "name"))
    extracted = {
        text(one, "licenseId"): text(one, "name") or text(one, "extractedText")
        for one in rows(document, "hasExtractedLicensingInfos")
    }
    described = {
        text(one, "relatedSpdxElement")
        for one in rows(document, "relationships")
        if text(one, "relationshipType") == "DESCRIBES"
    }
    for row in rows(document, "packages"):
        _take(row, found, extracted, described)
    for row in rows(document, "relationships"):
        if text(row, "comment").startswith(f"{OVERLAP}:"):
            found.own(text(row, "spdxElementId"), text(row, "relatedSpdxElement"))
    own = _facts(text(document, "comment"))
    found.distro = sbom_facts.distro_of(own) or found.distro
    found.unknowns.extend(sbom_facts.unknowns_of(own))
    return found


def _take(row: dict[str, Any], found: Manifest, extracted: Mapping[str, str], described: set[str]) -> None:
    purpose, facts = text(row, "primaryPackagePurpose"), _facts(text(row, "comment"))
    if purpose.replace("-", "_") == "OPERATING_SYSTEM":
        found.distro = found.distro or Distro(
            id=text(row, "name").lower(), version_id=text(row, "versionInfo")
        )
        return
    images = {name.partition(":")[2]: value for name, value in facts.items() if name.startswith("image:")}
    found.facts |= images
    package = _package(row, facts, extracted)
    if package is not None:
        if purpose not in _NOT_PACKAGES:
            found.add(package, id=text(row, "SPDXID"))
    elif purpose not in _NOT_PACKAGES and text(row, "SPDXID") not in described:
        found.miss(text(row, "name") or text(row, "SPDXID"), "no package URL that can be read")


def _package(row: dict[str, Any], facts: Mapping[str, str], extracted: Mapping[str, str]) -> Package | None:
    references = [
        (text(one, "referenceType"), text(one, "referenceLocator")) for one in rows(row, "externalRefs")
    ]
    purl = next((locator for kind, locator in references if kind == "purl"), "")
    package = package_of(
        type=facts.get("type", ""), name=text(row, "name"), version=text(row, "versionInfo"), purl=purl
    )
    if package is None:
        return None
    _, colon, places = text(row, "sourceInfo").partition(": ")
    if (ours := sbom_facts.restored(package, facts)) is not None:
        return ours
    return replace(
        package,
        licenses=tuple(dict.fromkeys(_licenses(text(row, "licenseDeclared"), extracted))),
        locations=tuple(places.split(", ")) if colon and places.startswith("/") else (),
        cpes=tuple(locator for kind, locator in references if kind == "cpe23Type"),
        found_by="sbom",
    )


def _licenses(expression: str, extracted: Mapping[str, str]) -> Iterator[str]:
    """The terms of an `AND`; anything with `OR` or brackets is one term."""
    if expression in _NO_LICENSE:
        return
    whole = "(" in expression or " OR " in expression
    for term in [expression] if whole else expression.split(" AND "):
        yield extracted.get(term) or term


def _facts(comment: str) -> dict[str, str]:
    if not comment.startswith(PREFIX):
        return {}
    try:
        found = json.loads(comment.removeprefix(PREFIX))
    except (ValueError, RecursionError):
        return {}
    return {k: sound(v) for k, v in found.items() if isinstance(v, str)} if isinstance(found, dict) else {}
