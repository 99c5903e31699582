"""From a 401 to an `Authorization` header: basic, bearer with tokens, refresh tokens, Azure's exchange."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterable
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from anchore_gate.errors import NetworkError, RegistryAuthError, RegistryError
from anchore_gate.image.challenge import Challenge, parse_challenges
from anchore_gate.image.keychain import Credential
from anchore_gate.net.address import host_of, is_internal, origin_of
from anchore_gate.net.redact import redact_text, redact_url
from anchore_gate.net.retry import Clock, RetryPolicy, with_retries
from anchore_gate.net.session import Answer, Session
from anchore_gate.typed import Any
from anchore_gate.values import dataclass

_TOKEN_LIMIT = 64 * 1024
_CLIENT = "anchore-gate"
_SHORTEST_LIFE = 60  # seconds; the specification's default where `expires_in` is missing or less
_ENTRA = frozenset({"sts.windows.net", "login.microsoftonline.com"})


@dataclass(frozen=True, slots=True)
class _Token:
    value: str
    renew_at: float


class Authenticator:
    """Answers one registry's challenges. Tokens are kept per set of scopes; threads may share it."""

    def __init__(
        self,
        base: str,
        credential: Credential | None,
        session: Session,
        *,
        clock: Clock,
        retry: RetryPolicy,
        allow_internal: bool = False,
    ) -> None:
        self.base = base
        self.credential = credential
        self._session = session
        self._clock = clock
        self._retry = retry
        self._allow_internal = allow_internal
        self._lock = threading.Lock()
        self._challenge: Challenge | None = None
        self._tokens: dict[tuple[str, ...], _Token] = {}

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must not be shown of this conversation."""
        known = self.credential.secrets if self.credential else ()
        return (*known, *(token.value for token in self._tokens.values()))

    def header(self, scopes: tuple[str, ...]) -> dict[str, str]:
        """The header to send before anybody asked, as far as is known."""
        if self.credential is not None and _is_plain_bearer(self.credential):
            return {"Authorization": f"Bearer {self.credential.registry_token}"}
        with self._lock:
            if self._challenge is None:
                return {}
            return self._answered(self._challenge, scopes)

    def answer(self, refused: Answer, scopes: tuple[str, ...], *, sent: str) -> dict[str, str]:
        """
        The header to try after a 401 to a request that carried `sent`.

        Raises `RegistryAuthError` when there is nothing better to offer.
        """
        challenge = _preferred(parse_challenges(refused.challenges))
        if challenge is None:
            raise RegistryAuthError(f"{self._place} asks for a login we cannot give (no Basic or Bearer)")
        with self._lock:
            if challenge.scheme == "bearer" and challenge.scope and challenge.scope not in scopes:
                scopes = (challenge.scope, *scopes)
            self._challenge = challenge
            if sent:
                self._tokens.pop(scopes, None)
            header = self._answered(challenge, scopes)
        if header.get("Authorization") == sent:
            raise RegistryAuthError(f"{self._place} refuses {self._who}{_why(challenge)}")
        return header

    @property
    def _place(self) -> str:
        return urlsplit(self.base).netloc

    @property
    def _who(self) -> str:
        if self.credential is None:
            return "to answer without a login"
        if self.credential.username:
            return f"the credentials of user {self.credential.username!r}"
        return "the token it was given"

    def _answered(self, challenge: Challenge, scopes: tuple[str, ...]) -> dict[str, str]:
        if challenge.scheme == "basic":
            if self.credential is None or not self.credential.password:
                raise RegistryAuthError(f"{self._place} asks for user and password, and none are known")
            return {"Authorization": _basic(self.credential.username, self.credential.password)}
        if self.credential is not None and _is_plain_bearer(self.credential):
            raise RegistryAuthError(f"{self._place} refuses the token it was given{_why(challenge)}")
        token = self._tokens.get(scopes)
        if token is None or self._clock.monotonic() >= token.renew_at:
            token = self._tokens[scopes] = self._fetched(challenge, scopes)
        return {"Authorization": f"Bearer {token.value}"}

    def _fetched(self, challenge: Challenge, scopes: tuple[str, ...]) -> _Token:
        self._check_realm(challenge.realm)
        identity = self._identity_token(challenge)
        if identity:
            form = {
                "grant_type": "refresh_token",
                "refresh_token": identity,
                "service": challenge.service,
                "client_id": _CLIENT,
                "scope": " ".join(scopes),
            }
            with self._ask("POST", challenge.realm, {}, form) as answer:
                if answer.status not in {404, 405}:
                    return self._token(answer)
            # Token servers older than the OAuth2 flow know only this form (distribution, token/oauth.md).
            return self._got(challenge, scopes, "<token>", identity)
        if self.credential is not None and self.credential.password:
            return self._got(challenge, scopes, self.credential.username, self.credential.password)
        return self._got(challenge, scopes, "", "")

    def _got(self, challenge: Challenge, scopes: tuple[str, ...], username: str, password: str) -> _Token:
        account = [("account", username)] if username and username != "<token>" else []
        asked = [("service", challenge.service)] if challenge.service else []
        url = _with_query(challenge.realm, [*asked, *(("scope", scope) for scope in scopes), *account])
        headers = {"Authorization": _basic(username, password)} if password else {}
        with self._ask("GET", url, headers, None) as answer:
            return self._token(answer)

    def _identity_token(self, challenge: Challenge) -> str:
        credential = self.credential
        if credential is None:
            return ""
        if credential.registry_token and not _is_plain_bearer(credential):
            if _claims(credential.registry_token).get("grant_type") == "refresh_token":
                return credential.registry_token
            return self._exchanged(challenge, credential.registry_token)
        return credential.identity_token

    def _exchanged(self, challenge: Challenge, access_token: str) -> str:
        """Azure: an Entra access token becomes a refresh token of the registry."""
        form = {"grant_type": "access_token", "service": challenge.service, "access_token": access_token}
        tenant = _claims(access_token).get("tid")
        if isinstance(tenant, str):
            form["tenant"] = tenant
        with self._ask("POST", f"{self.base}/oauth2/exchange", {}, form) as answer:
            found = self._answer_json(answer).get("refresh_token")
        if not isinstance(found, str) or not found:
            raise RegistryAuthError(f"{self._place} exchanges the Entra token for nothing")
        return found

    def _ask(self, method: str, url: str, headers: dict[str, str], form: dict[str, str] | None) -> Answer:
        body = None if form is None else urlencode(form).encode()
        sent = dict(headers)
        if form is not None:
            sent["Content-Type"] = "application/x-www-form-urlencoded"
        return with_retries(
            lambda: self._session.request(method, url, headers=sent, body=body),
            policy=self._retry,
            clock=self._clock,
        )

    def _token(self, answer: Answer) -> _Token:
        found = self._answer_json(answer)
        value = found.get("token") or found.get("access_token")
        if not isinstance(value, str) or not value or not value.isprintable() or not value.isascii():
            raise RegistryAuthError(f"the token service {redact_url(answer.url)} gives no token")
        life = found.get("expires_in")
        seconds = life if isinstance(life, int) and not isinstance(life, bool) else _SHORTEST_LIFE
        return _Token(value, self._clock.monotonic() + 0.9 * max(seconds, _SHORTEST_LIFE))

    def _answer_json(self, answer: Answer) -> dict[str, Any]:
        where = f"the token service {redact_url(answer.url).partition('?')[0]}"
        if answer.status in {400, 401, 403}:
            raise RegistryAuthError(f"{where} refuses {self._who}: {self._said(answer)}")
        if answer.status != 200:
            raise RegistryError(f"{where} answers {answer.status}: {self._said(answer)}")
        try:
            found = answer.json(_TOKEN_LIMIT)
        except NetworkError as problem:
            if problem.transient:
                raise
            raise RegistryError(f"{where}: {problem}") from problem
        if not isinstance(found, dict):
            raise RegistryError(f"{where} answers no JSON object")
        return found

    def _said(self, answer: Answer) -> str:
        return redact_text(answer.error_text(), secrets=self.secrets, limit=160) or str(answer.status)

    def _check_realm(self, realm: str) -> None:
        scheme, host, _ = origin_of(realm)
        shown = redact_url(realm)
        if scheme not in {"http", "https"} or not host:
            raise RegistryError(f"{self._place} names no usable token service: {shown}")
        if scheme == "http" and self.base.startswith("https:"):
            raise RegistryError(
                f"refused the token service {shown}: it is not https "
                "(behind a proxy: check X-Forwarded-Proto, or Artifactory's Override-Base-Url)"
            )
        if is_internal(host) and host != host_of(self.base) and not self._allow_internal:
            raise RegistryError(
                f"refused the token service {shown}: {self._place} leads to an internal address"
            )


def _preferred(challenges: Iterable[Challenge]) -> Challenge | None:
    found = tuple(challenges)
    for scheme in ("bearer", "basic"):
        for challenge in found:
            if challenge.scheme == scheme and (scheme == "basic" or challenge.realm):
                return challenge
    return None


def _is_plain_bearer(credential: Credential) -> bool:
    """Whether the token goes to the registry as it is: not one of Azure's that must be exchanged first."""
    if not credential.registry_token:
        return False
    claims = _claims(credential.registry_token)
    return claims.get("grant_type") != "refresh_token" and host_of(str(claims.get("iss", ""))) not in _ENTRA


def _claims(token: str) -> dict[str, Any]:
    """What a JSON web token says of itself, unverified: only to choose how to use it."""
    payload = token.split(".")[1] if token.count(".") == 2 else ""
    try:
        found = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _basic(username: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()


def _with_query(url: str, pairs: list[tuple[str, str]]) -> str:
    parts = urlsplit(url)
    query = urlencode([*parse_qsl(parts.query, keep_blank_values=True), *pairs])
    return urlunsplit((parts.scheme, parts.netloc, parts.path, query, ""))


def _why(challenge: Challenge) -> str:
    return f" ({redact_text(challenge.error, limit=60)})" if challenge.error else ""
