"""Questions to an Anchore service: credentials, retries, one deadline, and its three shapes of error."""

from __future__ import annotations

import base64
import json
import threading
import uuid
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import SplitResult, urlencode, urlsplit, urlunsplit

from anchore_gate.errors import ConfigError, NetworkError, RemoteAuthError, RemoteError, TimedOut
from anchore_gate.net.redact import redact_text
from anchore_gate.net.retry import Clock, RetryPolicy, with_retries
from anchore_gate.net.session import Session, SessionSettings

API_KEY_USER = "_api_key"
MAX_BYTES = 256 * 1024 * 1024  # v1 answers hold the bundle twice: tens of MB are seen
_READ_TIMEOUT = 60.0  # seconds without a byte
_SLOW_TIMEOUT = 300.0  # submitting waits for the registry
# v1 answers 500 to many errors of the user: what changes something is not sent again for it.
_CHANGING = frozenset({408, 429, 502, 503, 504})
_READING = _CHANGING | {500}
# However many images wait, a service is asked by so many at a time.
_IN_FLIGHT = threading.BoundedSemaphore(16)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceSettings:
    """Where the service is, and who asks. A token that is no JSON web token is an API key."""

    url: str
    username: str = ""
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    account: str = ""
    ca: Path | None = None
    cert: Path | None = None
    key: Path | None = None
    insecure: bool = False

    def __post_init__(self) -> None:
        parts = _parts(self.url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ConfigError("the service's URL is not http(s)://HOST[:PORT]")
        if parts.username is not None or parts.password is not None:
            raise ConfigError("the service's URL holds credentials: give them as username and password")
        if parts.query or parts.fragment:
            raise ConfigError(
                "the service's URL has a query: only http(s)://HOST[:PORT][/PATH] is understood"
            )

    @property
    def root(self) -> str:
        """The URL without the API version at its end."""
        parts = _parts(self.url)
        path = parts.path.rstrip("/").removesuffix("/v1").removesuffix("/v2")
        return urlunsplit((parts.scheme, parts.netloc, path, "", ""))

    @property
    def named_version(self) -> str:
        """`v1` or `v2` where the URL ends so, "" where it does not."""
        last = self.url.rstrip("/").rpartition("/")[2]
        return last if last in {"v1", "v2"} else ""

    @property
    def authorization(self) -> str:
        """The header, "" where no credentials are given."""
        if self.token.startswith("eyJ") and self.token.count(".") == 2:
            return f"Bearer {self.token}"
        user, secret = (API_KEY_USER, self.token) if self.token else (self.username, self.password)
        if not user:
            return ""
        return "Basic " + base64.b64encode(f"{user}:{secret}".encode()).decode()

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must never be shown."""
        header = self.authorization.partition(" ")[2]
        return tuple(one for one in (self.password, self.token, header) if one)


def _parts(url: str) -> SplitResult:
    try:
        parts = urlsplit(url.strip())
        _ = parts.port
    except ValueError as problem:
        raise ConfigError("the service's URL cannot be read") from problem
    return parts


@dataclass(frozen=True, slots=True)
class Told:
    """A status and what came with it: the JSON of a success, the service's own words of an error."""

    status: int
    value: Any = None
    message: str = ""

    @property
    def is_success(self) -> bool:
        """Whether the service did as it was asked."""
        return 200 <= self.status < 300


@dataclass(frozen=True, slots=True)
class _Reply:
    """An answer that was read to its end: what is cut in the middle is asked for again."""

    status: int
    headers: Mapping[str, str]
    content: bytes
    error: str

    def close(self) -> None:
        """Nothing is open any more."""


class Client(AbstractContextManager["Client"]):
    """Asks until `timeout` seconds are over; no request, retry or wait goes beyond."""

    def __init__(self, settings: ServiceSettings, *, timeout: float, clock: Clock | None = None) -> None:
        self.settings = settings
        self.clock = clock or Clock()
        self._end = self.clock.monotonic() + timeout
        self._timeout = timeout
        self._request_id = str(uuid.uuid4())
        self._session = Session(
            SessionSettings(
                ca_bundle=settings.ca,
                client_cert=settings.cert,
                client_key=settings.key,
                insecure=settings.insecure,
                ca_option="--ca",
            )
        )

    @property
    def left(self) -> float:
        """The seconds until the deadline, never below zero."""
        return max(0.0, self._end - self.clock.monotonic())

    def pause(self, seconds: float) -> None:
        """Wait, and hold no connection meanwhile: two hundred images that wait are no load."""
        self._session.close()
        self.clock.sleep(min(seconds, self.left))

    def get(self, path: str, query: Mapping[str, str] | None = None) -> Any:
        """The JSON that a path answers. Raises `RemoteError`."""
        return self._value("GET", path, self.tell("GET", path, query))

    def send(
        self, method: str, path: str, body: Any, query: Mapping[str, str] | None = None, *, attempts: int = 4
    ) -> Any:
        """The JSON answered to a body. Raises `RemoteError`."""
        return self._value(method, path, self.tell(method, path, query, body=body, attempts=attempts))

    def tell(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        *,
        body: Any = None,
        kind: str = "application/json",
        attempts: int = 4,
    ) -> Told:
        """
        The answer, whatever its status; but 401 and 403 are always an error, and so is no answer.

        A body of bytes is sent as it is, as `kind`; any other as JSON.

        Raises `RemoteAuthError`, `NetworkError`, and `TimedOut` when the deadline is over.
        """
        url = self.settings.root + path + (f"?{urlencode(query)}" if query else "")
        content = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        statuses = _READING if method == "GET" else _CHANGING
        policy = RetryPolicy(attempts=attempts, deadline=self.left, statuses=statuses)
        try:
            reply = with_retries(
                lambda: self._once(method, url, content, kind), policy=policy, clock=self.clock
            )
        except NetworkError as error:
            if self.left <= 0:
                raise self.timed_out() from error
            raise
        told = self._told(reply)
        if told.status in {401, 403}:
            raise self._refused(told)
        return told

    def timed_out(self, what: str = "the service did not answer") -> TimedOut:
        """The error for a deadline that passed."""
        return TimedOut(f"{what} within {self._timeout:g} s (--timeout)")

    def error(self, told: Told, what: str) -> RemoteError:
        """The service's own words, in one line."""
        said = f": {told.message}" if told.message else ""
        return RemoteError(f"{what}: the service answers {told.status}{said}")

    def _value(self, method: str, path: str, told: Told) -> Any:
        if not told.is_success:
            raise self.error(told, f"{method} {path}")
        return told.value

    def _once(self, method: str, url: str, content: bytes | None, kind: str) -> _Reply:
        if not _IN_FLIGHT.acquire(timeout=self.left):
            raise self.timed_out()
        try:
            return self._asked(method, url, content, kind)
        finally:
            _IN_FLIGHT.release()

    def _asked(self, method: str, url: str, content: bytes | None, kind: str) -> _Reply:
        if self.left <= 0:
            raise self.timed_out()
        longest = _SLOW_TIMEOUT if method == "POST" else _READ_TIMEOUT
        with self._session.request(
            method,
            url,
            headers=self._headers(kind if content is not None else ""),
            body=content,
            read_timeout=max(0.1, min(longest, self.left)),
        ) as answer:
            if 200 <= answer.status < 300:
                return _Reply(answer.status, answer.headers, answer.read(MAX_BYTES), "")
            return _Reply(answer.status, answer.headers, b"", answer.error_text())

    def _headers(self, kind: str) -> dict[str, str]:
        headers = {"Accept": "application/json", "Anchore-Request-Id": self._request_id}
        if authorization := self.settings.authorization:
            headers["Authorization"] = authorization
        if self.settings.account:
            headers["x-anchore-account"] = self.settings.account
        if kind:
            headers["Content-Type"] = kind
        return headers

    def _told(self, reply: _Reply) -> Told:
        if 200 <= reply.status < 300:
            has_body = bool(reply.content.strip())
            return Told(reply.status, _json(reply.content, self.settings.root) if has_body else None)
        return Told(reply.status, message=self._words(reply.error))

    def _refused(self, told: Told) -> RemoteAuthError:
        said = f": {told.message}" if told.message else ""
        if told.status == 403:
            return RemoteAuthError(f"the service does not permit this to the user or account (403){said}")
        given = "refuses the credentials" if self.settings.authorization else "wants credentials"
        return RemoteAuthError(f"the service {given} (401){said}")

    def _words(self, text: str) -> str:
        return redact_text(message_of(text), secrets=self.settings.secrets)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._session.close()


def message_of(text: str) -> str:
    """What an error's body says: Anchore's JSON, problem+json, a JSON string, text, or a page of a proxy."""
    try:
        raw: Any = json.loads(text)
    except (ValueError, RecursionError):
        page = text.lstrip()[:200].lower()
        is_page = page.startswith(("<!doctype html", "<html"))
        return "an HTML page instead of JSON (is a proxy in between?)" if is_page else text
    if isinstance(raw, str):
        return raw
    if not isinstance(raw, dict):
        return ""
    words = [raw.get("message"), raw.get("detail"), raw.get("title")]
    said = next((word for word in words if isinstance(word, str) and word), "")
    return said + _codes(raw.get("detail"))


def _codes(detail: Any) -> str:
    if not isinstance(detail, dict):
        return ""
    codes = detail.get("error_codes")
    named = [str(code) for code in codes if isinstance(code, str)] if isinstance(codes, list) else []
    validation = detail.get("validation_error")
    more = [validation] if isinstance(validation, str) else []
    return f" ({', '.join([*named, *more])})" if named or more else ""


def _json(content: bytes, place: str) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as problem:
        raise RemoteError(f"the answer of {place} is not JSON: is that an Anchore service?") from problem
