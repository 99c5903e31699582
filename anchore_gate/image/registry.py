"""A client for container registries (OCI distribution-spec 1.1): manifests, digests, blobs, tags, catalog."""

from __future__ import annotations

import hashlib
import json
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from types import TracebackType
from urllib.parse import urlsplit

from anchore_gate.errors import ImageNotFound, InvalidReference, NetworkError, RegistryError
from anchore_gate.image.endpoint import Endpoint, Whole
from anchore_gate.image.keychain import Keychain
from anchore_gate.image.registry_blob import Progress, RegistryBlob, silent
from anchore_gate.image.registry_settings import RegistrySettings, api_repository, canonical
from anchore_gate.model.digest import Digest
from anchore_gate.model.image import ImageReference, Layer
from anchore_gate.net.address import origin_of
from anchore_gate.net.redact import redact_url
from anchore_gate.net.retry import Clock
from anchore_gate.net.session import target_of
from anchore_gate.typed import Any, TypeVar
from anchore_gate.values import dataclass

_log = logging.getLogger(__name__)
MANIFEST_LIMIT = 8 * 1024 * 1024
_LIST_LIMIT = 16 * 1024 * 1024
_MAX_PAGES = 10_000
_PAGE = 1000
# One header: without the index types distribution answers 404 for an index.
_ACCEPT = ", ".join(
    (
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.v2+json",
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
    )
)

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchedManifest:
    """A manifest or index, byte for byte, and its digest, which was checked."""

    body: bytes
    media_type: str  # of the Content-Type header, without parameters
    digest: Digest


class Registry(AbstractContextManager["Registry"]):
    """Asks any number of registries; threads may share it."""

    def __init__(self, settings: RegistrySettings | None = None, *, clock: Clock | None = None) -> None:
        self.settings = settings or RegistrySettings.from_environment()
        self._clock = clock or Clock()
        self._keychain = Keychain(self.settings)
        self._lock = threading.Lock()
        self._endpoints: dict[tuple[str, bool], Endpoint] = {}

    def manifest(self, reference: ImageReference, *, limit: int = MANIFEST_LIMIT) -> FetchedManifest:
        """
        What a reference names, by its digest where it has one.

        Raises `ImageNotFound`, `RegistryAuthError`, `RegistryError`, `NetworkError`.
        """
        wanted = reference.digest
        name = str(wanted) if wanted else reference.effective_tag

        def fetch(endpoint: Endpoint, repository: str) -> FetchedManifest:
            answer = endpoint.ask(
                "GET",
                f"/v2/{repository}/manifests/{name}",
                repository=repository,
                scopes=_pull(repository),
                limit=limit,
                headers={"Accept": _ACCEPT},
            )
            return _checked(answer, wanted, endpoint.host)

        return self._first(reference, fetch, by_digest=wanted is not None)

    def digest_of(self, reference: ImageReference) -> Digest:
        """What the tag points to now: a HEAD, which Docker Hub does not count as a pull."""
        name = str(reference.digest) if reference.digest else reference.effective_tag

        def head(endpoint: Endpoint, repository: str) -> Digest | None:
            answer = endpoint.ask(
                "HEAD",
                f"/v2/{repository}/manifests/{name}",
                repository=repository,
                scopes=_pull(repository),
                limit=0,
                headers={"Accept": _ACCEPT},
            )
            try:
                return Digest.parse(answer.headers.get("Docker-Content-Digest", ""))
            except InvalidReference:
                return None

        found = self._first(reference, head, by_digest=reference.digest is not None)
        return found if found is not None else self.manifest(reference).digest

    def blob(self, reference: ImageReference, digest: Digest, size: int, *, limit: int) -> bytes:
        """A small blob as a whole, its digest checked. Raises as `manifest` does."""
        if size > limit:
            raise RegistryError(f"{reference}: blob {digest} is longer than {limit} bytes")

        def read(endpoint: Endpoint, repository: str) -> bytes:
            answer = endpoint.ask(
                "GET",
                f"/v2/{repository}/blobs/{digest}",
                repository=repository,
                scopes=_pull(repository),
                limit=limit,
            )
            _check_content(answer.body, digest, size, endpoint.host)
            return answer.body

        return self._first(reference, read, by_digest=True)

    def layer(
        self,
        reference: ImageReference,
        layer: Layer,
        *,
        urls: tuple[str, ...] = (),
        progress: Progress = silent,
    ) -> RegistryBlob:
        """A layer that can be opened as a stream."""

        def places() -> list[tuple[Endpoint, str]]:
            return self._places(reference, by_digest=True)

        return RegistryBlob(layer, places, urls=urls, clock=self._clock, progress=progress)

    def tags(self, registry: str, repository: str) -> tuple[str, ...]:
        """Every tag of a repository, sorted. Raises as `manifest` does."""
        repository = api_repository(registry, repository)
        pages = self._pages(registry, f"/v2/{repository}/tags/list", repository, _pull(repository))
        return tuple(sorted({tag for page in pages for tag in _strings(page, "tags")}))

    def catalog(self, registry: str) -> tuple[str, ...]:
        """Every repository the registry tells of, sorted. Raises as `manifest` does."""
        pages = self._pages(registry, "/v2/_catalog", "", ("registry:catalog:*",))
        return tuple(sorted({name for page in pages for name in _strings(page, "repositories")}))

    def close(self) -> None:
        """Close every connection."""
        for endpoint in self._endpoints.values():
            endpoint.close()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _pages(self, registry: str, path: str, repository: str, scopes: tuple[str, ...]) -> Iterator[Any]:
        endpoint = self._endpoint(registry)
        url, seen = f"{path}?n={_PAGE}", set[str]()
        while url:
            if url in seen or len(seen) >= _MAX_PAGES:
                raise RegistryError(f"{endpoint.host} pages in a circle at {redact_url(endpoint.base + url)}")
            seen.add(url)
            answer = endpoint.ask("GET", url, repository=repository, scopes=scopes, limit=_LIST_LIMIT)
            yield _json(answer.body, endpoint.host)
            url = _next(answer.headers.get("Link", ""), endpoint.base, url)

    def _first(self, reference: ImageReference, ask: Callable[[Endpoint, str], T], *, by_digest: bool) -> T:
        """The answer of the first place that has one; of the registry itself where no mirror has."""
        *mirrors, origin = self._places(reference, by_digest=by_digest)
        for endpoint, repository in mirrors:
            try:
                return ask(endpoint, repository)
            except (ImageNotFound, RegistryError, NetworkError) as problem:  # noqa: PERF203  # the next one may
                _log.info("the mirror %s does not serve %s: %s", endpoint.host, reference, problem)
        return ask(*origin)

    def _places(self, reference: ImageReference, *, by_digest: bool) -> list[tuple[Endpoint, str]]:
        repository = api_repository(reference.registry, reference.repository)
        return [
            *(
                (
                    self._endpoint(mirror.host, is_mirror=True),
                    "/".join(filter(None, (mirror.prefix, repository))),
                )
                for mirror in self.settings.mirrors
                if mirror.registry == canonical(reference.registry) and (by_digest or mirror.serves_tags)
            ),
            (self._endpoint(reference.registry), repository),
        ]

    def _endpoint(self, registry: str, *, is_mirror: bool = False) -> Endpoint:
        with self._lock:
            key = (registry, is_mirror)
            if key not in self._endpoints:
                self._endpoints[key] = Endpoint(
                    registry, self.settings, self._keychain, self._clock, is_mirror=is_mirror
                )
            return self._endpoints[key]


