from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from anchore_gate.catalog import cyclonedx, spdx
from anchore_gate.catalog.sbom import parse_sbom, read_sbom
from anchore_gate.errors import ImageError, ImageNotFound, LimitExceeded
from anchore_gate.model.digest import Digest
from anchore_gate.model.image import Image
from anchore_gate.model.inventory import Distro, Inventory, Package, Unknown
from anchore_gate.model.purl import purl

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc)
SCHEMA = Path(__file__).parent.parent / "vectors" / "sbom" / "spdx-schema-2.3.json"
IMAGE = Image(
    name="app.tar",
    source="docker-archive",
    tag="docker.io/library/app:1.2",
    digest=Digest.of(b"manifest"),
    config_digest=Digest.of(b"config"),
)
OPENSSL = Package(
    type="deb",
    name="libssl3",
    version="3.0.11-1~deb12u2",
    purl="pkg:deb/debian/libssl3@3.0.11-1~deb12u2?arch=amd64&distro=debian-12&upstream=openssl",
    architecture="amd64",
    licenses=("OpenSSL", "Apache-2.0", "some words & (brackets)"),
    locations=("/var/lib/dpkg/status", "/usr/share/doc/libssl3/copyright"),
    layer=0,
    upstream="openssl",
    maintainer="Debian OpenSSL Team <pkg-openssl-devel@lists.debian.org>",
    found_by="deb",
)
INVENTORY = Inventory(
    distro=Distro(id="debian", version_id="12", name="Debian GNU/Linux", id_like=("a", "b"), version_codename="bookworm"),
    packages=(
        OPENSSL,
        Package(
            type="java-archive",
            name="spring-core",
            version="6.1",
            purl="pkg:maven/org.springframework/spring-core@6.1",
            locations=("/app.jar:BOOT-INF/lib/spring-core-6.1.jar", "/app.jar"),
            layer=3,
            group_id="org.springframework",
            cpes=("cpe:2.3:a:vmware:spring_framework:6.1:*:*:*:*:*:*:*", "cpe:2.3:a:x:y:1:*:*:*:*:*:*:*"),
        ),
        Package(type="npm", name="@babel/core", version="7.0.0", purl="pkg:npm/%40babel/core@7.0.0", owned_by=OPENSSL.purl),
        Package(
            type="rpm", name="bash", version="1:5.1-2.el9", purl="pkg:rpm/redhat/bash@5.1-2.el9?epoch=1",
            epoch=1, modularity="", vendor="Red Hat", upstream="bash-source", upstream_version="5.1-1.el9",
        ),
        Package(type="rpm", name="perl", version="0:5-1", purl="pkg:rpm/redhat/perl@5-1?epoch=0", epoch=0),
    ),
    unknowns=(Unknown("/a/b.jar", "java", "no zip directory"),),
)  # fmt: skip
FORMATS: dict[str, Callable[[Inventory, Image | None], str]] = {
    "cyclonedx": lambda inventory, image: cyclonedx.render(inventory, image, created=NOW),
    "spdx": lambda inventory, image: spdx.render(inventory, image, created=NOW),
}


def back(document: str) -> Inventory:
    return parse_sbom(document.encode(), name="x").inventory()


def in_order(inventory: Inventory) -> Inventory:
    return replace(inventory, packages=tuple(sorted(inventory.packages, key=repr)))


@pytest.mark.parametrize("format", FORMATS)
def test_everything_comes_back(format: str) -> None:
    assert in_order(back(FORMATS[format](INVENTORY, IMAGE))) == in_order(INVENTORY)


@pytest.mark.parametrize("format", FORMATS)
def test_the_image_comes_back(format: str, tmp_path: Path) -> None:
    path = tmp_path / "sbom.json"
    path.write_text(FORMATS[format](INVENTORY, IMAGE), encoding="utf-8")
    image, _ = read_sbom(path)
    assert (image.tag, image.digest, image.config_digest) == (IMAGE.tag, IMAGE.digest, IMAGE.config_digest)
    assert (image.name, image.source) == (str(path), "sbom")


@pytest.mark.parametrize("format", FORMATS)
def test_the_same_inventory_gives_the_same_text(format: str) -> None:
    assert FORMATS[format](INVENTORY, IMAGE) == FORMATS[format](INVENTORY, IMAGE)


@pytest.mark.parametrize("inventory", [INVENTORY, Inventory()], ids=["full", "empty"])
def test_the_official_cyclonedx_schema_accepts_it(inventory: Inventory) -> None:
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    text = cyclonedx.render(inventory, IMAGE, created=NOW)
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None


@pytest.mark.parametrize("image", [IMAGE, None], ids=["image", "no image"])
@pytest.mark.parametrize("inventory", [INVENTORY, Inventory()], ids=["full", "empty"])
def test_the_official_spdx_schema_accepts_it(inventory: Inventory, image: Image | None) -> None:
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    document = json.loads(spdx.render(inventory, image, created=NOW))
    assert [error.message for error in Draft7Validator(schema).iter_errors(document)] == []
    ids = [one["SPDXID"] for one in document["packages"]]
    assert len(ids) == len(set(ids))


