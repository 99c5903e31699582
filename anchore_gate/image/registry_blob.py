"""
A layer as a registry sends it: resumed after a cut, never longer or shorter than its descriptor says.

Who reads it hashes it anyway and compares the digest (`LayeredImage`): a second hash here would cost a
tenth of the whole scan.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from anchore_gate.errors import ImageNotFound, NetworkError, RegistryError
from anchore_gate.image.endpoint import Endpoint
from anchore_gate.model.image import Layer
from anchore_gate.net.redact import redact_url
from anchore_gate.net.retry import Clock, RetryPolicy, backoff
from anchore_gate.net.session import Answer
from anchore_gate.typed import Protocol

_log = logging.getLogger(__name__)
_FRUITLESS = 4  # tries in a row that bring not a byte
_CUTS = 50  # in all: a connection that gives a byte at a time would go on forever
_WAITS = RetryPolicy()

Places = Callable[[], list[tuple[Endpoint, str]]]


class Progress(Protocol):
    """Is told of bytes as they arrive."""

    def __call__(self, layer: Layer, count: int) -> None:
        """`count` more bytes of `layer` are here."""


def silent(layer: Layer, count: int) -> None:
    """Show nothing."""


class RegistryBlob:
    """See `LayerBlob`."""

    def __init__(
        self,
        layer: Layer,
        places: Places,
        *,
        clock: Clock,
        urls: tuple[str, ...] = (),
        progress: Progress = silent,
    ) -> None:
        self._layer = layer
        self._places = places
        self._urls = urls
        self._clock = clock
        self._progress = progress

    @property
    def layer(self) -> Layer:
        """See `LayerBlob.layer`."""
        return self._layer

    @contextmanager
    def open(self) -> Iterator[BlobStream]:
        """See `LayerBlob.open`."""
        stream = BlobStream(self._layer, self._connect, clock=self._clock, progress=self._progress)
        try:
            yield stream
        finally:
            stream.close()

    def _connect(self, start: int) -> Answer:
        """The blob from a byte on, from the first place that has it."""
        *mirrors, origin = self._places()
        for endpoint, repository in mirrors:
            try:
                return self._ask(endpoint, repository, start)
            except (ImageNotFound, RegistryError, NetworkError) as problem:  # noqa: PERF203  # the next one may
                _log.info("the mirror %s does not serve %s: %s", endpoint.host, self._layer.digest, problem)
        try:
            return self._ask(*origin, start)
        except ImageNotFound:
            if not self._urls:
                raise
            return self._elsewhere(origin[0])

    def _ask(self, endpoint: Endpoint, repository: str, start: int) -> Answer:
        return endpoint.open(
            f"/v2/{repository}/blobs/{self._layer.digest}",
            repository=repository,
            scopes=(f"repository:{repository}:pull",),
            headers={"Range": f"bytes={start}-"} if start else None,
        )

    def _elsewhere(self, endpoint: Endpoint) -> Answer:
        """A foreign layer lies where the manifest says, not in the registry."""
        for url in self._urls[:-1]:
            try:
                return endpoint.open_url(url)
            except (RegistryError, NetworkError) as problem:  # noqa: PERF203  # the next one may
                _log.info("no layer at %s: %s", redact_url(url), problem)
        return endpoint.open_url(self._urls[-1])


class BlobStream:
    """See `ByteSource`. The end is told only after as many bytes as there should be."""

    def __init__(
        self,
        layer: Layer,
        connect: Callable[[int], Answer],
        *,
        clock: Clock,
        progress: Progress = silent,
    ) -> None:
        if layer.digest is None:
            raise RegistryError(f"layer {layer.index} has no digest")
        self._layer = layer
        self._digest = layer.digest
        self._connect = connect
        self._clock = clock
        self._progress = progress
        self._got = 0
        self._answer: Answer | None = None
        self._fruitless = 0
        self._cuts = 0
        self._ended = False

    def read(self, size: int, /) -> bytes:
        """Up to `size` bytes, b"" at the end. Raises `RegistryError`, `NetworkError`."""
        while True:
            try:
                piece = self._piece(size)
                if not piece and self._got < self._layer.size:
                    raise NetworkError(f"the transfer of {self._digest} was cut", transient=True)
            except NetworkError as problem:
                self._survive(problem)
                continue
            return self._accepted(piece)

    def close(self) -> None:
        """Give the connection back."""
        if self._answer is not None:
            self._answer.close()
            self._answer = None

    def _piece(self, size: int) -> bytes:
        if self._ended:
            return b""
        if self._answer is None:
            self._answer = self._connect(self._got)
            self._skip(self._answer)
        return self._answer.read_some(size)

    def _skip(self, answer: Answer) -> None:
        """Pass over what is here already, where the server does not know ranges."""
        if not self._got:
            return
        if answer.status == 206:
            told = answer.headers.get("Content-Range", "")
            if not told.startswith(f"bytes {self._got}-"):
                raise RegistryError(f"asked for {self._digest} from byte {self._got}, got {told[:60]!r}")
            return
        left = self._got
        while left and (piece := answer.read_some(min(left, 65536))):
            left -= len(piece)

    def _survive(self, problem: NetworkError) -> None:
        self.close()
        self._fruitless += 1
        self._cuts += 1
        if not problem.transient or self._fruitless >= _FRUITLESS or self._cuts >= _CUTS:
            raise problem
        _log.info("resuming %s at byte %d: %s", self._digest, self._got, problem)
        self._clock.sleep(backoff(self._fruitless, _WAITS, self._clock))

    def _accepted(self, piece: bytes) -> bytes:
        self._got += len(piece)
        if self._got > self._layer.size:
            self.close()
            raise RegistryError(
                f"layer {self._digest} is longer than the {self._layer.size} bytes it should have"
            )
        if piece:
            self._fruitless = 0
            self._progress(self._layer, len(piece))
        else:
            self.close()
            self._ended = True
        return piece
