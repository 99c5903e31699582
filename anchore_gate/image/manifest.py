"""Manifests and indexes (OCI image-spec; Docker schema 2), and the choice of a platform."""

from __future__ import annotations

from collections.abc import Sequence

from anchore_gate.errors import ImageError, InvalidReference, PlatformNotFound
from anchore_gate.image.config import instructions, load_object, platform_of
from anchore_gate.image.limits import MAX_LAYERS
from anchore_gate.image.platforms import fits, host_platform
from anchore_gate.model.digest import Digest
from anchore_gate.model.image import ImageConfig, Layer, Platform
from anchore_gate.typed import Any
from anchore_gate.values import dataclass

REF_NAME = "org.opencontainers.image.ref.name"
_FULL_NAME = "io.containerd.image.name"


@dataclass(frozen=True, slots=True, kw_only=True)
class Descriptor:
    """A reference to some content (OCI image-spec, descriptor.md)."""

    media_type: str
    digest: Digest
    size: int
    platform: Platform | None = None
    annotations: tuple[tuple[str, str], ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The names that the index gives it."""
        return tuple(value for key, value in self.annotations if key in (REF_NAME, _FULL_NAME))

    def check(self, content: bytes, *, what: str) -> None:
        """Compare size and digest. Raises `ImageError`."""
        found = Digest.of(content, self.digest.algorithm)
        if len(content) != self.size:
            raise ImageError(
                f"{what}: {self.digest} has {len(content)} bytes, its descriptor says {self.size}"
            )
        if found != self.digest:
            raise ImageError(f"{what}: {self.digest} is really {found}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """One image: its config and its layers, from the base upwards."""

    config: Descriptor
    layers: tuple[Descriptor, ...]
    annotations: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Index:
    """Several images under one name."""

    manifests: tuple[Descriptor, ...]


def manifest_of(raw: bytes, *, what: str) -> Manifest | Index:
    """The manifest or index in `raw`. Raises `ImageError`."""
    document = load_object(raw, what=what)
    try:
        if "manifests" in document:
            return Index(tuple(_descriptor(one) for one in _list(document, "manifests")))
        layers = tuple(_descriptor(one) for one in _list(document, "layers"))
        if len(layers) > MAX_LAYERS:
            raise TypeError(f"{len(layers)} layers, more than {MAX_LAYERS}")
        return Manifest(
            config=_descriptor(document.get("config")), layers=layers, annotations=_annotations(document)
        )
    except (TypeError, InvalidReference) as problem:
        raise ImageError(f"{what}: not an image manifest: {problem}") from problem


def layers_of(
    manifest: Manifest, config: ImageConfig, diff_ids: tuple[Digest, ...], *, what: str
) -> tuple[Layer, ...]:
    """The layers, named both ways. Raises `ImageError` where the config has another count."""
    if len(diff_ids) != len(manifest.layers):
        raise ImageError(f"{what}: {len(manifest.layers)} layers, but the config names {len(diff_ids)}")
    steps = instructions(config, len(diff_ids))
    return tuple(
        Layer(
            index=i,
            diff_id=diff_id,
            digest=one.digest,
            media_type=one.media_type,
            size=one.size,
            created_by=step,
        )
        for i, (one, diff_id, step) in enumerate(zip(manifest.layers, diff_ids, steps, strict=True))
    )


def choose(manifests: Sequence[Descriptor], wanted: Platform | None, *, what: str) -> Descriptor:
    """
    The one manifest for the platform. Raises `PlatformNotFound`, `ImageError` where several fit.

    Build attestations (`unknown/unknown`) are no images.
    """
    images = [one for one in manifests if one.platform is None or one.platform.os != "unknown"]
    if len(images) == 1 and (wanted is None or images[0].platform is None):
        return images[0]
    target = wanted or host_platform()
    fitting = [one for one in images if one.platform is not None and fits(one.platform, target)]
    if not fitting:
        there = ", ".join(sorted({str(one.platform or "unnamed platform") for one in images})) or "nothing"
        raise PlatformNotFound(f"{what}: no image for {target}; there is: {there}")
    exact = [one for one in fitting if one.platform == target] or fitting
    if len({one.digest for one in exact}) > 1 and len({one.platform for one in exact}) == 1:
        there = ", ".join(sorted(name for one in exact for name in one.names)) or "without names"
        raise ImageError(f"{what}: several images for {target}: {there}")
    return exact[0]


def _descriptor(document: Any) -> Descriptor:
    if not isinstance(document, dict):
        raise TypeError("a descriptor is missing or no object")
    size = document.get("size")
    if not isinstance(size, int) or isinstance(size, bool) or size < 0:
        raise TypeError("a descriptor without a size")
    place = document.get("platform")
    return Descriptor(
        media_type=str(document.get("mediaType") or ""),
        digest=Digest.parse(str(document.get("digest"))),
        size=size,
        platform=platform_of(place) if isinstance(place, dict) else None,
        annotations=_annotations(document),
    )


def _annotations(document: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    found = document.get("annotations")
    return tuple(sorted((k, str(v)) for k, v in found.items())) if isinstance(found, dict) else ()


def _list(document: dict[str, Any], key: str) -> list[Any]:
    found = document.get(key)
    if not isinstance(found, list):
        raise TypeError(f"{key!r} is no list")
    return found
