"""Small real images, built in memory and written as the tools write them."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from anchore_gate.image.decompress import _zstd

Compression = Literal["gzip", "zstd", "none"]
_SUFFIX = {"gzip": "+gzip", "zstd": "+zstd", "none": ""}


@dataclass(frozen=True)
class Entry:
    """A member that is more than a plain file: give it as the value of a path."""

    content: bytes = b""
    type: bytes = tarfile.REGTYPE
    mode: int = 0o644
    uid: int = 0
    gid: int = 0
    link: str = ""


def folder(mode: int = 0o755, **fields: Any) -> Entry:
    return Entry(type=tarfile.DIRTYPE, mode=mode, **fields)


def symlink(target: str) -> Entry:
    return Entry(type=tarfile.SYMTYPE, mode=0o777, link=target)


def hardlink(target: str) -> Entry:
    return Entry(type=tarfile.LNKTYPE, link=target)


@dataclass(frozen=True)
class BuiltLayer:
    """A layer: its tar, and the blob it is stored as."""

    tar: bytes
    blob: bytes
    compression: Compression = "none"
    created_by: str = ""

    @property
    def diff_id(self) -> str:
        return digest_of(self.tar)

    @property
    def digest(self) -> str:
        return digest_of(self.blob)


@dataclass(frozen=True)
class Config:
    """The fields of an image config that tests set."""

    user: str = ""
    env: Sequence[str] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    exposed_ports: Sequence[str] = ()
    volumes: Sequence[str] = ()
    entrypoint: Sequence[str] = ()
    cmd: Sequence[str] = ()
    healthcheck: Sequence[str] = ()
    working_dir: str = ""
    architecture: str = "amd64"
    os: str = "linux"
    variant: str = ""
    created: str = "2024-05-01T12:00:00Z"
    author: str = ""
    history: Sequence[Mapping[str, Any]] | None = None  # None: one entry per layer

    def document(self, layers: Sequence[BuiltLayer]) -> dict[str, Any]:
        inner: dict[str, Any] = {
            "User": self.user,
            "Env": list(self.env),
            "Labels": dict(self.labels),
            "ExposedPorts": {port: {} for port in self.exposed_ports},
            "Volumes": {volume: {} for volume in self.volumes},
            "Entrypoint": list(self.entrypoint),
            "Cmd": list(self.cmd),
            "WorkingDir": self.working_dir,
        }
        if self.healthcheck:
            inner["Healthcheck"] = {"Test": list(self.healthcheck)}
        history = self.history
        if history is None:
            history = [{"created_by": layer.created_by, "created": self.created} for layer in layers]
        found: dict[str, Any] = {
            "architecture": self.architecture,
            "os": self.os,
            "created": self.created,
            "config": {key: value for key, value in inner.items() if value},
            "rootfs": {"type": "layers", "diff_ids": [layer.diff_id for layer in layers]},
            "history": [dict(one) for one in history],
        }
        found.update({k: v for k, v in (("variant", self.variant), ("author", self.author)) if v})
        return found


def digest_of(content: bytes) -> str:
    return "sha256:" + hashlib.sha256(content).hexdigest()


def make_tar(files: Mapping[str, bytes | str | Entry], *, format: int = tarfile.PAX_FORMAT) -> bytes:
    """A tar of files in the order given; names are taken as they are."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=format) as tar:
        for name, value in files.items():
            entry = (
                value
                if isinstance(value, Entry)
                else Entry(value.encode() if isinstance(value, str) else value)
            )
            member = tarfile.TarInfo(name)
            member.type, member.mode, member.linkname = entry.type, entry.mode, entry.link
            member.uid, member.gid, member.size = entry.uid, entry.gid, len(entry.content)
            tar.addfile(member, io.BytesIO(entry.content))
    return stream.getvalue()


def compress(plain: bytes, compression: Compression) -> bytes:
    if compression == "gzip":
        return gzip.compress(plain, mtime=0, compresslevel=1)
    if compression == "zstd":
        return bytes(_zstd().compress(plain))
    return plain


def make_layer(
    files: Mapping[str, bytes | str | Entry],
    *,
    compression: Compression = "gzip",
    created_by: str = "",
    format: int = tarfile.PAX_FORMAT,
) -> BuiltLayer:
    """A layer with these files. A path that ends in `/` should be `folder()`; whiteouts are plain names."""
    return layer_of(make_tar(files, format=format), compression=compression, created_by=created_by)


def layer_of(tar: bytes, *, compression: Compression = "none", created_by: str = "") -> BuiltLayer:
    """A layer from the bytes of a tar, sound or not."""
    return BuiltLayer(tar, compress(tar, compression), compression, created_by)


