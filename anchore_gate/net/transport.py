"""The one door of `requests` and `urllib3`: their sessions, and their exceptions turned into ours."""

from __future__ import annotations

import os
import socket
import ssl
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import requests
import urllib3
from requests.adapters import DEFAULT_CA_BUNDLE_PATH, HTTPAdapter
from requests.exceptions import (
    ChunkedEncodingError,
    ConnectTimeout,
    ContentDecodingError,
    ProxyError,
    ReadTimeout,
    RequestException,
    SSLError,
)
from requests.exceptions import (
    ConnectionError as RequestsConnectionError,
)
from urllib3.connection import HTTPConnection
from urllib3.connectionpool import HTTPConnectionPool
from urllib3.exceptions import HTTPError, InsecureRequestWarning
from urllib3.util.ssl_ import create_urllib3_context

from anchore_gate.errors import ConfigError, NetworkError
from anchore_gate.net.redact import redact_url
from anchore_gate.typed import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from anchore_gate.net.session import SessionSettings

# None, not absent: absent would be filled in from the environment.
_NO_PROXIES: Any = {"http": None, "https": None, "all": None}


class Transport:
    """Sends one request at a time; follows nothing, retries nothing, asks no netrc."""

    def __init__(self, settings: SessionSettings) -> None:
        self._settings = settings
        self._verify = _verify(settings)
        self._cert = _client_certificate(settings)
        self._session = requests.Session()
        self._session.trust_env = settings.trust_env
        # Without this, ~/.netrc replaces an Authorization header that was set on purpose.
        self._session.auth = _unchanged
        self._session.headers["User-Agent"] = settings.user_agent
        self._session.mount("https://", _Adapter(settings))
        self._session.mount("http://", _Adapter(settings))

    def send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None,
        read_timeout: float | None,
        *,
        direct: bool,
    ) -> requests.Response:
        """Send, and return when the headers are there. `direct` uses no proxy. Raises `NetworkError`."""
        with _translated(url, self._settings):
            return self._session.request(
                method,
                url,
                headers=dict(headers),
                data=body,
                # Per request: a CA set on the session loses against REQUESTS_CA_BUNDLE.
                verify=self._verify,
                cert=self._cert,
                timeout=(self._settings.connect_timeout, read_timeout or self._settings.read_timeout),
                allow_redirects=False,
                stream=True,
                proxies=_NO_PROXIES if direct or self._settings.unix_socket else None,
            )

    def read(self, response: requests.Response, size: int, *, decode: bool) -> bytes:
        """Up to `size` bytes of the body, b"" at its end. Raises `NetworkError`."""
        with _translated(response.url or "", self._settings):
            piece: bytes = response.raw.read(size, decode_content=decode)
            return piece

    def close(self) -> None:
        """Close every connection."""
        self._session.close()


class _Adapter(HTTPAdapter):
    """A bounded pool that blocks, over TCP or a unix socket, that trusts one more authority if asked."""

    def __init__(self, settings: SessionSettings) -> None:
        self._settings = settings
        super().__init__(pool_connections=16, pool_maxsize=settings.pool, max_retries=0)

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **kwargs: Any) -> None:
        """See `HTTPAdapter.init_poolmanager`."""
        super().init_poolmanager(connections, maxsize, block=block, **kwargs, **_trust(self._settings))
        if self._settings.unix_socket is not None:
            self.poolmanager.pool_classes_by_scheme = {"http": _unix_pool(self._settings.unix_socket)}

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        """See `HTTPAdapter.proxy_manager_for`."""
        return super().proxy_manager_for(proxy, **kwargs, **_trust(self._settings))


def _trust(settings: SessionSettings) -> dict[str, ssl.SSLContext]:
    """A context that knows the usual authorities; `verify` adds the private one to it."""
    if settings.ca_bundle is None or settings.insecure:
        return {}
    context = create_urllib3_context()
    usual = _usual_authorities() or str(DEFAULT_CA_BUNDLE_PATH)
    context.load_verify_locations(
        usual if Path(usual).is_file() else None, usual if Path(usual).is_dir() else None
    )
    return {"ssl_context": context}


def _usual_authorities() -> str:
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        path = os.environ.get(name, "")
        if path and Path(path).exists():
            return path
    return ""


def _verify(settings: SessionSettings) -> bool | str:
    if settings.insecure:
        # The user said so, once; urllib3 would say it for every request.
        warnings.filterwarnings("ignore", category=InsecureRequestWarning)
        return False
    if settings.ca_bundle is None:
        return _usual_authorities() or True
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(settings.ca_bundle)
    except (OSError, ValueError) as problem:
        raise ConfigError(
            f"cannot read certificates from {str(settings.ca_bundle)!r} ({settings.ca_option})"
        ) from problem
    return str(settings.ca_bundle)


