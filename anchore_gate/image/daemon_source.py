"""
Images of a daemon on this machine: `docker:IMAGE`, `podman:IMAGE`, through the API's `save`.

The API's socket, not the command: a job often has the socket and no client, errors have a status,
and nothing is parsed that was written for people.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

from anchore_gate.errors import ConfigError, ImageError, ImageNotFound, InvalidReference, NetworkError
from anchore_gate.image.docker_archive import open_docker_archive
from anchore_gate.image.filesystem import Filesystem
from anchore_gate.image.limits import MAX_PLAIN, MIB
from anchore_gate.image.needs import Needs
from anchore_gate.image.registry_settings import HUB
from anchore_gate.image.source import ImageDocuments, OpenImage
from anchore_gate.model.digest import Digest
from anchore_gate.model.image import Image, ImageReference, Platform
from anchore_gate.net.redact import redact_text
from anchore_gate.net.session import Session, SessionSettings
from anchore_gate.typed import IO, Any
from anchore_gate.values import dataclass, replace

SCHEMES = ("docker", "podman")
_INSPECT_LIMIT = 4 * MIB
_SAVE_TIMEOUT = 600.0  # seconds until the first byte: the daemon packs layers first
_VARIABLES = {"docker": "DOCKER_HOST", "podman": "CONTAINER_HOST"}


@dataclass(frozen=True, slots=True)
class Daemon:
    """Where a daemon listens."""

    scheme: str
    base: str
    settings: SessionSettings

    @classmethod
    def find(cls, scheme: str, environ: Mapping[str, str] | None = None) -> Daemon | None:
        """The daemon the environment names, or one with a socket in its usual place. Raises `ConfigError`."""
        environ = os.environ if environ is None else environ
        named = environ.get(_VARIABLES[scheme], "")
        if named:
            return cls._named(scheme, named, environ)
        for path in _sockets(scheme, environ):
            with suppress(OSError):  # a folder of another user's
                if path.is_socket():
                    return cls._at_socket(scheme, path)
        return None

    @classmethod
    def _named(cls, scheme: str, named: str, environ: Mapping[str, str]) -> Daemon:
        kind, _, place = named.partition("://")
        if kind == "unix" and place.startswith("/"):
            return cls._at_socket(scheme, Path(place))
        if kind == "tcp" and place:
            folder = Path(environ.get("DOCKER_CERT_PATH") or Path(environ.get("HOME", "/")) / ".docker")
            if not environ.get("DOCKER_TLS_VERIFY"):
                return cls(scheme, f"http://{place.rstrip('/')}", SessionSettings())
            tls = SessionSettings(
                ca_bundle=folder / "ca.pem",
                client_cert=folder / "cert.pem",
                client_key=folder / "key.pem",
                ca_option="DOCKER_CERT_PATH",
            )
            return cls(scheme, f"https://{place.rstrip('/')}", tls)
        raise ConfigError(
            f"{_VARIABLES[scheme]} names {kind or 'no'}:// (unix:// and tcp:// are known); "
            f"write the image with `{scheme} save -o FILE` and name the file"
        )

    @classmethod
    def _at_socket(cls, scheme: str, path: Path) -> Daemon:
        return cls(scheme, "http://localhost", SessionSettings(unix_socket=path))


@contextmanager
def open_image(
    location: str, *, name: str, scheme: str, platform: Platform | None = None, daemon: Daemon | None = None
) -> Iterator[OpenImage]:
    """
    Hold an image of the daemon open. It is saved into a temporary file first.

    Raises `ImageNotFound`, `ImageError`, `NetworkError`, `ConfigError`.
    """
    _check_name(location)
    daemon = daemon or Daemon.find(scheme)
    if daemon is None:
        raise NetworkError(f"no {scheme} daemon here: no socket in its usual places, no {_VARIABLES[scheme]}")
    with Session(daemon.settings) as session, tempfile.NamedTemporaryFile(suffix=".tar") as file:
        known = _inspected(session, daemon, location)
        _save(session, daemon, location, file)
        with open_docker_archive(file.name, name=name, platform=platform) as opened:
            yield DaemonImage(opened, _named(opened.image, scheme, location, known))


def find_local(reference: str, *, environ: Mapping[str, str] | None = None) -> str | None:
    """The scheme of a daemon on this machine that has the image, None where none has."""
    for scheme in SCHEMES:
        try:
            daemon = Daemon.find(scheme, environ)
            if daemon is None:
                continue
            with Session(daemon.settings) as session:
                _inspected(session, daemon, reference)
        except (ImageError, NetworkError, ConfigError):
            continue
        return scheme
    return None


class DaemonImage:
    """See `OpenImage`: an archive that knows the name it was saved by."""

    def __init__(self, opened: OpenImage, image: Image) -> None:
        self._opened = opened
        self._image = image

    @property
    def image(self) -> Image:
        """See `OpenImage.image`."""
        return replace(self._image, size=self._opened.image.size)

    @property
    def documents(self) -> ImageDocuments | None:
        """See `OpenImage.documents`."""
        return self._opened.documents

    def scan(self, needs: Needs) -> Filesystem:
        """See `OpenImage.scan`."""
        return self._opened.scan(needs)


def _sockets(scheme: str, environ: Mapping[str, str]) -> tuple[Path, ...]:
    runtime = Path(environ.get("XDG_RUNTIME_DIR") or f"/run/user/{os.getuid()}")
    home = Path(environ.get("HOME") or "/")
    if scheme == "docker":
        return (Path("/var/run/docker.sock"), runtime / "docker.sock", home / ".docker/run/docker.sock")
    return (runtime / "podman/podman.sock", Path("/run/podman/podman.sock"))


def _check_name(location: str) -> None:
    """A name, or the id of an image. Raises `InvalidReference`."""
    try:
        ImageReference.parse(location)
    except InvalidReference:
        if not location.removeprefix("sha256:").isalnum():
            raise


def _inspected(session: Session, daemon: Daemon, location: str) -> dict[str, Any]:
    with session.request("GET", f"{daemon.base}/images/{quote(location, safe='/:@')}/json") as answer:
        if answer.status != 200:
            raise _refusal(daemon, location, answer.status, answer.error_text())
        found = answer.json(_INSPECT_LIMIT)
    if not isinstance(found, dict):
        raise ImageError(f"{daemon.scheme} describes {location} by something that is no object")
    return found


def _save(session: Session, daemon: Daemon, location: str, file: IO[bytes]) -> None:
    url = f"{daemon.base}/images/{quote(location, safe='/:@')}/get"
    with session.request("GET", url, read_timeout=_SAVE_TIMEOUT) as answer:
        if answer.status != 200:
            raise _refusal(daemon, location, answer.status, answer.error_text())
        size = 0
        try:
            for piece in answer.stream(MIB):
                size += len(piece)
                if size > MAX_PLAIN:
                    raise ImageError(f"{daemon.scheme} saves more than {MAX_PLAIN} bytes of {location}")
                file.write(piece)
            file.flush()
        except OSError as problem:
            raise ImageError(f"cannot store {location} while it is read: {problem.strerror}") from problem


def _refusal(daemon: Daemon, location: str, status: int, text: str) -> ImageError:
    if status == 404:
        return ImageNotFound(
            f"{daemon.scheme} has no image {location!r}: pull it, or name it `registry:{location}`"
        )
    return ImageError(f"{daemon.scheme} answers {status} for {location!r}: {redact_text(text, limit=160)}")


def _named(image: Image, scheme: str, location: str, known: dict[str, Any]) -> Image:
    """The image with the name and the digest that the daemon knows; an id's are those of its only tag."""
    tags = known.get("RepoTags")
    tags = [one for one in tags if isinstance(one, str)] if isinstance(tags, list) else []
    text = location
    if _is_id(location, known) and f"{location}:latest" not in tags:
        text = tags[0] if len(tags) == 1 else ""
    try:
        reference = ImageReference.parse(text)
    except InvalidReference:
        return replace(image, source=scheme)
    tag = reference.effective_tag
    named = image.tag if tag is None else str(ImageReference(reference.registry, reference.repository, tag))
    return replace(image, source=scheme, tag=named, digest=reference.digest or _digest(known, reference))


def _is_id(location: str, known: dict[str, Any]) -> bool:
    bare = location.removeprefix("sha256:")
    return bare.isalnum() and str(known.get("Id", "")).removeprefix("sha256:").startswith(bare)


def _digest(known: dict[str, Any], reference: ImageReference) -> Digest | None:
    """
    The manifest's digest in the registry the image came from, as the daemon remembers it.

    Podman answers to `app` too where it has `localhost/app` or `docker.io/library/app`.
    """
    found = known.get("RepoDigests")
    digests: dict[str, Digest | None] = {}
    for text in found if isinstance(found, list) else ():
        with suppress(InvalidReference):
            one = ImageReference.parse(str(text))
            digests[f"{one.registry}/{one.repository}"] = one.digest
    name = reference.repository
    names = [f"{reference.registry}/{name}"]
    if reference.registry == HUB:
        names += [f"{HUB}/library/{name}", f"localhost/{name}"]
    return next((digests[one] for one in names if one in digests), None)
