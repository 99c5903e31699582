"""Images in registries: opened, scanned while they download, refused when they are something else."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from anchore_gate.errors import (
    GateError,
    ImageError,
    ImageNotFound,
    InvalidReference,
    PlatformNotFound,
    RegistryError,
)
from anchore_gate.image.filesystem import Filesystem
from anchore_gate.image.needs import Needs, Want
from anchore_gate.image.registry_settings import RegistrySettings
from anchore_gate.image.registry_source import Resolved, resolve
from anchore_gate.image.sources import open_image
from anchore_gate.model.image import Image, ImageReference, Layer, Platform
from anchore_gate.net.session import Session
from tests.support.registry import (
    CONFIG,
    INDEX,
    LAYER,
    MANIFEST,
    BuiltImage,
    build_image,
    descriptor,
    digest_of,
    fake_registry,
    index_of,
    push,
    push_manifest,
    run_registry,
)
from tests.support.web import Asked, Reply, Site, serve

RELEASE = Want.exact("/etc/os-release")
NEEDS = Needs(wants=(RELEASE,))
AMD = build_image(
    {"etc/os-release": b"ID=old\n"}, {"etc/os-release": b"ID=debian\n", "big": b"x" * 3_000_000}, level=0
)
ARM = build_image({"etc/os-release": b"ID=arm\n"}, architecture="arm64")
ALONE = RegistrySettings()
IMPATIENT = replace(ALONE, retry=replace(ALONE.retry, attempts=1))


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with run_registry(tmp_path_factory.mktemp("registry")) as host:
        base = f"http://{host}"
        push(base, "team/app", "1.2", AMD)
        push(base, "team/app", "arm", ARM)
        attested = {"annotations": {"vnd.docker.reference.type": "attestation-manifest"}}
        index = json.loads(
            index_of(
                (AMD, {"os": "linux", "architecture": "amd64"}),
                (ARM, {"os": "linux", "architecture": "arm64", "variant": "v8"}),
            )
        )
        extra = {
            **descriptor(MANIFEST, AMD.manifest),
            **attested,
            "platform": {"os": "linux", "architecture": "amd64"},
        }
        index["manifests"].append(extra)
        with Session() as session:
            push_manifest(session, base, "team/app", "many", json.dumps(index).encode(), INDEX)
        yield host


def scanned(text: str, **options: Any) -> tuple[Image, bytes]:
    with open_image(text, registry=options.pop("settings", ALONE), **options) as opened:
        files: Filesystem = opened.scan(NEEDS)
        return opened.image, files.read("/etc/os-release")


def test_an_image_is_scanned_as_its_layers_arrive(host: str) -> None:
    image, content = scanned(f"{host}/team/app:1.2")
    assert content == b"ID=debian\n"
    assert (str(image.digest), image.index_digest) == (AMD.digest, None)
    assert (image.source, image.tag) == ("registry", f"{host}/team/app:1.2")
    assert image.config.user == "app"
    assert [layer.created_by for layer in image.layers] == ["COPY 0", "COPY 1"]


@pytest.mark.parametrize(
    ("platform", "image", "content"),
    [("linux/amd64", AMD, b"ID=debian\n"), ("linux/arm64", ARM, b"ID=arm\n")],
)
def test_an_index_gives_the_platform_and_both_digests(
    host: str, platform: str, image: BuiltImage, content: bytes
) -> None:
    found, release = scanned(f"registry:{host}/team/app:many", platform=Platform.parse(platform))
    assert (release, str(found.digest)) == (content, image.digest)
    assert found.index_digest is not None
    assert found.tag == f"{host}/team/app:many"


def test_a_digest_is_enough(host: str) -> None:
    image, _ = scanned(f"{host}/team/app@{AMD.digest}")
    assert (str(image.digest), image.tag) == (AMD.digest, "")


def sha512(content: bytes) -> str:
    return "sha512:" + hashlib.sha512(content).hexdigest()


def named_by_sha512(image: BuiltImage, *diff_ids: str) -> BuiltImage:
    """The same image, with config, layers and contents under their sha512."""
    config = json.loads(image.config)
    own = [sha512(gzip.decompress(stored)) for stored in image.layers]
    config["rootfs"]["diff_ids"] = list(diff_ids) or own
    document, raw = json.loads(image.manifest), json.dumps(config).encode()
    document["config"] = {**descriptor(CONFIG, raw), "digest": sha512(raw)}
    document["layers"] = [{**descriptor(LAYER, one), "digest": sha512(one)} for one in image.layers]
    blobs = {sha512(one): one for one in (raw, *image.layers)}
    return BuiltImage(image.layers, raw, json.dumps(document).encode(), blobs=blobs)


def test_digests_by_sha512_are_checked_by_sha512() -> None:
    with serve(fake_registry(named_by_sha512(AMD))) as site:
        found, content = scanned(f"{site.host}/app:1")
    assert content == b"ID=debian\n"
    assert {layer.digest.algorithm for layer in found.layers if layer.digest} == {"sha512"}


@pytest.mark.parametrize("place", [0, -1], ids=["config", "layer"])
def test_a_blob_that_is_not_what_its_sha512_says_is_refused(place: int) -> None:
    image = named_by_sha512(ARM)
    name = list(image.blobs)[place]
    # The last bytes of a gzip member are its length, those of JSON a brace: both are still read.
    image.blobs[name] = (
        image.blobs[name].replace(b'"os": "linux"', b'"os": "linuy"').replace(b"\x08\0", b"\x08\x01", 1)
    )
    with serve(fake_registry(image)) as site, pytest.raises(GateError, match="sha512:"):
        scanned(f"{site.host}/app:1", settings=IMPATIENT)


def test_a_content_that_is_not_what_its_sha512_says_is_refused() -> None:
    with (
        serve(fake_registry(named_by_sha512(ARM, sha512(b"")))) as site,
        pytest.raises(ImageError, match="its content is sha512:"),
    ):
        scanned(f"{site.host}/app:1", settings=IMPATIENT)


def test_a_platform_that_is_not_there_lists_what_is(host: str) -> None:
    with pytest.raises(PlatformNotFound, match=r"linux/s390x; there is: linux/amd64, linux/arm64/v8"):
        scanned(f"{host}/team/app:many", platform=Platform.parse("linux/s390x"))
    with pytest.raises(PlatformNotFound, match="there is: linux/arm64"):
        scanned(f"{host}/team/app:arm", platform=Platform.parse("linux/amd64"))


def test_a_tag_is_resolved_without_reading_a_layer(host: str) -> None:
    text = f"{host}/team/app:many"
    found = resolve(text, platform=Platform.parse("linux/arm64"), settings=ALONE)
    assert str(found.digest) == ARM.digest
    assert found.index_digest not in (None, found.digest)
    assert found.platform == Platform("linux", "arm64", "v8")
    assert resolve(f"{host}/team/app:1.2", settings=ALONE) == Resolved(
        reference=ImageReference.parse(f"{host}/team/app:1.2"), digest=found.digest.parse(AMD.digest)
    )


def test_progress_is_told_of_every_byte(host: str) -> None:
    got: dict[int, int] = {}

    def progress(layer: Layer, count: int) -> None:
        got[layer.index] = got.get(layer.index, 0) + count

    scanned(f"{host}/team/app:1.2", progress=progress)
    assert got == {number: len(stored) for number, stored in enumerate(AMD.layers)}


@pytest.mark.parametrize(
    "text", ["registry:UPPER/case", "a b", "host:5000/x:", "app@sha256:12", "https://host/app"]
)
def test_a_malformed_reference_is_a_usage_error(text: str) -> None:
    with pytest.raises(InvalidReference) as caught:
        scanned(text)
    assert caught.value.exit_code == 2


@contextmanager
def serving(image: BuiltImage, reply: Reply | None = None) -> Iterator[Site]:
    def change(asked: Asked) -> Reply:
        return reply if reply is not None and "/manifests/" in asked.path else Reply(0)

    with serve(fake_registry(image, change)) as site:
        yield site


def manifest_with(**members: Any) -> bytes:
    return json.dumps({**json.loads(AMD.manifest), **members}).encode()


@pytest.mark.parametrize(
    ("body", "media_type", "message"),
    [
        (manifest_with(manifests=[]), MANIFEST, "ambiguous: an index and an image"),
        (AMD.manifest, INDEX, "ambiguous: sent as"),
        (json.dumps({"schemaVersion": 2, "manifests": []}).encode(), MANIFEST, "ambiguous: it is not"),
        (b'{"schemaVersion": 1}', "application/vnd.docker.distribution.manifest.v1+prettyjws", "schema 1"),
        (b'{"schemaVersion": 1, "fsLayers": []}', "application/json", "schema 1"),
        (manifest_with(artifactType="application/vnd.dev.cosign.artifact.sig"), MANIFEST, "not a container image"),
        (manifest_with(config=descriptor("application/vnd.cncf.helm.config.v1+json", b"{}")), MANIFEST, "not a container image.*helm"),
        (manifest_with(config=descriptor("application/vnd.oci.empty.v1+json", b"{}")), MANIFEST, "not a container image"),
        (index_of(artifactType="application/x.list"), INDEX, "not a container image"),
        (index_of(), INDEX, "there is: nothing"),
        (b"<html>", "text/html", "not JSON"),
        (b"[]", MANIFEST, "not a JSON object"),
        (b"[" * 100_000, MANIFEST, "nested deeper"),
        (manifest_with(layers=[{"digest": "x"}]), MANIFEST, "not an image manifest"),
        (manifest_with(layers=[descriptor(LAYER + "+encrypted", AMD.layers[0])] * 2), MANIFEST, "is encrypted"),
        (manifest_with(config={**descriptor(CONFIG, b"{}"), "data": "e30="}), MANIFEST, "2 layers, but the config names 0"),
        (manifest_with(config={**descriptor(CONFIG, b"{}"), "data": "W10="}), MANIFEST, "is really"),
        (manifest_with(config={**descriptor(CONFIG, b"{}"), "size": 10**9}), MANIFEST, "longer than"),
    ],
    ids=[
        *("both", "wrong type", "type without members", "schema 1", "schema 1 untyped", "signature", "helm", "empty config"),
        *("artifact index", "empty index", "html", "list", "deep", "bad layer", "encrypted", "few", "wrong data", "huge config"),
    ],
)  # fmt: skip
def test_what_is_no_single_image_is_refused(body: bytes, media_type: str, message: str) -> None:
    with (
        serving(AMD, Reply(body=body, headers={"Content-Type": media_type})) as site,
        pytest.raises((ImageError, RegistryError), match=message) as caught,
    ):
        scanned(f"{site.host}/app:1")
    assert caught.value.exit_code == 3
    assert "\n" not in str(caught.value)


def test_an_index_that_names_itself_in_a_circle_ends() -> None:
    def respond(asked: Asked) -> Reply:
        if "/manifests/" not in asked.path:
            return Reply(body=b"{}")
        return Reply(body=nested[asked.path.rpartition("/")[2]], headers={"Content-Type": INDEX})

    nested = {}
    body = AMD.manifest
    for _ in range(6):
        entry = {**descriptor(INDEX, body), "platform": {"os": "linux", "architecture": "amd64"}}
        body = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": [entry]}).encode()
        nested[digest_of(body)] = body
    nested["1"] = body
    with serve(respond) as site, pytest.raises(ImageError, match="nested deeper"):
        scanned(f"{site.host}/app:1")


def test_the_config_may_lie_in_its_descriptor() -> None:
    data = base64.b64encode(AMD.config).decode()
    body = manifest_with(config={**descriptor(CONFIG, AMD.config), "data": data})
    with serving(AMD, Reply(body=body, headers={"Content-Type": MANIFEST})) as site:
        assert scanned(f"{site.host}/app:1")[1] == b"ID=debian\n"
        assert not [a for a in site.asked if digest_of(AMD.config) in a.path]


def foreign(urls: list[str]) -> BuiltImage:
    image = build_image({"etc/os-release": b"ID=foreign\n"})
    document = json.loads(image.manifest)
    document["layers"][0] |= {
        "mediaType": "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
        "urls": urls,
    }
    blobs = {digest_of(image.config): image.config}
    return replace(image, manifest=json.dumps(document).encode(), blobs=blobs)


def test_a_foreign_layer_is_read_where_the_manifest_says() -> None:
    stored = foreign([]).layers[0]
    with (
        serve(lambda _: Reply(body=stored)) as elsewhere,
        serving(foreign([f"{elsewhere.url}/layer"])) as site,
    ):
        assert scanned(f"{site.host}/app:1")[1] == b"ID=foreign\n"
        assert "authorization" not in elsewhere.asked[0].headers


@pytest.mark.parametrize("urls", [[], ["https://169.254.169.254/layer"], ["http://10.0.0.1/layer"]])
def test_a_foreign_layer_that_cannot_be_had_is_no_verdict(urls: list[str]) -> None:
    with serving(foreign(urls)) as site, pytest.raises((ImageNotFound, RegistryError)):
        scanned(f"{site.host}/app:1")


def test_a_layer_that_unpacks_to_something_else_is_refused() -> None:
    config = json.loads(AMD.config)
    config["rootfs"]["diff_ids"][0] = digest_of(b"other")
    raw = json.dumps(config).encode()
    body = manifest_with(config=descriptor(CONFIG, raw))
    image = replace(AMD, manifest=body, blobs={**AMD.blobs, digest_of(raw): raw})
    with serving(image) as site, pytest.raises(ImageError, match="the config says"):
        scanned(f"{site.host}/app:1")


def test_a_gzip_bomb_is_refused() -> None:
    bomb = build_image({"zeros": bytes(300_000_000)}, level=9)
    with serving(bomb) as site, pytest.raises(ImageError, match="bomb"):
        scanned(f"{site.host}/app:1")


def test_one_bad_layer_ends_the_scan_of_the_others() -> None:
    good = build_image(*({f"f{number}": b"x" * 2_000_000} for number in range(4)), level=0)
    # A gzip header with another time: the same files in other bytes.
    later = good.layers[1][:4] + b"\1" + good.layers[1][5:]
    bad = {**good.blobs, digest_of(good.layers[1]): later}
    with serving(replace(good, blobs=bad)) as site, pytest.raises(GateError, match="the manifest says"):
        scanned(f"{site.host}/app:1")


def test_no_network_is_one_line() -> None:
    with pytest.raises(GateError) as caught:
        scanned("registry:registry.invalid/team/app:1", settings=IMPATIENT)
    assert (caught.value.category, caught.value.exit_code) == ("network", 3)
