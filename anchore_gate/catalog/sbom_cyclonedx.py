"""Reads CycloneDX JSON, from 1.2 on: ours, Syft's, and what other tools write."""

from __future__ import annotations

from collections.abc import Iterator

from anchore_gate.catalog import sbom_facts
from anchore_gate.catalog.sbom_facts import PREFIX
from anchore_gate.catalog.sbom_reading import Manifest, package_of, rows, text
from anchore_gate.model.inventory import Distro, Package
from anchore_gate.regex import regex
from anchore_gate.typed import Any
from anchore_gate.values import replace

_PACKAGES = frozenset({"library", "application", "framework", "firmware", "platform", "device-driver"})
_LOCATION = regex(r"syft:location:(\d{1,6}):path")


def read(document: dict[str, Any]) -> Manifest:
    """Gather what the document says."""
    found = Manifest()
    metadata = document.get("metadata")
    subject = metadata.get("component") if isinstance(metadata, dict) else None
    facts = _ours(_properties(subject))
    found.name = text(subject, "name")
    found.facts = {
        name.partition(":")[2]: value for name, value in facts.items() if name.startswith("image:")
    }
    for component in _components(document):
        _take(component, found)
    own = _ours(_properties(metadata))
    found.distro = sbom_facts.distro_of(own) or found.distro
    found.unknowns.extend(sbom_facts.unknowns_of(own))
    return found


def _components(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """All components, those inside others too."""
    waiting = list(rows(document, "components"))
    while waiting:
        component = waiting.pop()
        yield component
        waiting.extend(rows(component, "components"))


def _take(component: dict[str, Any], found: Manifest) -> None:
    kind = text(component, "type")
    if kind == "operating-system":
        found.distro = found.distro or _distro(component)
    elif kind in _PACKAGES or component.get("purl"):
        package = _package(component)
        if package is None:
            found.miss(
                text(component, "name") or text(component, "bom-ref"), "no package URL that can be read"
            )
        else:
            found.add(package)


def _distro(component: dict[str, Any]) -> Distro:
    properties = _properties(component)
    return Distro(
        id=properties.get("syft:distro:id") or text(component, "name").lower(),
        version_id=properties.get("syft:distro:versionID") or text(component, "version"),
        id_like=tuple(v for k, v in properties.items() if k.startswith("syft:distro:idLike:")),
        version_codename=properties.get("syft:distro:versionCodename", ""),
        pretty_name=properties.get("syft:distro:prettyName", ""),
        name=properties.get("syft:distro:name", ""),
    )


def _package(component: dict[str, Any]) -> Package | None:
    properties = _properties(component)
    package = package_of(
        type=properties.get("syft:package:type", ""),
        name=text(component, "name"),
        version=text(component, "version"),
        purl=text(component, "purl"),
        group=text(component, "group"),
    )
    if package is None:
        return None
    places = sorted(
        (int(m[1]), value) for name, value in properties.items() if (m := _LOCATION.fullmatch(name))
    )
    cpe = text(component, "cpe")
    if (ours := sbom_facts.restored(package, _ours(properties))) is not None:
        return ours
    return replace(
        package,
        licenses=tuple(dict.fromkeys(_licenses(component))),
        locations=tuple(value for _, value in places),
        cpes=(cpe,) if cpe else (),
        found_by="sbom",
    )


def _licenses(component: dict[str, Any]) -> Iterator[str]:
    for row in rows(component, "licenses"):
        one = row.get("license")
        name = text(row, "expression") or text(one, "id") or text(one, "name")
        if name:
            yield name


def _properties(row: Any) -> dict[str, str]:
    return {text(one, "name"): text(one, "value") for one in rows(row, "properties")}


def _ours(properties: dict[str, str]) -> dict[str, str]:
    return {name.removeprefix(PREFIX): value for name, value in properties.items() if name.startswith(PREFIX)}
