"""Syft JSON as we write it: what the services' own readers look for, and nothing lost."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from anchore_gate.catalog import syft
from anchore_gate.catalog.sbom import parse_sbom
from anchore_gate.catalog.syft_cpes import guessed
from anchore_gate.model.digest import Digest
from anchore_gate.model.image import Image, Layer
from anchore_gate.model.inventory import Distro, Inventory, Package

RECORDED = Path(__file__).parents[1] / "vectors" / "anchore-v1"
LAYER = Digest.of(b"layer")
IMAGE = Image(
    name="docker-archive:app.tar",
    source="docker-archive",
    tag="docker.io/library/app:1.2",
    config_digest=Digest.of(b"config"),
    layers=(Layer(index=0, diff_id=LAYER, size=3),),
)
PACKAGES = (
    Package(
        type="apk",
        name="busybox-binsh",
        version="1.36.1-r7",
        purl="pkg:apk/alpine/busybox-binsh@1.36.1-r7?arch=x86_64&distro=alpine-3.18.9&upstream=busybox",
        architecture="x86_64",
        licenses=("GPL-2.0-only",),
        locations=("/lib/apk/db/installed",),
        layer=0,
        upstream="busybox",
        maintainer="somebody",
    ),
    Package(
        type="deb",
        name="libssl3",
        version="3.0.11-1",
        purl="pkg:deb/debian/libssl3@3.0.11-1?arch=amd64&upstream=openssl%403.0.12-1",
        architecture="amd64",
        upstream="openssl",
        upstream_version="3.0.12-1",
    ),
    Package(
        type="java-archive",
        name="inner",
        version="1.0",
        purl="pkg:maven/org.example/inner@1.0",
        group_id="org.example",
        locations=("/app/outer.jar:lib/inner.jar",),
    ),
    Package(
        type="python",
        name="requests",
        version="2.0",
        purl="pkg:pypi/requests@2.0",
        licenses=("Apache-2.0",),
        locations=("/usr/lib/python3/site-packages/requests-2.0.dist-info/METADATA",),
    ),
    Package(
        type="rpm",
        name="bash",
        version="1:5.1-2.el9",
        purl="pkg:rpm/rhel/bash@5.1-2.el9?arch=x86_64&epoch=1&upstream=bash-5.1-2.el9.src.rpm",
        architecture="x86_64",
        epoch=1,
        modularity="",
        vendor="Somebody",
    ),
)
INVENTORY = Inventory(distro=Distro(id="alpine", version_id="3.18.9", id_like=("like",)), packages=PACKAGES)


def written(*, old: bool = True) -> Any:
    return json.loads(syft.render(INVENTORY, IMAGE, old=old))


def of_type(kind: str) -> dict[str, Any]:
    (found,) = [one for one in written()["artifacts"] if one["type"] == kind]
    return dict(found)


@pytest.mark.parametrize("old", [True, False], ids=["engine", "enterprise"])
def test_our_own_reader_finds_the_same_packages_again(old: bool) -> None:
    found = parse_sbom(syft.render(INVENTORY, IMAGE, old=old), name="x").inventory().packages
    told = [replace(one, cpes=(), found_by="") for one in found]
    for before, after in zip(PACKAGES, told, strict=True):
        assert (after.type, after.name, after.version, after.purl) == (
            before.type,
            before.name,
            before.version,
            before.purl,
        )
        assert (after.upstream, after.architecture, after.modularity, after.epoch, after.group_id) == (
            before.upstream,
            before.architecture,
            before.modularity,
            before.epoch,
            before.group_id,
        )


def test_engine_reads_the_distribution_by_its_old_words() -> None:
    assert written()["distro"] == {"name": "alpine", "version": "3.18.9", "idLike": "like"}
    assert written(old=False)["distro"]["versionID"] == "3.18.9"
    alone = Inventory(distro=Distro(id="debian", version_id="12"))
    assert json.loads(syft.render(alone, IMAGE, old=True))["distro"]["idLike"] == "debian"


def test_a_source_package_is_named_where_services_look_for_it() -> None:
    assert of_type("apk")["metadata"]["originPackage"] == "busybox"
    assert of_type("deb")["metadata"]["source"] == "openssl"
    assert of_type("deb")["metadata"]["sourceVersion"] == "3.0.12-1"
    assert of_type("rpm")["metadata"]["sourceRpm"] == "bash-5.1-2.el9.src.rpm"


def test_an_rpm_is_told_in_parts() -> None:
    told = of_type("rpm")["metadata"]
    assert (told["epoch"], told["version"], told["release"]) == (1, "5.1", "2.el9")


def test_an_archive_inside_another_is_told_by_its_virtual_path() -> None:
    told = of_type("java-archive")
    assert told["locations"] == [{"path": "/app/outer.jar"}]
    assert told["metadata"]["virtualPath"] == "/app/outer.jar:lib/inner.jar"
    assert told["metadata"]["pomProperties"]["groupId"] == "org.example"


def test_engine_keeps_python_packages_of_the_cataloger_it_knows() -> None:
    told = of_type("python")
    assert told["foundBy"] == "python-package-cataloger"
    assert told["metadata"]["sitePackagesRootPath"] == "/usr/lib/python3/site-packages"


def test_the_layer_of_a_package_is_named() -> None:
    assert of_type("apk")["locations"] == [{"path": "/lib/apk/db/installed", "layerID": str(LAYER)}]


def test_a_folder_is_a_directory() -> None:
    folder = Image(name="dir:rootfs", source="dir")
    assert json.loads(syft.render(INVENTORY, folder, old=False))["source"]["type"] == "directory"


def test_the_same_inventory_gives_the_same_bytes() -> None:
    assert syft.render(INVENTORY, IMAGE, old=True) == syft.render(INVENTORY, IMAGE, old=True)


def test_a_package_that_another_one_brought_is_told_with_its_owner() -> None:
    (owner, *_, rpm) = PACKAGES
    owned = replace(PACKAGES[3], owned_by=owner.purl)
    told = json.loads(syft.render(Inventory(packages=(owner, owned, rpm)), IMAGE, old=True))
    ids = {one["name"]: one["id"] for one in told["artifacts"]}
    (one,) = told["artifactRelationships"]
    assert (one["parent"], one["child"]) == (ids[owner.name], ids[owned.name])
    assert one["type"] == "ownership-by-file-overlap"


def test_no_two_packages_share_an_id() -> None:
    told = written()["artifacts"]
    assert len({one["id"] for one in told}) == len(told)


def cpes_of(package: Package) -> set[tuple[str, str]]:
    """Vendors and products that are guessed."""
    return {(one.split(":")[3], one.split(":")[4]) for one in guessed(package)}


@pytest.mark.parametrize("name", ["busybox", "alpine-keys", "libcrypto3", "libc-utils", "busybox-binsh"])
def test_an_alpine_package_has_the_names_that_syft_was_recorded_to_guess(name: str) -> None:
    content = json.loads((RECORDED / "032_GET_content_os.json").read_text())["response"]["body"]["content"]
    (told,) = [one for one in content if one["package"] == name]
    origin = "" if told["sourcepkg"] == name else told["sourcepkg"]
    package = Package(type="apk", name=name, version=told["version"], upstream=origin)
    own = {one for one in told["cpes"] if one.split(":")[3] == name}
    assert own
    assert own <= set(guessed(package))


@pytest.mark.parametrize(
    ("package", "name"),
    [
        (Package(type="npm", name="@angular/core", version="1"), ("angular", "core")),
        (Package(type="go-module", name="github.com/docker/docker", version="1"), ("docker", "docker")),
        (
            Package(type="java-archive", name="log4j-core", version="1", group_id="org.apache.logging.log4j"),
            ("apache", "log4j-core"),
        ),
        (Package(type="python", name="Jinja2", version="1"), ("python-Jinja2", "Jinja2")),
    ],
    ids=["npm", "go", "java", "python"],
)
def test_who_makes_a_package_is_guessed_from_its_name(package: Package, name: tuple[str, str]) -> None:
    assert name in cpes_of(package)


def test_a_version_is_escaped_and_a_known_name_is_kept() -> None:
    package = Package(type="deb", name="bash", version="1:5.1+b1~x")
    assert guessed(package) == (r"cpe:2.3:a:bash:bash:1\:5.1\+b1\~x:*:*:*:*:*:*:*",)
    assert guessed(replace(package, cpes=("cpe:2.3:a:x:y:1",))) == ("cpe:2.3:a:x:y:1",)