def test_cyclonedx_xml_says_the_same() -> None:
    from cyclonedx.model.bom import Bom
    from cyclonedx.output.xml import XmlV1Dot6

    document = json.loads(cyclonedx.render(INVENTORY, IMAGE, created=NOW))
    text = XmlV1Dot6(Bom.from_json(document)).output_as_string()  # type: ignore[attr-defined]  # the decorator's
    manifest = parse_sbom(text.encode(), name="x")
    assert in_order(manifest.inventory()) == in_order(INVENTORY)
    assert manifest.image("x").digest == IMAGE.digest


words = st.text(max_size=12)
names = st.text(min_size=1, max_size=12).filter(
    lambda name: name.strip("/ \t\r\n") == name and "/" not in name
)
packages: st.SearchStrategy[Package] = st.builds(
    lambda name, version, **more: Package(
        type="gem", name=name, version=version, purl=purl("gem", "", name, version), **more
    ),
    names,
    st.sampled_from(["1", "1.2.3-4", "1~rc+x"]),
    licenses=st.lists(words.filter(bool), max_size=3, unique=True).map(tuple),
    locations=st.lists(words.filter(bool), max_size=3, unique=True).map(tuple),
    layer=st.none() | st.integers(0, 99),
    upstream=words,
    upstream_version=words,
    epoch=st.none() | st.integers(0, 99),
    modularity=st.none() | words,
    maintainer=words,
)


@pytest.mark.parametrize("format", FORMATS)
@settings(max_examples=25, deadline=None)
@given(st.lists(packages, max_size=4))
def test_odd_texts_come_back_too(format: str, found: list[Package]) -> None:
    inventory = Inventory(packages=tuple(found))
    assert in_order(back(FORMATS[format](inventory, None))).packages == in_order(inventory).packages


def foreign(**component: Any) -> Inventory:
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "components": [{"type": "library", **component}],
    }
    return back(json.dumps(document))


def test_the_type_comes_from_the_package_url() -> None:
    (one,) = foreign(name="core", group="org.a", version="1", purl="pkg:maven/org.a/core@1").packages
    assert (one.type, one.name, one.version, one.group_id) == ("java-archive", "core", "1", "org.a")


def test_a_scoped_name_is_put_together() -> None:
    (one,) = foreign(name="core", group="@babel", version="1", purl="pkg:npm/%40babel/core@1").packages
    assert one.name == "@babel/core"


def test_source_package_and_distribution_come_from_the_package_url() -> None:
    inventory = foreign(
        name="libssl3", version="3", purl="pkg:deb/debian/libssl3@3?distro=debian-12&upstream=openssl%402"
    )
    (one,) = inventory.packages
    assert (one.upstream, one.upstream_version) == ("openssl", "2")
    assert inventory.distro == Distro(id="debian", version_id="12")


def test_an_rpm_version_carries_the_epoch() -> None:
    (one,) = foreign(
        name="bash", version="5.1-2", purl="pkg:rpm/redhat/bash@5.1-2?epoch=1&upstream=src-9-1.src.rpm"
    ).packages
    assert (one.version, one.epoch, one.upstream, one.upstream_version) == ("1:5.1-2", 1, "src", "9-1")


@pytest.mark.parametrize("written", ["5.1-2", "0:5.1-2"])
def test_an_epoch_of_zero_is_kept_and_a_source_of_the_same_version_is_none(written: str) -> None:
    purl = "pkg:rpm/redhat/libs@5.1-2?epoch=0&upstream=bash-5.1-2.src.rpm"
    (one,) = foreign(name="libs", version=written, purl=purl).packages
    assert (one.version, one.epoch, one.upstream, one.upstream_version) == ("0:5.1-2", 0, "bash", "")


def test_the_module_and_the_type_come_from_the_package_url() -> None:
    purl = "pkg:rpm/redhat/nodejs@18-1?rpmmod=nodejs%3A18%3A8090020231114113712%3Aabc"
    (one,) = foreign(name="nodejs", version="18-1", purl=purl).packages
    assert one.modularity == "nodejs:18:8090020231114113712:abc"
    (other,) = foreign(name="http", version="1", purl="pkg:pub/http@1").packages
    assert (other.type, other.modularity) == ("dart-pub", None)


def test_a_component_that_nobody_can_place_is_unknown() -> None:
    inventory = foreign(name="mystery", version="1")
    assert (inventory.packages, inventory.unknowns[0].path) == ((), "mystery")