def docker_archive(
    path: Path,
    layers: Sequence[BuiltLayer],
    *,
    config: Config | bytes | None = None,
    tag: str | None = "app:1.0",
    form: Literal["legacy", "oci"] = "legacy",
) -> Path:
    """
    What `docker save` writes: `legacy` (a folder per layer, plain layers; a layer that occurs twice is a
    symbolic link) or `oci` (blobs by digest, `index.json` beside `manifest.json`).
    """
    raw = config if isinstance(config, bytes) else to_json((config or Config()).document(layers))
    hex_ = digest_of(raw)[7:]
    files: dict[str, bytes | str | Entry] = {}
    names = []
    if form == "legacy":
        seen: dict[str, str] = {}
        for number, layer in enumerate(layers):
            name = hashlib.sha256(f"{number}{layer.diff_id}".encode()).hexdigest() + "/layer.tar"
            first = seen.setdefault(layer.diff_id, name)
            files[name] = layer.blob if first == name else symlink(f"../{first}")
            names.append(name)
        files[f"{hex_}.json"] = raw
        config_name = f"{hex_}.json"
    else:
        manifest, blobs = _oci_blobs(raw, layers)
        files |= blobs
        names = [f"blobs/sha256/{layer.digest[7:]}" for layer in layers]
        files |= _layout([_descriptor(manifest, tag)])
        config_name = f"blobs/sha256/{hex_}"
    entry = {"Config": config_name, "RepoTags": [tag] if tag else None, "Layers": names}
    files["manifest.json"] = to_json([entry])
    path.write_bytes(make_tar(files))
    return path


def oci_files(
    layers: Sequence[BuiltLayer],
    *,
    config: Config | bytes | None = None,
    tag: str | None = "1.0",
    nested: bool = False,
) -> dict[str, bytes | str | Entry]:
    """The files of an OCI layout with one image; `nested`: an index within the index."""
    return oci_index_files([(layers, config)], tag=tag, nested=nested)


def oci_index_files(
    images: Sequence[tuple[Sequence[BuiltLayer], Config | bytes | None]],
    *,
    tag: str | None = "1.0",
    nested: bool = False,
) -> dict[str, bytes | str | Entry]:
    """The files of an OCI layout with several images, one per platform."""
    files: dict[str, bytes | str | Entry] = {}
    descriptors = []
    for layers, config in images:
        known = config if isinstance(config, Config) else Config()
        raw = config if isinstance(config, bytes) else to_json(known.document(layers))
        manifest, blobs = _oci_blobs(raw, layers)
        files |= blobs
        place = {"os": known.os, "architecture": known.architecture}
        place |= {"variant": known.variant} if known.variant else {}
        descriptors.append(_descriptor(manifest, tag) | {"platform": place})
    if nested:
        index = to_json({"schemaVersion": 2, "mediaType": INDEX_TYPE, "manifests": descriptors})
        files[f"blobs/sha256/{digest_of(index)[7:]}"] = index
        descriptors = [_descriptor(index, tag) | {"mediaType": INDEX_TYPE}]
    return files | _layout(descriptors)


def oci_layout(path: Path, layers: Sequence[BuiltLayer], **options: Any) -> Path:
    """An OCI layout as a folder; see `oci_files`."""
    write_files(path, oci_files(layers, **options))
    return path


def oci_archive(path: Path, layers: Sequence[BuiltLayer], **options: Any) -> Path:
    """An OCI layout as a tar; see `oci_files`."""
    path.write_bytes(make_tar(oci_files(layers, **options)))
    return path


def write_files(path: Path, files: Mapping[str, bytes | str | Entry]) -> None:
    for name, content in files.items():
        assert isinstance(content, bytes)
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(content)


MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
INDEX_TYPE = "application/vnd.oci.image.index.v1+json"


def oci_manifest(config: bytes, layers: Sequence[BuiltLayer]) -> bytes:
    """The manifest of a config and its layers."""
    return to_json(
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST_TYPE,
            "config": {
                "mediaType": "application/vnd.oci.image.config.v1+json",
                "digest": digest_of(config),
                "size": len(config),
            },
            "layers": [
                {
                    "mediaType": "application/vnd.oci.image.layer.v1.tar" + _SUFFIX[layer.compression],
                    "digest": layer.digest,
                    "size": len(layer.blob),
                }
                for layer in layers
            ],
        }
    )


def to_json(document: Any) -> bytes:
    return json.dumps(document).encode()


def _oci_blobs(config: bytes, layers: Sequence[BuiltLayer]) -> tuple[bytes, dict[str, bytes | str | Entry]]:
    manifest = oci_manifest(config, layers)
    blobs = (manifest, config, *(layer.blob for layer in layers))
    return manifest, {f"blobs/sha256/{digest_of(blob)[7:]}": blob for blob in blobs}


def _descriptor(manifest: bytes, tag: str | None) -> dict[str, Any]:
    found: dict[str, Any] = {"mediaType": MANIFEST_TYPE, "digest": digest_of(manifest), "size": len(manifest)}
    return found | ({"annotations": {"org.opencontainers.image.ref.name": tag}} if tag else {})


def _layout(descriptors: list[dict[str, Any]]) -> dict[str, bytes | str | Entry]:
    return {
        "oci-layout": to_json({"imageLayoutVersion": "1.0.0"}),
        "index.json": to_json({"schemaVersion": 2, "manifests": descriptors}),
    }
