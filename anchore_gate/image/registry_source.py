"""Images in registries: `registry:HOST/REPOSITORY:TAG`, scanned while they download, never stored."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from contextlib import contextmanager

from anchore_gate.errors import ImageError, LimitExceeded
from anchore_gate.image.config import config_of, load_object
from anchore_gate.image.layered import LayeredImage
from anchore_gate.image.limits import MAX_CONFIG, MAX_INDEX_DEPTH
from anchore_gate.image.manifest import Descriptor, Index, Manifest, choose, layers_of, manifest_of
from anchore_gate.image.platforms import require
from anchore_gate.image.registry import FetchedManifest, Registry
from anchore_gate.image.registry_blob import Progress, RegistryBlob, silent
from anchore_gate.image.registry_settings import RegistrySettings
from anchore_gate.model.digest import Digest
from anchore_gate.model.image import Image, ImageReference, Layer, Platform
from anchore_gate.typed import Any
from anchore_gate.values import dataclass

_IMAGE_CONFIGS = frozenset(
    {"application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json"}
)
_INDEXES = frozenset(
    {
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
    }
)
_MANIFESTS = frozenset(
    {
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.v2+json",
    }
)
_SCHEMA_1 = "application/vnd.docker.distribution.manifest.v1+"
_ATTESTATION = ("vnd.docker.reference.type", "attestation-manifest")


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """What a reference points to at this moment."""

    reference: ImageReference
    digest: Digest  # of the image's manifest: scan results belong to it
    index_digest: Digest | None = None  # of the index it was chosen from: signatures often belong to it
    platform: Platform | None = None  # as the index names it


@contextmanager
def open_image(
    location: str,
    *,
    name: str,
    platform: Platform | None = None,
    settings: RegistrySettings | None = None,
    progress: Progress | None = None,
) -> Iterator[LayeredImage]:
    """
    Hold the image that a reference names open. Layers download while they are scanned.

    Raises `InvalidReference`, `ImageError`, `RegistryError`, `NetworkError`.
    """
    reference = ImageReference.parse(location)
    with Registry(_bound(settings, reference)) as registry:
        found = _Found.of(registry, reference, platform)
        image, blobs = _image(registry, found, platform, name=name, progress=progress or silent)
        with LayeredImage(image, blobs, workers=registry.settings.connections) as opened:
            yield opened


def resolve(
    text: str, *, platform: Platform | None = None, settings: RegistrySettings | None = None
) -> Resolved:
    """Where a reference points now, without reading any layer. Raises as `open_image` does."""
    reference = ImageReference.parse(text.removeprefix("registry:"))
    with Registry(_bound(settings, reference)) as registry:
        found = _Found.of(registry, reference, platform)
    return Resolved(
        reference=reference, digest=found.fetched.digest, index_digest=found.index, platform=found.platform
    )


def _bound(settings: RegistrySettings | None, reference: ImageReference) -> RegistrySettings:
    return (settings or RegistrySettings.from_environment()).bound_to(reference.registry)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """The manifest of one image, and the way to it."""

    reference: ImageReference
    fetched: FetchedManifest
    document: dict[str, Any]
    manifest: Manifest
    index: Digest | None = None
    platform: Platform | None = None

    @classmethod
    def of(cls, registry: Registry, reference: ImageReference, platform: Platform | None) -> _Found:
        """Fetch it, through as many indexes as are allowed."""
        what = str(reference)
        asked, index, place = reference, None, None
        for _ in range(MAX_INDEX_DEPTH):
            fetched = registry.manifest(asked)
            document, manifest = _parsed(fetched, what=what)
            if isinstance(manifest, Manifest):
                return cls(
                    reference=reference,
                    fetched=fetched,
                    document=document,
                    manifest=manifest,
                    index=index,
                    platform=place,
                )
            index = index or fetched.digest
            chosen = choose(_images(document, manifest), platform, what=what)
            place = chosen.platform
            asked = ImageReference(reference.registry, reference.repository, digest=chosen.digest)
        raise LimitExceeded(f"{what}: indexes nested deeper than {MAX_INDEX_DEPTH}")


def _parsed(fetched: FetchedManifest, *, what: str) -> tuple[dict[str, Any], Manifest | Index]:
    """The manifest, when it is one thing and an image. Raises `ImageError`."""
    document = load_object(fetched.body, what=f"{what}: manifest")
    told = str(document.get("mediaType") or "")
    media_type = fetched.media_type if fetched.media_type in _INDEXES | _MANIFESTS else told
    if fetched.media_type.startswith(_SCHEMA_1) or document.get("schemaVersion") == 1:
        raise ImageError(f"{what}: manifest schema 1 is no longer read: push it again with a current tool")
    # CVE-2021-41190: a document that is an index to one reader and an image to another.
    if "manifests" in document and ("layers" in document or "config" in document):
        raise ImageError(f"{what}: the manifest is ambiguous: an index and an image at once")
    if told and media_type and told != media_type:
        raise ImageError(f"{what}: the manifest is ambiguous: sent as {media_type!r}, it says {told[:100]!r}")
    if (media_type in _INDEXES and "manifests" not in document) or (
        media_type in _MANIFESTS and "layers" not in document
    ):
        raise ImageError(f"{what}: the manifest is ambiguous: it is not the {media_type!r} it is sent as")
    _refuse_artifact(document, what=what)
    return document, manifest_of(fetched.body, what=f"{what}: manifest")


def _refuse_artifact(document: dict[str, Any], *, what: str) -> None:
    """Signatures, SBOMs, charts and modules lie in registries too (OCI image-spec, artifacts guidance)."""
    kind = document.get("artifactType")
    config = document.get("config")
    media_type = config.get("mediaType") if isinstance(config, dict) else None
    if isinstance(kind, str) and kind not in _IMAGE_CONFIGS and kind:
        raise ImageError(f"{what}: not a container image but {kind[:100]!r}")
    if isinstance(media_type, str) and media_type not in _IMAGE_CONFIGS:
        raise ImageError(f"{what}: not a container image: its config is {media_type[:100]!r}")


def _images(document: dict[str, Any], index: Index) -> tuple[Descriptor, ...]:
    """The entries of an index that are images: not build attestations, not artifacts."""
    artifacts = {
        str(one.get("digest"))
        for one in document["manifests"]
        if isinstance(one, dict) and isinstance(one.get("artifactType"), str)
    }
    return tuple(
        one
        for one in index.manifests
        if str(one.digest) not in artifacts and _ATTESTATION not in one.annotations
    )


def _image(
    registry: Registry, found: _Found, platform: Platform | None, *, name: str, progress: Progress
) -> tuple[Image, list[RegistryBlob]]:
    what = str(found.reference)
    raw = _config(registry, found)
    config, diff_ids = config_of(raw, what=f"{what}: config")
    if found.index is None:
        require(config.platform, platform, what=what)
    layers = layers_of(found.manifest, config, diff_ids, what=what)
    for layer in layers:
        if layer.media_type.endswith("+encrypted"):
            raise ImageError(f"{what}: layer {layer.index} is encrypted")
    image = Image(
        name=name,
        source="registry",
        tag=_tag(found.reference),
        digest=found.fetched.digest,
        index_digest=found.index,
        config_digest=found.manifest.config.digest,
        config=config,
        layers=layers,
        size=sum(layer.size for layer in layers),
        annotations=found.manifest.annotations,
    )
    return image, [_blob(registry, found, layer, progress) for layer in layers]


def _tag(reference: ImageReference) -> str:
    """What mappings see: the reference without its digest, "" for a bare digest."""
    tag = reference.effective_tag
    return str(ImageReference(reference.registry, reference.repository, tag)) if tag else ""


def _config(registry: Registry, found: _Found) -> bytes:
    """The config, out of its descriptor where that carries it (OCI image-spec, descriptor.md, "data")."""
    descriptor = found.manifest.config
    data = found.document["config"].get("data")
    if isinstance(data, str):
        try:
            content = base64.b64decode(data, validate=True)
        except (binascii.Error, ValueError) as problem:
            raise ImageError(f"{found.reference}: the config's embedded data is not base64") from problem
        descriptor.check(content, what=str(found.reference))
        return content
    return registry.blob(found.reference, descriptor.digest, descriptor.size, limit=MAX_CONFIG)


def _blob(registry: Registry, found: _Found, layer: Layer, progress: Progress) -> RegistryBlob:
    return registry.layer(found.reference, layer, urls=_urls(found.document, layer.index), progress=progress)


def _urls(document: dict[str, Any], index: int) -> tuple[str, ...]:
    """Where a foreign layer lies besides the registry."""
    urls = document["layers"][index].get("urls")
    if not isinstance(urls, list):
        return ()
    return tuple(url for url in urls[:8] if isinstance(url, str))
