"""Reads Syft's own JSON (`syft -o json`)."""

from __future__ import annotations

from collections.abc import Iterator

from anchore_gate.catalog.sbom_reading import OVERLAP, Manifest, package_of, rows, text, texts
from anchore_gate.model.inventory import Distro, Package
from anchore_gate.typed import Any
from anchore_gate.values import replace


def read(document: dict[str, Any]) -> Manifest:
    """Gather what the document says."""
    found = Manifest(distro=_distro(document.get("distro")))
    source = document["source"]
    metadata = source.get("metadata") or source.get("target")
    found.name = text(metadata, "userInput")
    found.facts = {
        "tag": next(iter(texts(metadata, "tags")), ""),
        "digest": text(metadata, "manifestDigest"),
        "id": text(metadata, "imageID"),
    }
    layers = {text(one, "digest"): number for number, one in enumerate(rows(metadata, "layers"))}
    for artifact in rows(document, "artifacts"):
        package = _package(artifact, layers)
        if package is None:
            found.miss(text(artifact, "name") or text(artifact, "id"), "an artifact without name or type")
        else:
            found.add(package, id=text(artifact, "id"))
    for row in rows(document, "artifactRelationships"):
        if text(row, "type") == OVERLAP:
            found.own(text(row, "parent"), text(row, "child"))
    return found


def _distro(row: Any) -> Distro | None:
    if not text(row, "id"):
        return None
    return Distro(
        id=text(row, "id"),
        version_id=text(row, "versionID"),
        name=text(row, "name"),
        id_like=texts(row, "idLike"),
        version_codename=text(row, "versionCodename"),
        pretty_name=text(row, "prettyName"),
        variant_id=text(row, "variantID"),
    )


def _package(artifact: dict[str, Any], layers: dict[str, int]) -> Package | None:
    name = text(artifact, "name")
    package = package_of(
        type=text(artifact, "type"), name=name, version=text(artifact, "version"), purl=text(artifact, "purl")
    )
    if package is None:
        return None
    metadata = artifact.get("metadata")
    has_label = isinstance(metadata, dict) and isinstance(metadata.get("modularityLabel"), str)
    return replace(
        package,
        name=name,
        licenses=tuple(dict.fromkeys(_licenses(artifact))),
        locations=tuple(dict.fromkeys(_locations(artifact))),
        layer=next((layers.get(text(one, "layerID")) for one in rows(artifact, "locations")), None),
        architecture=package.architecture or text(metadata, "architecture"),
        modularity=text(metadata, "modularityLabel") if has_label else package.modularity,
        vendor=text(metadata, "vendor"),
        maintainer=text(metadata, "maintainer"),
        main_module=text(metadata, "mainModule"),
        cpes=tuple(_cpes(artifact)),
        found_by="sbom",
    )


def _licenses(artifact: dict[str, Any]) -> Iterator[str]:
    for row in rows(artifact, "licenses"):
        if name := text(row, "value"):
            yield name
    yield from texts(artifact, "licenses")


def _locations(artifact: dict[str, Any]) -> Iterator[str]:
    """The evidence first; for an archive inside another, the path to it."""
    if virtual := text(artifact.get("metadata"), "virtualPath"):
        yield virtual
    every = list(rows(artifact, "locations"))
    every.sort(key=lambda one: text(one.get("annotations"), "evidence") != "primary")
    for row in every:
        if path := text(row, "accessPath") or text(row, "path"):
            yield path


def _cpes(artifact: dict[str, Any]) -> Iterator[str]:
    """Objects in newer documents, texts in older ones."""
    yield from filter(None, (text(one, "cpe") for one in rows(artifact, "cpes")))
    yield from texts(artifact, "cpes")
