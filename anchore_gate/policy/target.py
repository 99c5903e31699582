"""What mappings and image lists look at: the image under the name it is judged by."""

from __future__ import annotations

from anchore_gate.regex import regex
from anchore_gate.values import dataclass, replace

_HOSTS = frozenset({"docker.io", "localhost", "localhost.localdomain", "localbuild"})
NAMELESS = "*/*:*"  # Engine's name for an image that is judged by none
_HEX64 = regex(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A registry, a repository, and what picks the image there."""

    registry: str = "docker.io"
    repository: str = ""
    tag: str = ""  # "" for a digest alone: only `*` fits it
    digest: str = ""
    image_id: str = ""
    index_digest: str = ""  # what a registry answers for the name, where that is an index

    @classmethod
    def parse(cls, text: str, *, digest: str = "", image_id: str = "", index_digest: str = "") -> Target:
        """
        Read a reference as Anchore's policies see it: nothing is added but `docker.io` and `latest`.

        An empty text is an image without a name: only rules of wildcards fit it.
        """
        given = cls._of(text.strip())
        return replace(
            given,
            digest=digest or given.digest,
            image_id=image_id or given.image_id,
            index_digest=index_digest,
        )

    @classmethod
    def _of(cls, text: str) -> Target:
        if not text:
            text = NAMELESS
        if _HEX64.fullmatch(text):
            return cls(image_id=text)
        if text.startswith("sha256:"):
            return cls(digest=text)
        if text.startswith("dockerhub/"):
            text = "docker.io/" + text.removeprefix("dockerhub/")
        name, _, digest = text.partition("@")
        host, slash, rest = name.partition("/")
        is_host = bool(slash) and (":" in host or "." in host or host in _HOSTS)
        registry, path = (host, rest) if is_host else ("docker.io", name)
        head, colon, last = path.rpartition(":")
        repository, tag = (head, last) if colon and "/" not in last else (path, "")
        return cls(
            registry=registry,
            repository=repository,
            tag=tag or ("" if digest else "latest"),
            digest=digest,
        )
