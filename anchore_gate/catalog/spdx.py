"""An inventory as SPDX 2.3 JSON."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from datetime import datetime, timezone

from anchore_gate.catalog.sbom_facts import PREFIX, facts_of, inventory_facts
from anchore_gate.model.image import Image
from anchore_gate.model.inventory import Distro, Inventory, Package
from anchore_gate.typed import Any

_NAMESPACE = "https://anchore-gate.invalid/spdx/"  # an identifier, never fetched (SPDX 2.3, 6.5)
# Plain names that are on the SPDX licence list; every other one becomes a LicenseRef.
_LISTED = frozenset(
    re.findall(
        r"\S+",
        """
        0BSD AFL-2.1 AGPL-3.0-only AGPL-3.0-or-later Apache-1.1 Apache-2.0 Artistic-1.0 Artistic-2.0
        BlueOak-1.0.0 BSD-2-Clause BSD-3-Clause BSL-1.0 CC-BY-3.0 CC-BY-4.0 CC0-1.0 CDDL-1.0 CDDL-1.1
        EPL-1.0 EPL-2.0 GPL-1.0-only GPL-1.0-or-later GPL-2.0-only GPL-2.0-or-later GPL-3.0-only
        GPL-3.0-or-later ISC LGPL-2.0-only LGPL-2.0-or-later LGPL-2.1-only LGPL-2.1-or-later
        LGPL-3.0-only LGPL-3.0-or-later MIT MIT-0 MPL-1.1 MPL-2.0 OpenSSL PostgreSQL PSF-2.0 Python-2.0
        Ruby Unicode-DFS-2016 Unlicense Vim W3C WTFPL Zlib
        """,
    )
)


def render(inventory: Inventory, image: Image | None = None, *, created: datetime) -> str:
    """The document; the same inventory and time give the same text."""
    return json.dumps(_document(inventory, image, created), indent=2, ensure_ascii=False) + "\n"


def _document(inventory: Inventory, image: Image | None, created: datetime) -> dict[str, Any]:
    from anchore_gate import __version__

    packages = [_package(package, number) for number, package in enumerate(inventory.packages)]
    system = [] if inventory.distro is None else [_system(inventory.distro)]
    root = _root(image)
    every = [root, *system, *packages]
    digest = hashlib.sha256(json.dumps(every).encode()).hexdigest()
    document: dict[str, Any] = {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": root["name"],
        "documentNamespace": _NAMESPACE + digest,
        "creationInfo": {
            "created": created.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "creators": [f"Tool: anchore-gate-{__version__}"],
        },
        "packages": every,
        "relationships": [
            _related("SPDXRef-DOCUMENT", "DESCRIBES", root["SPDXID"]),
            *(_related(root["SPDXID"], "CONTAINS", one["SPDXID"]) for one in every[1:]),
        ],
    }
    if facts := inventory_facts(inventory):
        document["comment"] = _comment(facts)
    if extracted := _extracted(inventory.packages):
        document["hasExtractedLicensingInfos"] = extracted
    return document


def _related(one: str, how: str, other: str) -> dict[str, str]:
    return {"spdxElementId": one, "relationshipType": how, "relatedSpdxElement": other}


def _comment(facts: dict[str, str]) -> str:
    return PREFIX + json.dumps(facts, ensure_ascii=False)


def _plain(id: str, name: str, version: str, purpose: str) -> dict[str, Any]:
    package: dict[str, Any] = {
        "name": name,
        "SPDXID": id,
        "downloadLocation": "NOASSERTION",
        "filesAnalyzed": False,
        "licenseConcluded": "NOASSERTION",
        "licenseDeclared": "NOASSERTION",
        "copyrightText": "NOASSERTION",
        "primaryPackagePurpose": purpose,
    }
    return package | ({"versionInfo": version} if version else {})


def _root(image: Image | None) -> dict[str, Any]:
    if image is None:
        return _plain("SPDXRef-Root", "inventory", "", "OTHER")
    digest = str(image.digest or image.config_digest or "")
    facts = {"tag": image.tag, "digest": str(image.digest or ""), "id": str(image.config_digest or "")}
    package = _plain("SPDXRef-Root", image.display_name, digest, "CONTAINER")
    return package | {"comment": _comment({f"image:{name}": value for name, value in facts.items() if value})}


def _system(distro: Distro) -> dict[str, Any]:
    return _plain("SPDXRef-OperatingSystem", distro.id, distro.version_id, "OPERATING_SYSTEM")


def _package(package: Package, number: int) -> dict[str, Any]:
    name = re.sub(r"[^A-Za-z0-9.-]+", "-", f"{package.type}-{package.name}")[:100]
    found = _plain(f"SPDXRef-Package-{name}-{number}", package.name, package.version, "LIBRARY")
    if package.licenses:
        found["licenseDeclared"] = " AND ".join(_license(text) for text in dict.fromkeys(package.licenses))
    if package.locations:
        found["sourceInfo"] = f"acquired package info from: {', '.join(package.locations)}"
    references = [_reference("SECURITY", "cpe23Type", cpe) for cpe in package.cpes]
    if package.purl:
        references.append(_reference("PACKAGE-MANAGER", "purl", package.purl))
    if references:
        found["externalRefs"] = references
    return found | {"comment": _comment(facts_of(package))}


def _reference(category: str, type: str, locator: str) -> dict[str, str]:
    return {"referenceCategory": category, "referenceType": type, "referenceLocator": locator}


def _license(text: str) -> str:
    if text in _LISTED:
        return text
    word = re.sub(r"[^A-Za-z0-9.-]+", "-", text).strip("-")[:60]
    mark = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:8]
    return f"LicenseRef-{word}-{mark}" if word else f"LicenseRef-{mark}"


def _extracted(packages: Iterable[Package]) -> list[dict[str, str]]:
    texts = sorted({text for one in packages for text in one.licenses if text not in _LISTED})
    return [{"licenseId": _license(text), "extractedText": text, "name": text} for text in texts]
