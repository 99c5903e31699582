"""OCI image layouts, as a folder or a tar (OCI image-spec, image-layout.md)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from anchore_gate.errors import ImageError, ImageNotFound, LimitExceeded
from anchore_gate.image.archive import INDEX, MARK, Archive, Folder, open_tar, read_whole
from anchore_gate.image.config import config_of, load_object
from anchore_gate.image.docker_archive import ArchiveBlob, normal_tag
from anchore_gate.image.layered import LayeredImage
from anchore_gate.image.limits import MAX_CONFIG, MAX_INDEX_DEPTH, MAX_MANIFEST
from anchore_gate.image.manifest import Descriptor, Index, Manifest, choose, layers_of, manifest_of
from anchore_gate.image.platforms import require
from anchore_gate.image.source import ImageDocuments
from anchore_gate.model.digest import Digest
from anchore_gate.model.image import Image, Platform

_MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"


@contextmanager
def open_oci_archive(
    location: str, *, name: str, platform: Platform | None = None, tag: str = ""
) -> Iterator[LayeredImage]:
    """The image in a tar of a layout. Raises `ImageError`."""
    with (
        open_tar(Path(location)) as archive,
        _image(archive, name=name, source="oci-archive", platform=platform, tag=tag) as image,
    ):
        yield image


@contextmanager
def open_oci_dir(
    location: str, *, name: str, platform: Platform | None = None, tag: str = ""
) -> Iterator[LayeredImage]:
    """The image in a layout's folder. Raises `ImageError`."""
    if not Path(location).is_dir():
        raise ImageNotFound(f"{location}: there is no such folder")
    with _image(Folder(Path(location)), name=name, source="oci-dir", platform=platform, tag=tag) as image:
        yield image


def _image(archive: Archive, *, name: str, source: str, platform: Platform | None, tag: str) -> LayeredImage:
    where = archive.location
    if "imageLayoutVersion" not in load_object(
        read_whole(archive, MARK, limit=MAX_MANIFEST), what=f"{where}: {MARK}"
    ):
        raise ImageError(f"{where}: {MARK} names no version")
    chosen, content, manifest, index = _chosen(archive, platform, tag)
    raw = _content(archive, manifest.config, MAX_CONFIG)
    config, diff_ids = config_of(raw, what=f"{where}: config {manifest.config.digest}")
    require(config.platform, platform, what=where)
    layers = layers_of(manifest, config, diff_ids, what=where)
    for layer in layers:
        if archive.size(_blob_name(layer.digest)) is None:
            raise ImageError(f"{where}: layer {layer.index} is missing: {layer.digest}")
    # A bare word, as `skopeo copy ... oci:dir:1.2` writes it, is a tag without a repository: no name.
    names = [normal_tag(one) for one in chosen.names if "/" in one or ":" in one]
    image = Image(
        name=name,
        source=source,
        tag=next(filter(None, names), ""),
        digest=chosen.digest,
        index_digest=index,
        config_digest=manifest.config.digest,
        config=config,
        layers=layers,
        size=sum(layer.size for layer in layers),
        annotations=manifest.annotations,
    )
    documents = ImageDocuments(manifest=content, media_type=chosen.media_type or _MANIFEST_TYPE, config=raw)
    blobs = [ArchiveBlob(archive, _blob_name(layer.digest), layer) for layer in layers]
    return LayeredImage(image, blobs, documents=documents)


def _chosen(
    archive: Archive, platform: Platform | None, tag: str
) -> tuple[Descriptor, bytes, Manifest, Digest | None]:
    """The manifest for the platform, as bytes and read, through as many indexes as are allowed."""
    where = archive.location
    found = manifest_of(read_whole(archive, INDEX, limit=MAX_MANIFEST), what=f"{where}: {INDEX}")
    index: Digest | None = None
    names: tuple[tuple[str, str], ...] = ()
    for _ in range(MAX_INDEX_DEPTH):
        if not isinstance(found, Index):
            raise ImageError(f"{where}: {INDEX} lists no manifests")
        candidates = [one for one in found.manifests if tag and _is_named(one, tag)] or found.manifests
        descriptor = choose(candidates, platform, what=where)
        names = names or descriptor.annotations
        content = _content(archive, descriptor, MAX_MANIFEST)
        found = manifest_of(content, what=f"{where}: manifest {descriptor.digest}")
        if isinstance(found, Manifest):
            named = Descriptor(
                media_type=descriptor.media_type,
                digest=descriptor.digest,
                size=descriptor.size,
                annotations=names,
            )
            return named, content, found, index
        index = descriptor.digest
    raise LimitExceeded(f"{where}: indexes nested deeper than {MAX_INDEX_DEPTH}")


def _is_named(descriptor: Descriptor, tag: str) -> bool:
    return any(
        one == tag or (normal_tag(one) and normal_tag(one) == normal_tag(tag)) for one in descriptor.names
    )


def _content(archive: Archive, descriptor: Descriptor, limit: int) -> bytes:
    content = read_whole(archive, _blob_name(descriptor.digest), limit=limit)
    descriptor.check(content, what=archive.location)
    return content


def _blob_name(digest: Digest | None) -> str:
    assert digest is not None, "descriptors always have one"
    return f"blobs/{digest.algorithm}/{digest.hex}"
