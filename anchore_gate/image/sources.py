"""The one way to open an image: the word before the colon says where it lives, or else what is there does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from anchore_gate.errors import ImageError, ImageNotFound, UsageError
from anchore_gate.image.archive import INDEX, MARK, open_tar
from anchore_gate.image.docker_archive import MANIFEST, open_docker_archive
from anchore_gate.image.source import OpenImage
from anchore_gate.model.image import Platform

if TYPE_CHECKING:
    from anchore_gate.image.registry_blob import Progress
    from anchore_gate.image.registry_settings import RegistrySettings

SCHEMES = ("docker-archive", "oci-archive", "oci-dir", "dir", "registry", "docker", "podman")


@contextmanager
def open_image(
    text: str,
    *,
    platform: Platform | None = None,
    tag: str = "",
    registry: RegistrySettings | None = None,
    progress: Progress | None = None,
) -> Iterator[OpenImage]:
    """
    Hold the image that `text` names open: `SCHEME:LOCATION`, a path that exists, or a registry reference.

    `tag` says which image of an archive with several; `registry` how registries are asked (None: as the
    environment says); `progress` is told of layers as they arrive. Raises `ImageError`, `RegistryError`,
    `NetworkError`, `UsageError`.
    """
    scheme, location = scheme_of(text)
    if scheme == "registry" and location == text and is_short(text):
        scheme = _daemon_with(text) or scheme
    match scheme:
        case "docker-archive":
            opened = open_docker_archive(location, name=text, platform=platform, tag=tag)
        case "oci-archive":
            from anchore_gate.image.oci_layout import open_oci_archive

            opened = open_oci_archive(location, name=text, platform=platform, tag=tag)
        case "oci-dir":
            from anchore_gate.image.oci_layout import open_oci_dir

            opened = open_oci_dir(location, name=text, platform=platform, tag=tag)
        case "dir":
            from anchore_gate.image.rootfs import open_rootfs

            with open_rootfs(location, name=text, platform=platform) as root:
                yield root
            return
        case "docker" | "podman":
            from anchore_gate.image import daemon_source

            with daemon_source.open_image(location, name=text, scheme=scheme, platform=platform) as saved:
                yield saved
            return
        case _:
            from anchore_gate.image import registry_source

            opened = registry_source.open_image(
                location, name=text, platform=platform, settings=registry, progress=progress
            )
    with opened as image:
        yield image


def scheme_of(text: str) -> tuple[str, str]:
    """The scheme and the location that `text` means. Raises `UsageError`, `ImageError`."""
    if not text.strip():
        raise UsageError("no image was named")
    scheme, colon, location = text.partition(":")
    if colon and scheme in SCHEMES and location:
        return scheme, location
    path = Path(text)
    try:
        if path.is_dir():
            return ("oci-dir" if (path / MARK).is_file() else "dir"), text
        if path.exists():
            return _file_scheme(path), text
    except (OSError, ValueError) as problem:
        raise UsageError(f"{text[:200]!r} is no path: {problem}") from problem
    if text.startswith(("/", "./", "../", "~")) or path.suffix in (".tar", ".tgz"):
        raise ImageNotFound(f"{text}: there is no such file")
    return "registry", text


def is_short(text: str) -> bool:
    """Whether a reference names no registry, or only this machine, as images that were built here do."""
    first, slash, _ = text.partition("/")
    return "@" not in text and (not slash or not ("." in first or ":" in first))


def _daemon_with(text: str) -> str | None:
    """The scheme of a daemon on this machine that has the image under a short name."""
    from anchore_gate.image.daemon_source import find_local

    return find_local(text)


def _file_scheme(path: Path) -> str:
    with open_tar(path) as archive:
        if archive.size(MANIFEST) is not None:
            return "docker-archive"
        if archive.size(MARK) is not None or archive.size(INDEX) is not None:
            return "oci-archive"
    raise ImageError(f"{path}: a tar that holds no image (neither {MANIFEST} nor {MARK})")
