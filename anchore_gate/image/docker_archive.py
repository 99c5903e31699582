"""What `docker save`, `podman save` and `skopeo` write: a tar with `manifest.json`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from anchore_gate.errors import ImageError, InvalidReference
from anchore_gate.image.archive import Archive, open_tar, read_whole
from anchore_gate.image.config import config_of, instructions, load_json
from anchore_gate.image.layered import LayeredImage
from anchore_gate.image.limits import MAX_CONFIG, MAX_MANIFEST
from anchore_gate.image.platforms import require
from anchore_gate.image.source import ImageDocuments
from anchore_gate.model.digest import Digest
from anchore_gate.model.image import Image, ImageReference, Layer, Platform
from anchore_gate.regex import regex
from anchore_gate.typed import Any, BinaryIO

SCHEME = "docker-archive"
MANIFEST = "manifest.json"
_MANIFEST_TYPE = "application/vnd.docker.distribution.manifest.v2+json"
_LAYER_TYPE = "application/vnd.docker.image.rootfs.diff.tar"
_NAMED_BY_DIGEST = regex(r"(?:blobs/sha256/)?([0-9a-f]{64})(?:\.json)?")
_BLOB = regex(r"blobs/sha256/([0-9a-f]{64})")


class ArchiveBlob:
    """A layer that lies in an archive. See `LayerBlob`."""

    def __init__(self, archive: Archive, name: str, layer: Layer) -> None:
        self.layer = layer
        self._archive = archive
        self._name = name

    def open(self) -> BinaryIO:
        """See `LayerBlob.open`."""
        return self._archive.open(self._name)


@contextmanager
def open_docker_archive(
    location: str, *, name: str, platform: Platform | None = None, tag: str = ""
) -> Iterator[LayeredImage]:
    """The image in a file; `tag` says which, where there are several. Raises `ImageError`."""
    with open_tar(Path(location)) as archive:
        entry = _entry(archive, tag)
        with _image(archive, entry, name=name, platform=platform) as image:
            yield image


def _image(archive: Archive, entry: dict[str, Any], *, name: str, platform: Platform | None) -> LayeredImage:
    config_name, files, tags = _names(entry, f"{archive.location}: {MANIFEST}")
    raw = read_whole(archive, config_name, limit=MAX_CONFIG)
    what = f"{archive.location}: {config_name}"
    digest = Digest.of(raw)
    named = _NAMED_BY_DIGEST.fullmatch(config_name)
    if named is not None and named[1] != digest.hex:
        raise ImageError(f"{what}: its content is really {digest}")
    config, diff_ids = config_of(raw, what=what)
    if len(diff_ids) != len(files):
        raise ImageError(f"{what}: the archive has {len(files)} layers, the config names {len(diff_ids)}")
    require(config.platform, platform, what=archive.location)
    steps = instructions(config, len(files))
    parts = zip(files, diff_ids, steps, strict=True)
    layers = tuple(_layer(archive, i, *part) for i, part in enumerate(parts))
    image = Image(
        name=name,
        source=SCHEME,
        tag=normal_tag(tags[0]) if tags else "",
        config_digest=digest,
        config=config,
        layers=layers,
        size=sum(layer.size for layer in layers),
    )
    blobs = [ArchiveBlob(archive, file, layer) for file, layer in zip(files, layers, strict=True)]
    return LayeredImage(image, blobs, documents=_documents(image, raw))


def _documents(image: Image, config: bytes) -> ImageDocuments:
    """An archive holds no manifest; this one names its layers as they lie in it, as `docker push` would."""
    manifest = {
        "schemaVersion": 2,
        "mediaType": _MANIFEST_TYPE,
        "config": {
            "mediaType": "application/vnd.docker.container.image.v1+json",
            "size": len(config),
            "digest": str(image.config_digest),
        },
        "layers": [
            {"mediaType": _LAYER_TYPE, "size": layer.size, "digest": str(layer.digest or layer.diff_id)}
            for layer in image.layers
        ],
    }
    return ImageDocuments(manifest=json.dumps(manifest).encode(), media_type=_MANIFEST_TYPE, config=config)


def normal_tag(text: str) -> str:
    """A tag as mappings see it, registry and all; "" for one that is none."""
    try:
        return str(ImageReference.parse(text))
    except InvalidReference:
        return ""


def _layer(archive: Archive, index: int, file: str, diff_id: Digest, step: str) -> Layer:
    size = archive.size(file)
    if size is None:
        raise ImageError(f"{archive.location}: layer {index} is missing: {file!r}")
    blob = _BLOB.fullmatch(file)
    digest = Digest("sha256", blob[1]) if blob is not None else None
    return Layer(index=index, diff_id=diff_id, digest=digest, size=size, created_by=step)


def _entry(archive: Archive, tag: str) -> dict[str, Any]:
    what = f"{archive.location}: {MANIFEST}"
    document = load_json(read_whole(archive, MANIFEST, limit=MAX_MANIFEST), what=what)
    if not isinstance(document, list) or not document or not all(isinstance(one, dict) for one in document):
        raise ImageError(f"{what}: not a list of images")
    if len(document) == 1:
        return dict(document[0])
    fitting = [one for one in document if tag and normal_tag(tag) in map(normal_tag, _names(one, what)[2])]
    if not fitting:
        there = ", ".join(name for one in document for name in _names(one, what)[2]) or "without tags"
        raise ImageError(f"{archive.location}: holds {len(document)} images, name one of them: {there}")
    return dict(fitting[0])


def _names(entry: dict[str, Any], what: str) -> tuple[str, list[str], list[str]]:
    config, layers, tags = entry.get("Config"), entry.get("Layers") or [], entry.get("RepoTags") or []
    lists = isinstance(layers, list) and isinstance(tags, list)
    if not isinstance(config, str) or not lists or not all(isinstance(one, str) for one in (*layers, *tags)):
        raise ImageError(f"{what}: an entry without config, layers or tags")
    return config, layers, tags
