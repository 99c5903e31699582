"""Questions to an Anchore service: credentials, retries, one deadline, and its three shapes of error."""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from types import TracebackType
from typing import Any
from urllib.parse import urlencode

from anchore_gate.errors import NetworkError, RemoteAuthError, RemoteError, TimedOut
from anchore_gate.net.redact import redact_text
from anchore_gate.net.retry import Clock, RetryPolicy, with_retries
from anchore_gate.net.session import Session, SessionSettings
from anchore_gate.remote.messages import message_of
from anchore_gate.remote.settings import ServiceSettings

MAX_BYTES = 256 * 1024 * 1024  # v1 answers hold the bundle twice: tens of MB are seen
_READ_TIMEOUT = 60.0  # seconds without a byte
_SLOW_TIMEOUT = 300.0  # submitting waits for the registry
# v1 answers 500 to many errors of the user: what changes something is not sent again for it.
_CHANGING = frozenset({408, 429, 502, 503, 504})
_READING = _CHANGING | {500}
# However many images wait, a service is asked by so many at a time.
_IN_FLIGHT = threading.BoundedSemaphore(16)


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


def _json(content: bytes, place: str) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as problem:
        raise RemoteError(f"the answer of {place} is not JSON: is that an Anchore service?") from problem
