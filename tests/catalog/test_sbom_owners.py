"""Which OS package brought another's files, as Syft's documents tell it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from anchore_gate.catalog.sbom import parse_sbom

DEB = "pkg:deb/debian/node-prr@1.0.1-3?arch=all&distro=debian-12"
NPM = "pkg:npm/prr@1.0.1"
OVERLAP = "ownership-by-file-overlap"


def syft(*pairs: tuple[Any, Any], kind: Any = OVERLAP) -> dict[str, Any]:
    return {
        "artifacts": [
            {"id": "deb", "type": "deb", "name": "node-prr", "version": "1.0.1-3", "purl": DEB},
            {"id": "npm", "type": "npm", "name": "prr", "version": "1.0.1", "purl": NPM},
        ],
        "artifactRelationships": [
            {"parent": parent, "child": child, "type": kind} for parent, child in pairs
        ],
        "source": {},
    }


def spdx(*pairs: tuple[Any, Any], kind: Any = OVERLAP) -> dict[str, Any]:
    comment = f"{kind}: indicates that the parent package claims ownership of a child package"
    return {
        "spdxVersion": "SPDX-2.3",
        "packages": [
            {
                "SPDXID": key,
                "name": name,
                "versionInfo": version,
                "externalRefs": [{"referenceType": "purl", "referenceLocator": purl}],
            }
            for key, name, version, purl in (
                ("deb", "node-prr", "1.0.1-3", DEB),
                ("npm", "prr", "1.0.1", NPM),
            )
        ],
        "relationships": [
            {
                "spdxElementId": parent,
                "relatedSpdxElement": child,
                "relationshipType": "OTHER",
                "comment": comment,
            }
            for parent, child in pairs
        ],
    }


def owners(document: dict[str, Any]) -> dict[str, str]:
    manifest = parse_sbom(json.dumps(document).encode(), name="x")
    return {one.type: one.owned_by for one in manifest.inventory().packages}


@pytest.mark.parametrize("document", [syft, spdx])
def test_a_package_whose_files_an_os_package_brought_is_owned(document: Any) -> None:
    assert owners(document(("deb", "npm"))) == {"deb": "", "npm": DEB}


@pytest.mark.parametrize("document", [syft, spdx])
@pytest.mark.parametrize(
    "pair",
    [("npm", "deb"), ("deb", "deb"), ("npm", "npm"), ("deb", "gone"), ("gone", "npm"), (None, 7), ("", "")],
)
def test_only_os_packages_own_and_only_others_are_owned(document: Any, pair: tuple[Any, Any]) -> None:
    assert owners(document(pair)) == {"deb": "", "npm": ""}


@pytest.mark.parametrize("document", [syft, spdx])
@pytest.mark.parametrize("kind", ["contains", "dependency-of", None])
def test_other_relationships_own_nothing(document: Any, kind: Any) -> None:
    assert owners(document(("deb", "npm"), kind=kind)) == {"deb": "", "npm": ""}