@pytest.mark.parametrize("layer", ["²", "٣", "-1", "9" * 30, ""])
def test_a_number_that_is_none_is_passed_over(layer: str) -> None:
    document = json.loads(spdx.render(Inventory(packages=(OPENSSL,)), created=NOW))
    facts = {"type": "deb", "layer": layer, "epoch": layer}
    document["packages"][1]["comment"] = f"anchore-gate:{json.dumps(facts)}"
    (one,) = back(json.dumps(document)).packages
    assert (one.layer, one.epoch) == (None, None)


@pytest.mark.parametrize("format", FORMATS)
def test_half_characters_can_be_written_again(format: str) -> None:
    inventory = foreign(name="a\ud800", version="1\udfff", purl="pkg:npm/a@1")
    (one,) = inventory.packages
    assert (one.name, one.version) == ("a?", "1?")
    FORMATS[format](inventory, None).encode()


def test_components_inside_components_count() -> None:
    inner = {"type": "library", "name": "b", "purl": "pkg:npm/b@1"}
    assert len(foreign(name="a", purl="pkg:npm/a@1", components=[inner]).packages) == 2


def test_syft_json_is_read() -> None:
    document = {
        "artifacts": [
            {
                "type": "java-archive", "name": "x", "version": "1", "purl": "pkg:maven/g/x@1",
                "licenses": [{"value": "MIT"}], "cpes": [{"cpe": "cpe:2.3:a:b:c"}, "cpe:2.3:a:d:e"],
                "locations": [{"path": "/a.jar", "layerID": "sha256:2"}],
                "metadata": {"virtualPath": "/a.jar:b.jar"},
            },
            {"name": ""},
        ],
        "source": {"type": "image", "metadata": {
            "userInput": "app", "tags": ["app:1"], "imageID": str(Digest.of(b"config")), "manifestDigest": "odd",
            "layers": [{"digest": "sha256:1"}, {"digest": "sha256:2"}]}},
        "distro": {"id": "debian", "versionID": "12", "idLike": ["x"]},
    }  # fmt: skip
    manifest = parse_sbom(json.dumps(document).encode(), name="x")
    (one,) = manifest.packages
    assert (one.locations, one.layer, one.licenses) == (("/a.jar:b.jar", "/a.jar"), 1, ("MIT",))
    assert (one.cpes, one.group_id) == (("cpe:2.3:a:b:c", "cpe:2.3:a:d:e"), "g")
    assert manifest.inventory().distro == Distro(id="debian", version_id="12", id_like=("x",))
    assert (manifest.image("x").tag, manifest.image("x").digest) == ("docker.io/app:1", None)
    assert len(manifest.unknowns) == 1


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"<rdf/>", "not CycloneDX"),
        (b"<bom>", "cannot be read"),
        (b"<a>" * 10_000, "too deep"),
        (b'<!DOCTYPE b [<!ENTITY a "b">]><bom>&a;</bom>', "entity declaration"),
        (b"", "neither JSON nor XML"),
        (b"\xff\xfe", "neither JSON nor XML"),
        (b"[" * 100_000, "neither JSON nor XML"),
        (b"[]", "neither"),
        (b'{"spdxVersion": "SPDX-3.0"}', "neither"),
        (b'{"artifacts": []}', "neither"),
    ],
    ids=["rdf", "cut", "deep xml", "entities", "empty", "bytes", "deep", "list", "spdx 3", "half"],
)
def test_a_file_in_no_format_we_know_is_refused(content: bytes, reason: str) -> None:
    with pytest.raises(ImageError, match=reason):
        parse_sbom(content, name="x.json")


def test_a_missing_file_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(ImageNotFound, match="no such SBOM"):
        read_sbom(tmp_path / "x.json")


def test_a_huge_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("anchore_gate.catalog.sbom.MAX_SBOM", 10)
    (tmp_path / "x.json").write_bytes(b" " * 11)
    with pytest.raises(LimitExceeded):
        read_sbom(tmp_path / "x.json")


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(
        ["components", "purl", "name", "type", "properties", "licenses", "license", "metadata", "component", "value",
         "packages", "externalRefs", "referenceLocator", "comment", "artifacts", "source", "locations", "distro", "cpes",
         "id", "layers", "tags"]), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@settings(max_examples=50, deadline=None)
@given(st.dictionaries(st.sampled_from(["components", "metadata", "packages", "relationships", "artifacts", "source",
                                        "distro", "comment", "hasExtractedLicensingInfos"]), anything))  # fmt: skip
def test_no_shape_crashes_a_reader(document: dict[str, Any]) -> None:
    marks: list[dict[str, Any]] = [
        {"bomFormat": "CycloneDX"},
        {"spdxVersion": "SPDX-2.3"},
        {"artifacts": [], "source": {}},
    ]
    for mark in marks:
        parse_sbom(json.dumps({**document, **mark}).encode(), name="x").inventory()
    syft = {"artifacts": [], **document, "source": {}}
    if isinstance(syft["artifacts"], list):
        parse_sbom(json.dumps(syft).encode(), name="x").inventory()
