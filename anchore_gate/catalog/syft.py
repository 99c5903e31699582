"""An inventory as Syft JSON: the shape in which Anchore services take what somebody else catalogued."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator

from anchore_gate.catalog.syft_cpes import guessed
from anchore_gate.errors import InvalidReference
from anchore_gate.model.image import Image
from anchore_gate.model.inventory import Distro, Inventory, Package
from anchore_gate.model.purl import Purl
from anchore_gate.typed import Any

# Engine reads Python packages only where this cataloger found them (its handlers/python.py).
_CATALOGERS = {
    "apk": "apkdb-cataloger",
    "deb": "dpkgdb-cataloger",
    "rpm": "rpmdb-cataloger",
    "npm": "javascript-package-cataloger",
    "gem": "ruby-gemspec-cataloger",
    "python": "python-package-cataloger",
    "java-archive": "java-cataloger",
    "go-module": "go-module-binary-cataloger",
    "binary": "binary-classifier-cataloger",
}
_LANGUAGES = {
    "npm": "javascript",
    "gem": "ruby",
    "python": "python",
    "java-archive": "java",
    "go-module": "go",
}
_METADATA_TYPES = {  # what Engine's time called it, and what Syft has called it since 1.0
    "apk": ("ApkMetadata", "apk-db-entry"),
    "deb": ("DpkgMetadata", "dpkg-db-entry"),
    "rpm": ("RpmdbMetadata", "rpm-db-entry"),
    "npm": ("NpmPackageJSONMetadata", "javascript-npm-package"),
    "gem": ("GemMetadata", "ruby-gemspec"),
    "python": ("PythonPackageMetadata", "python-package"),
    "java-archive": ("JavaMetadata", "java-archive"),
    "go-module": ("GolangBinMetadata", "go-module-buildinfo-entry"),
}
_SCHEMAS = ("2.0.2", "16.0.0")


def render(inventory: Inventory, image: Image, *, old: bool) -> bytes:
    """The document, as Engine 1 reads it (`old`) or as Syft 1 writes it; the same input, the same bytes."""
    from anchore_gate import __version__

    version = _SCHEMAS[0 if old else 1]
    document = {
        "artifacts": [_artifact(package, image, old=old) for package in inventory.packages],
        "artifactRelationships": [*_ownerships(inventory)],
        "source": _source(image, old=old),
        "distro": _distro(inventory.distro, old=old),
        "descriptor": {"name": "anchore-gate", "version": __version__},
        "schema": {
            "version": version,
            "url": f"https://raw.githubusercontent.com/anchore/syft/main/schema/json/schema-{version}.json",
        },
    }
    return json.dumps(document, ensure_ascii=False).encode("utf-8", "replace")


def _ownerships(inventory: Inventory) -> Iterator[dict[str, Any]]:
    """Who owns whose files: services leave out what a package of the distribution brought."""
    owners = {package.purl: _id(package) for package in inventory.packages if package.is_os}
    for package in inventory.packages:
        if package.owned_by in owners:
            parts = {"parent": owners[package.owned_by], "child": _id(package)}
            yield {**parts, "type": "ownership-by-file-overlap", "metadata": {}}


def _id(package: Package) -> str:
    key = json.dumps([package.type, package.name, package.version, package.locations])
    return hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()[:16]


def _artifact(package: Package, image: Image, *, old: bool) -> dict[str, Any]:
    found: dict[str, Any] = {
        "id": _id(package),
        "name": package.name,
        "version": package.version,
        "type": package.type,
        "foundBy": _CATALOGERS.get(package.type, "anchore-gate"),
        "locations": [_location(place, package, image) for place in package.locations],
        "licenses": list(package.licenses),
        "language": _LANGUAGES.get(package.type, ""),
        "cpes": list(guessed(package)),
        "purl": package.purl,
    }
    words = _METADATA_TYPES.get(package.type)
    if words is not None:
        found |= {"metadataType": words[0 if old else 1], "metadata": _metadata(package)}
    return found


def _location(place: str, package: Package, image: Image) -> dict[str, str]:
    layer = next((one for one in image.layers if one.index == package.layer), None)
    # What lies inside an archive is told by `virtualPath`; the location is the file on disk.
    path = place.partition(":")[0] if package.type == "java-archive" else place
    return {"path": path} | ({"layerID": str(layer.diff_id)} if layer is not None else {})


def _metadata(package: Package) -> dict[str, Any]:
    one = {"name": package.name, "version": package.version}
    match package.type:
        case "apk" | "deb":
            return _installed(package)
        case "rpm":
            return _rpm(package)
        case "npm" | "gem":
            return one | {"licenses": list(package.licenses)}
        case "go-module":
            return {"mainModule": package.main_module}
        case "python":
            place = package.locations[0] if package.locations else "/"
            root = place.rpartition("/")[0].rpartition("/")[0]  # above NAME.dist-info
            one["license"] = " AND ".join(package.licenses)
            return one | {"sitePackagesRootPath": root, "topLevelPackages": [package.name]}
    path = package.locations[0] if package.locations else f"/{package.name}.jar"
    pom = {"groupId": package.group_id, "artifactId": package.name, "version": package.version}
    return {"virtualPath": path} | ({"pomProperties": pom} if package.group_id else {})


def _installed(package: Package) -> dict[str, Any]:
    found: dict[str, Any] = {
        "package": package.name,
        "version": package.version,
        "architecture": package.architecture,
        "maintainer": package.maintainer,
        "files": [],
    }
    if package.type == "apk":
        terms = " AND ".join(package.licenses)
        return found | {"originPackage": package.upstream or package.name, "license": terms}
    return found | {"source": package.upstream, "sourceVersion": package.upstream_version}


def _rpm(package: Package) -> dict[str, Any]:
    written = package.version.partition(":")[2] if package.epoch is not None else package.version
    version, _, release = written.rpartition("-")
    found: dict[str, Any] = {
        "name": package.name,
        "version": version,
        "release": release,
        "epoch": package.epoch,
        "architecture": package.architecture,
        "sourceRpm": _source_rpm(package),
        "vendor": package.vendor,
        "license": " AND ".join(package.licenses),
        "files": [],
    }
    return found | ({} if package.modularity is None else {"modularityLabel": package.modularity})


def _source_rpm(package: Package) -> str:
    try:
        return Purl.parse(package.purl).qualifier("upstream") if package.purl else ""
    except InvalidReference:
        return ""


def _distro(distro: Distro | None, *, old: bool) -> dict[str, Any]:
    if distro is None:
        return {"name": "", "version": "", "idLike": ""} if old else {}
    if old:
        like = " ".join(distro.id_like) or distro.id  # as Engine finds it in an image that it pulls
        return {"name": distro.id, "version": distro.version_id, "idLike": like}
    return {
        "id": distro.id,
        "versionID": distro.version_id,
        "name": distro.name or distro.id,
        "idLike": list(distro.id_like),
        "versionCodename": distro.version_codename,
        "prettyName": distro.pretty_name,
    }


def _source(image: Image, *, old: bool) -> dict[str, Any]:
    place = "target" if old else "metadata"
    if not image.layers:
        return {"type": "directory", place: image.name if old else {"path": image.name}}
    about: dict[str, Any] = {
        "userInput": image.display_name,
        "imageID": str(image.config_digest or ""),
        "manifestDigest": str(image.digest or ""),
        "tags": [image.tag] if image.tag else [],
        "imageSize": image.size,
        "layers": [
            {"mediaType": one.media_type, "digest": str(one.diff_id), "size": one.size}
            for one in image.layers
        ],
        "architecture": image.config.platform.architecture,
        "os": image.config.platform.os,
    }
    return {"type": "image", place: about}