def _pull(repository: str) -> tuple[str, ...]:
    return (f"repository:{repository}:pull",)


def _checked(answer: Whole, wanted: Digest | None, host: str) -> FetchedManifest:
    told = answer.headers.get("Docker-Content-Digest", "")
    if wanted is not None:
        _check_content(answer.body, wanted, len(answer.body), host)
    elif told.startswith(("sha256:", "sha512:")) and told != (
        found := str(Digest.of(answer.body, told.partition(":")[0]))
    ):
        raise RegistryError(f"{host} says its manifest is {told[:80]!r}, its bytes are {found}")
    media_type = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    return FetchedManifest(body=answer.body, media_type=media_type, digest=wanted or Digest.of(answer.body))


def _check_content(body: bytes, digest: Digest, size: int, host: str) -> None:
    found = hashlib.new(digest.algorithm, body, usedforsecurity=False).hexdigest()
    if len(body) != size:
        raise RegistryError(f"{host} sent {len(body)} bytes for {digest}, not {size}")
    if found != digest.hex:
        raise RegistryError(f"{host} sent other bytes than {digest}: they are {digest.algorithm}:{found}")


def _json(body: bytes, host: str) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as problem:
        raise RegistryError(f"{host} answers a list that is not JSON") from problem


def _strings(page: Any, member: str) -> tuple[str, ...]:
    found = page.get(member) if isinstance(page, dict) else None
    if found is None:  # distribution: `"tags": null` for a repository without any
        return ()
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise RegistryError(f"the registry's list has no usable {member!r}")
    return tuple(found)


def _next(link: str, base: str, path: str) -> str:
    """The path of the next page (RFC 8288). Raises `RegistryError` for one on another host."""
    for part in link.split(","):
        target, _, parameters = part.partition(";")
        words = parameters.replace('"', "").replace(" ", "").lower().split(";")
        if "rel=next" in words and target.strip().startswith("<") and target.strip().endswith(">"):
            url = target_of(base + path, target.strip()[1:-1])
            if origin_of(url) != origin_of(base):
                raise RegistryError(f"refused the next page {redact_url(url)}: another host")
            parts = urlsplit(url)
            return parts.path + (f"?{parts.query}" if parts.query else "")
    return ""
