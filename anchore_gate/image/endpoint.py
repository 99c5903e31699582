"""One host that speaks the distribution protocol: trust, login, redirects, retries, errors in words."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urljoin

from anchore_gate.errors import GateError, ImageNotFound, NetworkError, RegistryAuthError, RegistryError
from anchore_gate.image.keychain import Keychain
from anchore_gate.image.registry_auth import Authenticator
from anchore_gate.image.registry_settings import RegistrySettings, api_host
from anchore_gate.net.address import host_of, is_internal, is_loopback, origin_of
from anchore_gate.net.redact import redact_text, redact_url
from anchore_gate.net.retry import Clock, retry_after, with_retries
from anchore_gate.net.session import REDIRECTS, Answer, Session, SessionSettings, check_redirect, harmless
from anchore_gate.values import dataclass, replace

_log = logging.getLogger(__name__)
_MAX_REDIRECTS = 5


@dataclass(frozen=True, slots=True)
class Whole:
    """An answer with its body."""

    status: int
    headers: Mapping[str, str]
    url: str
    body: bytes

    def close(self) -> None:
        """Nothing is open."""


class Endpoint:
    """Asks one host on behalf of one registry name. Threads may share it."""

    def __init__(
        self,
        registry: str,
        settings: RegistrySettings,
        keychain: Keychain,
        clock: Clock,
        *,
        is_mirror: bool = False,
    ) -> None:
        self.host = api_host(registry)
        self.registry = registry
        self._settings = settings
        self._keychain = keychain
        self._clock = clock
        self._is_mirror = is_mirror
        # Where a mirror is silent the next place is asked, so one try is enough.
        self._retry = replace(settings.retry, attempts=1) if is_mirror else settings.retry
        is_known = not is_mirror and settings.are_for(registry)
        self._session = Session(_trust(self.host, settings, is_known=is_known))
        self._elsewhere = Session(_basics(settings))  # where redirects lead: no client certificate
        self.base = f"{self._scheme()}://{self.host}"
        self._logins: dict[str, Authenticator] = {}

    def close(self) -> None:
        """Close every connection."""
        self._session.close()
        self._elsewhere.close()

    def ask(
        self,
        method: str,
        path: str,
        *,
        repository: str,
        scopes: tuple[str, ...],
        limit: int,
        headers: Mapping[str, str] | None = None,
    ) -> Whole:
        """
        A whole answer of status 200.

        Raises `ImageNotFound`, `RegistryAuthError`, `RegistryError`, `NetworkError`.
        """

        def once() -> Whole:
            with self._request(method, path, repository, scopes, headers or {}) as answer:
                if answer.status >= 400:
                    return Whole(answer.status, answer.headers, answer.url, answer.error_text().encode())
                return Whole(answer.status, answer.headers, answer.url, _body(answer, limit))

        whole = with_retries(once, policy=self._retry, clock=self._clock)
        if whole.status != 200:
            raise self.refusal(
                whole.status, whole.headers, whole.body.decode(errors="replace"), path, repository
            )
        if whole.headers.get("Warning", "").startswith("299"):
            _log.warning("%s says: %s", self.host, redact_text(whole.headers["Warning"]))
        return whole

    def open(
        self, path: str, *, repository: str, scopes: tuple[str, ...], headers: Mapping[str, str] | None = None
    ) -> Answer:
        """An answer of status 200 or 206, its body unread. Raises as `ask` does."""
        answer = with_retries(
            lambda: self._request("GET", path, repository, scopes, headers or {}),
            policy=self._retry,
            clock=self._clock,
        )
        if answer.status not in {200, 206}:
            raise self.refusal(answer.status, answer.headers, answer.error_text(), path, repository)
        return answer

    def open_url(self, url: str) -> Answer:
        """Bytes that a manifest says lie elsewhere: https only, never inside. Raises as `ask` does."""
        if not url.lower().startswith("https://") and not is_loopback(self.host.partition(":")[0]):
            raise RegistryError(f"refused the layer address {redact_url(url)}: not https")
        self._check_inside(url)
        answer = self._elsewhere.request("GET", url)
        answer = self._follow(answer, url, {})
        if answer.status != 200:
            answer.close()
            raise RegistryError(f"{redact_url(url)} answers {answer.status}")
        return answer

    def _request(
        self, method: str, path: str, repository: str, scopes: tuple[str, ...], headers: Mapping[str, str]
    ) -> Answer:
        login = self._login(repository)
        url = self.base + path
        authorization = login.header(scopes)
        answer = self._session.request(method, url, headers={**headers, **authorization})
        for _ in range(2):  # a token that is too old, then one for the scope that was asked for
            if answer.status != 401:
                break
            answer.close()
            authorization = login.answer(answer, scopes, sent=authorization.get("Authorization", ""))
            answer = self._session.request(method, url, headers={**headers, **authorization})
        return self._follow(answer, url, {**headers, **authorization}, method)

    def _follow(self, answer: Answer, url: str, headers: Mapping[str, str], method: str = "GET") -> Answer:
        for _ in range(_MAX_REDIRECTS):
            location = answer.headers.get("Location", "")
            if answer.status not in REDIRECTS or not location:
                return answer
            answer.close()
            target = urljoin(url, location)
            self._check_target(url, target)
            if origin_of(target) != origin_of(self.base):
                # Azure's and Amazon's storage refuse a request with a login, and nobody else may see it.
                headers = harmless(headers)
            session = self._session if host_of(target) == host_of(self.base) else self._elsewhere
            answer = session.request(method, target, headers=headers)
            url = target
        answer.close()
        raise RegistryError(f"{self.host} redirects more than {_MAX_REDIRECTS} times")

    def _check_target(self, url: str, target: str) -> None:
        try:
            check_redirect(url, target)
        except NetworkError as problem:
            raise RegistryError(
                f"{self.host}: {problem} (behind a proxy: check X-Forwarded-Proto)"
            ) from problem
        self._check_inside(target)

    def _check_inside(self, target: str) -> None:
        host = host_of(target)
        if is_internal(host) and host != host_of(self.base) and not self._settings.allow_internal:
            raise RegistryError(f"{self.host} leads to the internal address {redact_url(target)}: refused")

    def _login(self, repository: str) -> Authenticator:
        login = self._logins.get(repository)
        if login is None:
            login = self._logins[repository] = Authenticator(
                self.base,
                self._keychain.find(self.registry, repository, is_mirror=self._is_mirror),
                self._session,
                clock=self._clock,
                retry=self._retry,
                allow_internal=self._settings.allow_internal,
            )
        return login

    def _scheme(self) -> str:
        if self.host in self._settings.http_hosts:
            return "http"
        if is_loopback(host_of(f"//{self.host}")):
            # 400: "client sent an HTTP request to an HTTPS server"
            return "http" if self._speaks("http", refusal=400) else "https"
        if self._settings.insecure:
            return "https" if self._speaks("https") else "http"
        return "https"

    def _speaks(self, scheme: str, *, refusal: int = 0) -> bool:
        try:
            with self._session.request("GET", f"{scheme}://{self.host}/v2/") as answer:
                return answer.status != refusal
        except NetworkError:
            return False

    def refusal(
        self, status: int, headers: Mapping[str, str], text: str, path: str, repository: str
    ) -> GateError:
        """The error that a status means."""
        login = self._login(repository)
        said = _said(text, login.secrets)
        because = f": {said}" if said else ""
        what = repository or "its list of repositories"
        if status == 401:
            hint = "" if login.credential else "; no credentials for it were found"
            return RegistryAuthError(f"{self.host} asks for a login for {what}{hint}{because}")
        if status == 403:
            return RegistryAuthError(f"{self.host} does not permit reading {what}{because}")
        if status == 404:
            return ImageNotFound(
                f"{self.host} knows no {_asked(path)} (private images without access answer so too){because}"
            )
        if status == 429:
            return RegistryError(f"{self.host} limits requests{self._pause(headers)}{because}")
        return RegistryError(f"{self.host} answers {status} for {_asked(path)}{because}")

    def _pause(self, headers: Mapping[str, str]) -> str:
        seconds = retry_after(headers, self._clock.now())
        left = headers.get("ratelimit-remaining", "")
        quota = f" ({redact_text(left, limit=40)} left)" if left else ""
        return quota if seconds is None else f"{quota}, come back in {seconds:.0f} s"


def _basics(settings: RegistrySettings, *, insecure: bool = False) -> SessionSettings:
    return SessionSettings(
        ca_bundle=settings.ca,
        insecure=settings.insecure or insecure,
        connect_timeout=settings.connect_timeout,
        read_timeout=settings.read_timeout,
        pool=max(8, settings.connections),
        ca_option="--registry-ca",
    )


def _trust(host: str, settings: RegistrySettings, *, is_known: bool) -> SessionSettings:
    """What options say, or else docker's and podman's `certs.d/<host>`; who we are only where `is_known`."""
    basics = _basics(settings, insecure=host in settings.unverified_hosts)
    found = next((f for f in (folder / host for folder in settings.certificate_folders) if _is_dir(f)), None)
    ca = settings.ca
    cert, key = (settings.client_cert, settings.client_key) if is_known else (None, None)
    if found is not None:
        ca = ca or next(iter(sorted(found.glob("*.crt"))), None)
        if cert is None and (found / "client.cert").is_file() and (found / "client.key").is_file():
            cert, key = found / "client.cert", found / "client.key"
    return SessionSettings(
        ca_bundle=ca,
        client_cert=cert,
        client_key=key,
        insecure=basics.insecure,
        connect_timeout=basics.connect_timeout,
        read_timeout=basics.read_timeout,
        pool=basics.pool,
        ca_option=basics.ca_option,
    )


def _is_dir(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        return False


def _body(answer: Answer, limit: int) -> bytes:
    try:
        return answer.read(limit)
    except NetworkError as problem:
        if problem.transient:
            raise
        raise RegistryError(str(problem)) from problem


def _asked(path: str) -> str:
    """`/v2/team/app/manifests/1.2` in words."""
    kind, _, name = path.partition("?")[0].removeprefix("/v2/").rpartition("/")
    repository, _, noun = kind.rpartition("/")
    if noun in {"manifests", "blobs"}:
        return f"{noun.removesuffix('s')} {name} of {repository}"
    return f"repository {kind}" if name == "list" else "catalog"


def _said(text: str, secrets: tuple[str, ...]) -> str:
    """The registry's own words, or as much of another text as helps."""
    try:
        errors = json.loads(text)["errors"]
        first = errors[0]
        text = " ".join(str(first[key]) for key in ("code", "message") if first.get(key))
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError):
        if "<html" in text.lower() or "<!doctype" in text.lower():
            text = "an HTML page"
    return redact_text(text, secrets=secrets, limit=200)
