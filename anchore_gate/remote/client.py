"""Questions to an Anchore service: credentials, retries, one deadline, and its three shapes of error."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from types import TracebackType
from urllib.parse import urlencode

from anchore_gate.errors import NetworkError, RemoteAuthError, RemoteError, TimedOut
from anchore_gate.net.redact import redact_text, redact_url
from anchore_gate.net.retry import Clock, RetryPolicy, with_retries
from anchore_gate.net.session import REDIRECTS, Session, SessionSettings, target_of
from anchore_gate.remote.deadline import Deadline, within
from anchore_gate.remote.login import Login
from anchore_gate.remote.messages import message_of
from anchore_gate.remote.settings import ServiceSettings
from anchore_gate.remote.told import Reply, Told
from anchore_gate.typed import Any
from anchore_gate.values import dataclass, replace

_log = logging.getLogger(__name__)
MAX_BYTES = 256 * 1024 * 1024  # v1 answers hold the bundle twice: tens of MB are seen
_READ_TIMEOUT = 60.0  # seconds without a byte
_SLOW_TIMEOUT = 300.0  # submitting waits for the registry
_GRACE = 2.0  # seconds
_JSON = "application/json"
# v1 answers 500 to many errors of the user: what changes something is not sent again for it.
_CHANGING = frozenset({408, 429, 502, 503, 504})
_READING = _CHANGING | {500}
# However many images wait, a service is asked by so many at a time.
_IN_FLIGHT = threading.BoundedSemaphore(16)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    method: str
    path: str  # with its query
    body: bytes | None = None
    kind: str = _JSON  # of the body
    attempts: int = 4
    authorization: str = ""


class Client(AbstractContextManager["Client"]):
    """
    Asks until `timeout` seconds, or those of the run, are over; no request, retry or wait goes beyond.

    `margin` seconds of the time are left for what comes after; `about` names the image that is asked for;
    `login` and `deadline` are what all clients of a run share.
    """

    def __init__(
        self,
        settings: ServiceSettings,
        *,
        timeout: float,
        margin: float = 0.0,
        about: str = "",
        clock: Clock | None = None,
        login: Login | None = None,
        deadline: Deadline | None = None,
    ) -> None:
        self.settings = settings
        self.clock = clock or Clock()
        self._deadline = deadline or Deadline(self.clock.monotonic() + timeout)
        self._margin = margin
        self._grace = float("-inf")
        self._timeout = timeout
        self.state = "not submitted"  # of the image, as far as is known
        self._about = f"{about}: " if about else ""
        self._login = login or Login()
        self._request_id = self._login.request_id
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
        return max(0.0, max(self._deadline.at - self._margin, self._grace) - self.clock.monotonic())

    @contextmanager
    def grace(self) -> Iterator[None]:
        """A little time beyond the deadline, for taking away what was put there."""
        self._grace = self.clock.monotonic() + _GRACE
        try:
            yield
        finally:
            self._grace = float("-inf")

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
        kind: str = _JSON,
        attempts: int = 4,
        is_optional: bool = False,
    ) -> Told:
        """
        The answer, whatever its status; but 401 is always an error, 403 unless `is_optional`, and no answer.

        A body of bytes is sent as it is, as `kind`; any other as JSON. A token that has expired is renewed,
        once. Raises `RemoteAuthError`, `NetworkError`, and `TimedOut` when the deadline is over.
        """
        question = _Question(
            method=method,
            path=path + (f"?{urlencode(query)}" if query else ""),
            body=body if body is None or isinstance(body, bytes) else json.dumps(body).encode(),
            kind=kind,
            attempts=attempts,
        )
        if path.endswith("/version") and self.settings.uses_oauth:  # needs nobody's name, and finds the API
            return self._permitted(self._asked(question), question)

        def enter(form: Mapping[str, str]) -> Told:
            place = f"/{path.split('/')[1]}/oauth/token"
            kind = "application/x-www-form-urlencoded"
            return self._asked(_Question(method="POST", path=place, body=urlencode(form).encode(), kind=kind))

        header = self._login.header(self.settings, enter)
        told = self._asked(replace(question, authorization=header))
        if told.status == 401 and self._login.is_renewed(header, self.settings, enter):
            header = self._login.header(self.settings, enter)
            told = self._asked(replace(question, authorization=header))
        return told if is_optional and told.status == 403 else self._permitted(told, question)

    def timed_out(self, what: str = "") -> TimedOut:
        """The error for a deadline that passed."""
        after = f"within {self._timeout:g} s (--timeout)"
        if not self._about:
            return TimedOut(f"{what or 'the service did not answer'} {after}")
        return TimedOut(f"{self._about}{what or 'no verdict'} (last state: {self.state}) {after}")

    def error(self, told: Told, what: str) -> RemoteError:
        """The service's own words, in one line."""
        said = f": {told.message}" if told.message else ""
        return RemoteError(f"{what}: the service answers {told.status}{said}")

    def _value(self, method: str, path: str, told: Told) -> Any:
        if not told.is_success:
            raise self.error(told, f"{method} {path}")
        return told.value

    def _asked(self, question: _Question) -> Told:
        statuses = _READING if question.method == "GET" else _CHANGING
        left = self.left  # a service that asks for patience gets it, as far as the time goes
        policy = RetryPolicy(
            attempts=question.attempts, deadline=left, longest_retry_after=left, statuses=statuses
        )
        try:
            reply = with_retries(lambda: self._once(question), policy=policy, clock=self.clock)
        except NetworkError as error:
            if self.left <= 0:
                raise self.timed_out() from error
            raise
        return self._told(reply, self.settings.root + question.path.partition("?")[0])

    def _once(self, question: _Question) -> Reply:
        if not _IN_FLIGHT.acquire(timeout=self.left):
            raise self.timed_out()
        try:
            if self.left <= 0:
                raise self.timed_out()
            reply = within(lambda: self.left, lambda: self._exchange(question))
        finally:
            _IN_FLIGHT.release()
        if reply is None:
            raise self.timed_out("the service did not come to the end of its answer")
        return reply

    def _exchange(self, question: _Question) -> Reply:
        longest = _SLOW_TIMEOUT if question.method == "POST" else _READ_TIMEOUT
        with self._session.request(
            question.method,
            self.settings.root + question.path,
            headers=self._headers(question),
            body=question.body,
            read_timeout=max(0.1, min(longest, self.left)),
        ) as answer:
            place = redact_url(self.settings.root + question.path)
            _log.debug("%s %s: %s (request %s)", question.method, place, answer.status, self._request_id)
            if 200 <= answer.status < 300:
                return Reply(answer.status, answer.headers, answer.read(MAX_BYTES), "")
            return Reply(answer.status, answer.headers, b"", answer.error_text())

    def _headers(self, question: _Question) -> dict[str, str]:
        headers = {"Accept": _JSON, "Anchore-Request-Id": self._request_id}
        if question.authorization:
            headers["Authorization"] = question.authorization
        if self.settings.account:
            headers["x-anchore-account"] = self.settings.account
        if question.body is not None or question.method == "POST":
            headers["Content-Type"] = question.kind
        return headers

    def _told(self, reply: Reply, place: str) -> Told:
        if 200 <= reply.status < 300:
            has_body = bool(reply.content.strip())
            return Told(reply.status, _json(reply.content, place) if has_body else None)
        secrets = (*self.settings.secrets, *self._login.secrets)
        said = message_of(reply.error)
        if reply.status in REDIRECTS:  # not followed: credentials are for the place that was named
            target = target_of(place, reply.headers.get("Location", ""))
            said = f"it redirects to {redact_url(target)} (--url)"
        return Told(reply.status, message=redact_text(said, secrets=secrets))

    def _permitted(self, told: Told, question: _Question) -> Told:
        """What was answered, unless it is that nobody may know. Raises `RemoteAuthError`."""
        said = f": {told.message}" if told.message else ""
        if told.status == 403:
            raise RemoteAuthError(f"the service does not permit this to the user or account (403){said}")
        if told.status != 401:
            return told
        given = "refuses the credentials" if self.settings.has_credentials else "wants credentials"
        error = RemoteAuthError(f"the service {given} (401){said}")
        # A proxy may refuse one of the paths where an API is looked for: that says nothing of the others.
        raise error if question.path.endswith(("/version", "/")) else self._login.refuse(error)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._session.close()


def _json(content: bytes, place: str) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as problem:
        raise RemoteError(f"the answer of {place} is not JSON: is that an Anchore service?") from problem
