"""Manifest and config out of Syft JSON: it carries both of an image that it catalogued, byte for byte."""

from __future__ import annotations

import base64
import binascii
import json
from pathlib import Path

from anchore_gate.catalog.sbom_reading import text
from anchore_gate.errors import ImageError
from anchore_gate.image.config import config_of
from anchore_gate.image.limits import MAX_CONFIG, MAX_MANIFEST
from anchore_gate.image.manifest import Manifest, layers_of, manifest_of
from anchore_gate.image.source import ImageDocuments
from anchore_gate.model.digest import Digest
from anchore_gate.model.image import Image
from anchore_gate.typed import Any
from anchore_gate.values import replace

_MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"


def read_documents(path: Path) -> ImageDocuments | None:
    """What `syft -o json` wrote of an image, None for other SBOMs. Raises `ImageError` for damaged ones."""
    try:
        document = json.loads(path.read_bytes().decode("utf-8-sig"))
    except (OSError, ValueError, RecursionError):
        return None  # `read_sbom` says what is wrong with it
    about = _about(document)
    manifest, config = (_bytes(about, name, path) for name in ("manifest", "config"))
    if not manifest or not config:
        return None
    said = text(about, "manifestDigest")
    if said and said != str(Digest.of(manifest)):
        raise ImageError(f"SBOM {str(path)!r}: its manifest is really {Digest.of(manifest)}")
    if len(manifest) > MAX_MANIFEST or len(config) > MAX_CONFIG:
        raise ImageError(f"SBOM {str(path)!r}: its manifest or config is larger than any image's")
    kind = text(about, "mediaType") or _MANIFEST_TYPE
    return ImageDocuments(manifest=manifest, media_type=kind, config=config)


def _about(document: Any) -> Any:
    source = document.get("source") if isinstance(document, dict) else None
    return (source.get("metadata") or source.get("target")) if isinstance(source, dict) else None


def _bytes(about: Any, name: str, path: Path) -> bytes:
    try:
        return base64.b64decode(text(about, name), validate=True)
    except (binascii.Error, ValueError) as problem:
        raise ImageError(f"SBOM {str(path)!r}: its {name} is not base64") from problem


def completed(image: Image, documents: ImageDocuments, *, what: str) -> Image:
    """The image with what manifest and config say of it. Raises `ImageError` where these do not fit."""
    manifest = manifest_of(documents.manifest, what=f"{what}: manifest")
    if not isinstance(manifest, Manifest):
        raise ImageError(f"{what}: its manifest is an index")
    manifest.config.check(documents.config, what=f"{what}: config")
    config, diff_ids = config_of(documents.config, what=f"{what}: config")
    layers = layers_of(manifest, config, diff_ids, what=what)
    return replace(
        image,
        digest=Digest.of(documents.manifest),
        config_digest=manifest.config.digest,
        config=config,
        layers=layers,
        size=sum(layer.size for layer in layers),
    )
