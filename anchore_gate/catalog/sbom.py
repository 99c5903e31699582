"""Manifests that somebody else made, read as if we had looked: CycloneDX, SPDX 2 and Syft JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from anchore_gate.catalog import sbom_cyclonedx, sbom_spdx, sbom_syft, sbom_xml
from anchore_gate.catalog.sbom_reading import Manifest
from anchore_gate.errors import ImageError, ImageNotFound, LimitExceeded
from anchore_gate.image.needs import MIB
from anchore_gate.model.image import Image
from anchore_gate.model.inventory import Inventory
from anchore_gate.typed import Any

MAX_SBOM = 512 * MIB  # bytes of the file


def read_sbom(path: Path) -> tuple[Image, Inventory]:
    """
    What the manifest in a file says of an image and of what is installed in it.

    Raises `ImageNotFound`, `LimitExceeded`, and `ImageError` for a file in none of the formats.
    """
    try:
        with path.open("rb") as stream:
            content = stream.read(MAX_SBOM + 1)
    except FileNotFoundError as problem:
        raise ImageNotFound(f"no such SBOM: {str(path)!r}") from problem
    except OSError as problem:
        raise ImageError(f"SBOM {str(path)!r}: {problem.strerror}") from problem
    if len(content) > MAX_SBOM:
        raise LimitExceeded(f"SBOM {str(path)!r} is larger than {MAX_SBOM} bytes")
    manifest = parse_sbom(content, name=str(path))
    return manifest.image(str(path)), manifest.inventory()


def parse_sbom(content: bytes, *, name: str) -> Manifest:
    """What a manifest says. Raises `ImageError` for one in none of the formats."""
    if content.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<":
        return sbom_cyclonedx.read(sbom_xml.from_xml(content, name=name))
    try:
        document = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as problem:
        raise ImageError(f"SBOM {name!r} is neither JSON nor XML") from problem
    return _reader(document, name)(document)


def _reader(document: Any, name: str) -> Callable[[dict[str, Any]], Manifest]:
    if isinstance(document, dict):
        if document.get("bomFormat") == "CycloneDX":
            return sbom_cyclonedx.read
        if str(document.get("spdxVersion", "")).startswith("SPDX-2."):
            return sbom_spdx.read
        if isinstance(document.get("artifacts"), list) and isinstance(document.get("source"), dict):
            return sbom_syft.read
    raise ImageError(f"SBOM {name!r} is neither CycloneDX, SPDX 2 nor Syft JSON")