def _client_certificate(settings: SessionSettings) -> str | tuple[str, str] | None:
    if settings.client_cert is None:
        return None
    key = settings.client_key or settings.client_cert
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(settings.client_cert, key, password="")
    except (OSError, ValueError) as problem:
        raise ConfigError(
            f"cannot use the client certificate {str(settings.client_cert)!r} with key {str(key)!r}"
        ) from problem
    return (str(settings.client_cert), str(key))


def _unchanged(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _unix_pool(path: Path) -> type[HTTPConnectionPool]:
    class UnixConnection(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            connection.settimeout(60)
            try:
                connection.connect(str(path))
            except OSError as problem:
                connection.close()
                raise urllib3.exceptions.NewConnectionError(self, str(problem)) from problem
            return connection

    class UnixPool(HTTPConnectionPool):
        ConnectionCls = UnixConnection

    return UnixPool


@contextmanager
def _translated(url: str, settings: SessionSettings) -> Iterator[None]:
    try:
        yield
    # requests reads a redirect it does not follow: one to no URL is a ValueError of the standard library's.
    except (RequestException, HTTPError, OSError, ValueError) as problem:
        raise _ours(problem, url, settings) from problem


def _ours(problem: Exception, url: str, settings: SessionSettings) -> NetworkError:
    place = str(settings.unix_socket) if settings.unix_socket else _place(url)
    tls = _cause(problem, ssl.SSLError)
    if isinstance(problem, SSLError) or tls is not None:
        untrusted = isinstance(tls, ssl.SSLCertVerificationError)
        return NetworkError(_tls_failure(tls, place, settings), untrusted=untrusted)
    if isinstance(problem, ProxyError):
        return NetworkError(f"the proxy for {place} refuses or cannot be reached", transient=True)
    if isinstance(problem, ConnectTimeout):
        return NetworkError(f"{place} does not answer within {settings.connect_timeout:g} s", transient=True)
    if isinstance(problem, (ReadTimeout, urllib3.exceptions.ReadTimeoutError)):
        return NetworkError(f"{place} fell silent for {settings.read_timeout:g} s", transient=True)
    if isinstance(problem, (ContentDecodingError, urllib3.exceptions.DecodeError)):
        return NetworkError(f"{place} sent a body that is not encoded as it says")
    if _cause(problem, socket.gaierror) is not None:
        return NetworkError(f"unknown host: {place}", transient=False)
    if (system := _cause(problem, OSError)) is not None and system.errno is not None:
        return NetworkError(f"no connection to {place}: {os.strerror(system.errno)}", transient=True)
    if isinstance(problem, (RequestsConnectionError, ChunkedEncodingError, HTTPError)):
        return NetworkError(f"the connection to {place} was cut", transient=True)
    if isinstance(problem, ValueError) and not isinstance(problem, (RequestException, UnicodeEncodeError)):
        return NetworkError(f"{place} sent headers that cannot be read")
    return NetworkError(f"cannot ask {redact_url(url)}: {type(problem).__name__}")


def _tls_failure(tls: BaseException | None, place: str, settings: SessionSettings) -> str:
    if isinstance(tls, ssl.SSLCertVerificationError):
        reason = tls.verify_message or "not trusted"
        cure = f"trust its authority with {settings.ca_option}"
        return f"the certificate of {place} is not trusted: {reason}; {cure}"
    reason = getattr(tls, "reason", None) or "handshake failed"
    words = str(reason).replace("_", " ").lower()
    wants_one = "alert bad certificate" in words or "certificate required" in words
    hint = (
        " (it asks for another client certificate)"
        if settings.client_cert
        else " (it asks for a client certificate)"
    )
    return f"TLS with {place} fails: {words}{hint if wants_one else ''}"


def _place(url: str) -> str:
    shown = redact_url(url)
    return shown.partition("://")[2].partition("/")[0].partition("?")[0] or shown


def _cause(problem: BaseException, wanted: type[Any]) -> Any:
    """The first exception of a type behind `problem`; requests wraps urllib3, which wraps the system's."""
    queue: list[Any] = [problem]
    seen: set[int] = set()
    while queue:
        one = queue.pop(0)
        if not isinstance(one, BaseException) or id(one) in seen:
            continue
        seen.add(id(one))
        if isinstance(one, wanted) and not isinstance(one, RequestException):
            return one
        queue += [*one.args, getattr(one, "reason", None), one.__cause__, one.__context__]
    return None
