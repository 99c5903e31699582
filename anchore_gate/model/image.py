"""An image: its name, what its manifest and config say, its layers."""

from __future__ import annotations

import re
from datetime import datetime

from anchore_gate.errors import InvalidReference
from anchore_gate.model.digest import Digest
from anchore_gate.regex import regex
from anchore_gate.values import dataclass

_REPOSITORY = regex(r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*")
_TAG = regex(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_HOST = regex(r"(?:\[[0-9a-fA-F:]+\]|[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?)(?::[0-9]{1,5})?")
_BARE_HOSTS = frozenset({"localhost", "localbuild"})


@dataclass(frozen=True, slots=True)
class ImageReference:
    """
    Where an image is asked for: `registry/repository[:tag][@digest]`.

    The repository is kept as written: Anchore mappings see `nginx`, not `library/nginx`.
    """

    registry: str
    repository: str
    tag: str | None = None
    digest: Digest | None = None

    @classmethod
    def parse(cls, text: str) -> ImageReference:
        """Read a reference as `docker pull` would. Raises `InvalidReference`."""
        rest, at, digest_text = text.partition("@")
        digest = Digest.parse(digest_text) if at else None
        first, slash, remainder = rest.partition("/")
        if slash and (first in _BARE_HOSTS or "." in first or ":" in first):
            registry, name = first, remainder
        else:
            registry, name = "docker.io", rest
        head, colon, last = name.rpartition(":")
        repository, tag = (head, last) if colon and "/" not in last else (name, None)
        if (
            not _HOST.fullmatch(registry)
            or len(repository) > 255
            or not _REPOSITORY.fullmatch(repository)
            or (tag is not None and not _TAG.fullmatch(tag))
        ):
            raise InvalidReference(f"not an image reference: {text[:300]!r}")
        return cls(registry, repository, tag, digest)

    @property
    def effective_tag(self) -> str | None:
        """The tag, `latest` where neither tag nor digest is given, None for a bare digest."""
        return self.tag or (None if self.digest else "latest")

    def __str__(self) -> str:
        tag = f":{self.effective_tag}" if self.effective_tag else ""
        return f"{self.registry}/{self.repository}{tag}" + (f"@{self.digest}" if self.digest else "")


@dataclass(frozen=True, slots=True)
class Platform:
    """What an image runs on: `os/architecture[/variant]`."""

    os: str = "linux"
    architecture: str = "amd64"
    variant: str = ""

    @classmethod
    def parse(cls, text: str) -> Platform:
        """Read `os/architecture[/variant]`. Raises `InvalidReference`."""
        parts = text.split("/")
        if not 2 <= len(parts) <= 3 or not all(re.fullmatch(r"[A-Za-z0-9_.-]+", p) for p in parts):
            raise InvalidReference(f"not a platform (os/architecture[/variant]): {text[:100]!r}")
        return cls(*parts)

    def __str__(self) -> str:
        return "/".join(part for part in (self.os, self.architecture, self.variant) if part)


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryEntry:
    """One build step, oldest first (OCI image-spec, config.md, "history")."""

    created_by: str = ""
    empty_layer: bool = False
    created: str = ""
    comment: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageConfig:
    """What the image says about itself (OCI image-spec, config.md)."""

    user: str = ""
    env: tuple[str, ...] = ()
    labels: tuple[tuple[str, str], ...] = ()
    exposed_ports: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()
    entrypoint: tuple[str, ...] = ()
    cmd: tuple[str, ...] = ()
    healthcheck: tuple[str, ...] = ()  # "Test" as written; () where there is none
    working_dir: str = ""
    stop_signal: str = ""
    shell: tuple[str, ...] = ()
    onbuild: tuple[str, ...] = ()
    created: str = ""
    author: str = ""
    platform: Platform = Platform()
    history: tuple[HistoryEntry, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """One filesystem change, named both ways the specification names it."""

    index: int  # from the base upwards, 0 first
    diff_id: Digest
    digest: Digest | None = None  # of the blob as stored; None where the source does not say
    media_type: str = ""
    size: int = 0  # bytes, as stored
    created_by: str = ""  # the build instruction that brought it


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """What was found under a name. Layers run from the base upwards."""

    name: str  # as the user wrote it
    source: str  # the scheme that was used, e.g. `docker-archive`
    tag: str = ""  # the reference that mappings see, e.g. `docker.io/library/app:1.2`; "" unknown
    digest: Digest | None = None  # of the manifest
    index_digest: Digest | None = None  # of the index it was chosen from
    config_digest: Digest | None = None  # the image id
    config: ImageConfig = ImageConfig()
    layers: tuple[Layer, ...] = ()
    size: int = 0  # bytes of all layers, uncompressed where known
    annotations: tuple[tuple[str, str], ...] = ()

    @property
    def id(self) -> str:
        """The image id: 64 hex digits, "" where there is no config."""
        return self.config_digest.hex if self.config_digest else ""

    @property
    def display_name(self) -> str:
        """What a report calls the image: its tag, or else what the user wrote."""
        return self.tag or self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Instruction:
    """One Dockerfile instruction, continuations joined."""

    keyword: str  # upper case
    value: str  # what follows the keyword, trimmed
    line: int = 0  # 1-based in the file that was given; 0 for a guessed one
    layer: int | None = None  # index of the layer it brought, where known
    recorded: str = ""  # of a guessed one: what the history says, where that is more than `value`


@dataclass(frozen=True, slots=True, kw_only=True)
class Dockerfile:
    """How the image was built: the file that was given, or a guess from the history."""

    mode: str = "Guessed"  # Anchore's words: `Actual` or `Guessed`
    path: str = ""  # where the file was read, "" for a guess
    text: str = ""
    instructions: tuple[Instruction, ...] = ()


def created_at(text: str) -> datetime | None:
    """An RFC 3339 time of a config or history entry, None where absent or not one."""
    found = re.match(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)?", text)
    if found is None:
        return None
    zone = found[3] if found[3] not in (None, "Z") else "+00:00"
    try:
        return datetime.fromisoformat(found[1] + zone)
    except ValueError:
        return None
