"""
HTTP as this house speaks it: no surprise redirects, a limit on every body, our own errors.

Importing this module is cheap; `requests` (about 130 ms) comes in with the first `Session`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from urllib.parse import urljoin

from anchore_gate.errors import NetworkError
from anchore_gate.net.address import host_of, is_loopback, origin_of
from anchore_gate.net.redact import redact_url
from anchore_gate.typed import TYPE_CHECKING, Any
from anchore_gate.values import dataclass

if TYPE_CHECKING:
    from requests import Response

CHUNK = 64 * 1024
ERROR_LIMIT = 64 * 1024  # bytes read of an error's body
REDIRECTS = frozenset({301, 302, 303, 307, 308})
# What may follow a redirect to another origin; everything else could be a credential.
_HARMLESS = frozenset(
    {"accept", "accept-encoding", "range", "user-agent", "if-none-match", "if-modified-since"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionSettings:
    """How to connect."""

    ca_bundle: Path | None = None  # trusted besides the usual authorities
    client_cert: Path | None = None
    client_key: Path | None = None  # None: the key is in `client_cert`
    insecure: bool = False  # accept any certificate
    trust_env: bool = True  # proxies from HTTP_PROXY, HTTPS_PROXY, NO_PROXY
    user_agent: str = "anchore-gate"
    connect_timeout: float = 10.0  # seconds
    read_timeout: float = 60.0  # seconds without a byte
    pool: int = 8  # connections kept per host
    unix_socket: Path | None = None  # speak HTTP over this socket, whatever the host
    ca_option: str = "a CA bundle option"  # what an error names as the way to trust a CA


class Answer(AbstractContextManager["Answer"]):
    """A response whose body has not been read yet."""

    def __init__(self, response: Response, session: Session) -> None:
        self._response = response
        self._session = session

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self._response.status_code

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers; names are compared without case."""
        return self._response.headers

    @property
    def challenges(self) -> tuple[str, ...]:
        """Every `WWW-Authenticate` header, apart."""
        found: list[str] = self._response.raw.headers.getlist("WWW-Authenticate")
        return tuple(found)

    @property
    def url(self) -> str:
        """Where it came from."""
        return self._response.url or ""

    def stream(self, chunk: int = CHUNK) -> Iterator[bytes]:
        """The body as it was sent, not decoded, never more than `chunk` at once. Raises `NetworkError`."""
        while piece := self.read_some(chunk):
            yield piece

    def read_some(self, size: int) -> bytes:
        """Up to `size` bytes of the body as it was sent, b"" at its end. Raises `NetworkError`."""
        return self._session.transport.read(self._response, size, decode=False)

    def read(self, limit: int) -> bytes:
        """The whole body, decoded. Raises `NetworkError`, also for more than `limit` bytes."""
        parts: list[bytes] = []
        length = 0
        while piece := self._session.transport.read(self._response, CHUNK, decode=True):
            length += len(piece)
            if length > limit:
                self.close()
                raise NetworkError(f"the answer of {redact_url(self.url)} is longer than {limit} bytes")
            parts.append(piece)
        return b"".join(parts)

    def json(self, limit: int) -> Any:
        """The body as JSON. Raises `NetworkError` for too much of it, or none."""
        try:
            return json.loads(self.read(limit))
        except (ValueError, RecursionError) as problem:
            raise NetworkError(f"the answer of {redact_url(self.url)} is not JSON") from problem

    def error_text(self) -> str:
        """As much of an error's body as anybody would read; "" where it cannot be read."""
        parts: list[bytes] = []
        try:
            while sum(map(len, parts)) < ERROR_LIMIT:
                piece = self._session.transport.read(self._response, CHUNK, decode=True)
                if not piece:
                    break
                parts.append(piece)
        except NetworkError:
            return ""
        finally:
            self.close()
        return b"".join(parts)[:ERROR_LIMIT].decode(errors="replace")

    def close(self) -> None:
        """Give the connection back."""
        self._response.close()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class Session(AbstractContextManager["Session"]):
    """Connections that are kept for the next request. May be used by several threads at once."""

    def __init__(self, settings: SessionSettings | None = None) -> None:
        from anchore_gate.net.transport import Transport

        self.settings = settings or SessionSettings()
        self.transport = Transport(self.settings)

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        redirects: int = 0,
        read_timeout: float | None = None,
    ) -> Answer:
        """
        Ask once and return the answer, body unread: close it, or use it in a `with`.

        Up to `redirects` are followed; one to another origin gets no credentials, one from https to http
        is refused. Raises `NetworkError`.
        """
        sent = {"Accept-Encoding": "identity", **(headers or {})}
        for _ in range(redirects + 1):
            answer = Answer(self._send(method, url, sent, body, read_timeout), self)
            location = answer.headers.get("Location", "")
            if not redirects or answer.status not in REDIRECTS or not location:
                return answer
            answer.close()
            target = target_of(url, location)
            check_redirect(url, target)
            if origin_of(target) != origin_of(url):
                sent = harmless(sent)
                body = None
            if answer.status == 303 or (answer.status in {301, 302} and method == "POST"):
                method, body = "GET", None
            url = target
        raise NetworkError(f"more than {redirects} redirects, last to {redact_url(url)}")

    def _send(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, timeout: float | None
    ) -> Response:
        return self.transport.send(method, url, headers, body, timeout, direct=is_loopback(host_of(url)))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close every connection."""
        self.transport.close()


def target_of(url: str, location: str) -> str:
    """Where a `Location` leads. Raises `NetworkError` for one that is no URL."""
    try:
        return urljoin(url, location)
    except ValueError as problem:
        raise NetworkError(f"{redact_url(url)} redirects to what is no URL") from problem


def check_redirect(origin: str, target: str) -> None:
    """Raise `NetworkError` for a redirect that leaves http(s), or goes from https to http."""
    scheme = target.partition(":")[0].lower()
    if scheme not in {"http", "https"}:
        raise NetworkError(f"refused a redirect to {redact_url(target)}: not http(s)")
    if scheme == "http" and origin.lower().startswith("https:"):
        raise NetworkError(f"refused a redirect from https to {redact_url(target)}")


def harmless(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers that another origin may see."""
    return {name: value for name, value in headers.items() if name.lower() in _HARMLESS}
