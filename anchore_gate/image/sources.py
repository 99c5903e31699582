"""The one way to open an image: the word before the colon says where it lives, or else what is there does."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from anchore_gate.errors import ImageError, ImageNotFound, InvalidReference, RegistryAuthError, UsageError
from anchore_gate.image.archive import INDEX, MARK, open_tar
from anchore_gate.image.docker_archive import MANIFEST, open_docker_archive
from anchore_gate.image.source import OpenImage
from anchore_gate.model.image import Platform
from anchore_gate.regex import regex
from anchore_gate.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from anchore_gate.image.registry_blob import Progress
    from anchore_gate.image.registry_settings import RegistrySettings

SCHEMES = ("docker-archive", "oci-archive", "oci-dir", "dir", "registry", "docker", "podman")
_FILES = frozenset({"docker-archive", "oci-archive", "oci-dir", "dir", "sbom"})
_LOOKED_AT = 64 * 1024  # bytes of a manifest
# What other tools put there; no image of Docker Hub has such a name.
_FOREIGN = frozenset(
    {
        *("file", "path", "tar", "docker-tar", "docker-daemon", "oci", "oci-layout", "oci-tar", "purl"),
        *("containers-storage", "containerd", "singularity", "http", "https", "docker-image"),
    }
)
_WORD = regex(r"[A-Za-z][A-Za-z0-9+_-]*")
_LOGIN = regex(r"([a-z]+:(//)?)?[^/@\s]*:[^/@\s]*@[^/]+/")  # user:password@host/
_PARTS = (
    b'"schemaVersion"',
    b'"Layers"',
)  # of a manifest, in a folder of `skopeo copy` or an unpacked archive
_ARCHIVES = (".tar", ".tgz", ".tar.gz", ".tar.zst", ".tar.xz", ".tar.bz2")


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
    scheme, location = located(text)
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
            with _open_in_registry(text, location, platform, registry, progress) as pulled:
                yield pulled
            return
    with opened as image:
        yield image


@contextmanager
def _open_in_registry(
    text: str,
    location: str,
    platform: Platform | None,
    registry: RegistrySettings | None,
    progress: Progress | None,
) -> Iterator[OpenImage]:
    from anchore_gate.image import registry_source

    opened = registry_source.open_image(
        location, name=text, platform=platform, settings=registry, progress=progress
    )
    with ExitStack() as held:
        try:
            image = held.enter_context(opened)
        except (ImageNotFound, RegistryAuthError) as problem:
            here = _daemon_with(location)
            if here is None:
                raise
            raise type(problem)(f"{problem}; {here} has it here: `{here}:{location}`") from problem
        yield image


def located(text: str) -> tuple[str, str]:
    """As `scheme_of`; a short name is a daemon's here where one has the image."""
    scheme, location = scheme_of(text)
    if scheme == "registry" and location == text and is_short(text):
        return _daemon_with(text) or scheme, location
    return scheme, location


def scheme_of(text: str) -> tuple[str, str]:
    """The scheme and the location that `text` means. Raises `UsageError`, `ImageError`."""
    if not text.strip():
        raise UsageError("no image was named")
    refuse_password(text)
    scheme, colon, location = text.partition(":")
    if colon and scheme in SCHEMES and location:
        return scheme, location
    path = Path(text)
    try:
        if path.is_dir():
            return _folder_scheme(path), text
        if path.exists():
            return _file_scheme(path), text
        if path.is_symlink():  # no name to ask Docker Hub for
            raise ImageNotFound(f"{text}: a symbolic link to nothing")
    except (OSError, ValueError) as problem:
        raise UsageError(f"{text[:200]!r} is no path: {problem}") from problem
    if colon and _is_mistyped(scheme, location):
        known = ", ".join(f"{one}:" for one in (*SCHEMES, "sbom"))
        raise InvalidReference(f"not an image reference: {text[:200]!r}; schemes are {known}")
    if text.startswith(("/", "./", "../", "~")) or path.suffix in (".tar", ".tgz"):
        raise ImageNotFound(f"{text}: there is no such file")
    return "registry", text


def refuse_password(text: str) -> None:
    """Raises `InvalidReference` where a reference has a password in it; the message does not repeat it."""
    if "@" not in text:
        return
    is_file = text.partition(":")[0] in _FILES or os.path.exists(text)  # noqa: PTH110  # never raises
    if _LOGIN.match(text) and not is_file:
        raise InvalidReference(
            "an image reference holds no user and password (not repeated here): `docker login`, or "
            "--registry-username with ANCHORE_GATE_REGISTRY_PASSWORD"
        )


def _folder_scheme(path: Path) -> str:
    if (path / MARK).is_file():
        return "oci-dir"
    manifest = path / MANIFEST
    if manifest.is_file():
        with manifest.open("rb") as stream:
            start = stream.read(_LOOKED_AT)
        if any(word in start for word in _PARTS):
            raise ImageError(
                f"{path}: the parts of an image ({MANIFEST}), not its files: make an image of them "
                f"(`skopeo copy dir:{path} oci:FOLDER`, `tar -cf app.tar -C {path} .`)"
            )
    return "dir"


def _is_mistyped(word: str, location: str) -> bool:
    """Whether `word:location` is meant as a scheme. `app:1.2` is not: it is an image on Docker Hub."""
    if not _WORD.fullmatch(word):
        return False
    if word.lower() in _FOREIGN or word.lower() in SCHEMES or location.startswith(("~", ".")):
        return True
    first, slash, _ = location.partition("/")
    if slash and not first.isdigit():  # a port
        return True
    return not slash and (location.endswith(_ARCHIVES) or (_is_almost_a_scheme(word) and _is_there(location)))


def _is_almost_a_scheme(word: str) -> bool:
    from difflib import SequenceMatcher

    # The short ones look like too many words: `rocker:4` is an image.
    long_ones = [scheme for scheme in SCHEMES if "-" in scheme]
    return any(SequenceMatcher(None, word.lower(), one).ratio() > 0.85 for one in long_ones)


def _is_there(location: str) -> bool:
    try:
        return not location or Path(location).exists()
    except (OSError, ValueError):
        return False


def is_short(text: str) -> bool:
    """Whether a reference names no registry, or only this machine, as images that were built here do."""
    first, slash, _ = text.partition("/")
    return "@" not in text and (not slash or not ("." in first or ":" in first))


def _daemon_with(text: str) -> str | None:
    """The scheme of a daemon on this machine that has the image."""
    from anchore_gate.image.daemon_source import find_local

    return find_local(text)


def _file_scheme(path: Path) -> str:
    with open_tar(path) as archive:
        if archive.size(MANIFEST) is not None:
            return "docker-archive"
        if archive.size(MARK) is not None or archive.size(INDEX) is not None:
            return "oci-archive"
    if not path.stat().st_size:
        raise ImageError(f"{path}: an empty file")
    raise ImageError(f"{path}: a tar that holds no image (neither {MANIFEST} nor {MARK})")
