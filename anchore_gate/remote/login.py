"""Who asks, for all images of a run: a token that is renewed when it expires, and what was refused once."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping

from anchore_gate.errors import RemoteAuthError, RemoteError
from anchore_gate.remote.settings import ServiceSettings
from anchore_gate.remote.told import Told
from anchore_gate.remote.turn import Turn
from anchore_gate.remote.values import mapping
from anchore_gate.typed import Any

Ask = Callable[[Mapping[str, str]], Told]  # a form to the service's /oauth/token
_REFUSED = frozenset({400, 401, 403})
_NO_TOKENS = frozenset({404, 405, 501})


class Login:
    """
    The credentials of a run, shared by every image that waits: one login, one renewal, one refusal.

    A service may lock a user out who is refused again and again, so what was refused is not sent again.
    """

    def __init__(self) -> None:
        self.request_id = str(uuid.uuid4())  # of the run, for who reads the service's log beside ours
        self._turn = Turn()
        self._access = ""
        self._refresh = ""
        self._refusal: RemoteAuthError | None = None

    def __reduce__(self) -> tuple[type[Login], tuple[()]]:
        return Login, ()  # another process logs in by itself

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must never be shown."""
        return tuple(filter(None, (self._access, self._refresh)))

    def header(self, settings: ServiceSettings, ask: Ask) -> str:
        """What stands in `Authorization`. Raises `RemoteAuthError`, also for what was refused before."""
        if self._refusal is not None:
            raise RemoteAuthError(str(self._refusal))
        if not settings.uses_oauth:
            return settings.authorization
        with self._turn.taken():
            if self._refusal is not None:
                raise RemoteAuthError(str(self._refusal))
            if not self._access:
                self._enter(settings, ask)
            return f"Bearer {self._access}"

    def is_renewed(self, expired: str, settings: ServiceSettings, ask: Ask) -> bool:
        """Whether there is another token than the `expired` one now. Raises `RemoteAuthError`."""
        if not settings.uses_oauth or not expired:
            return False
        with self._turn.taken():
            if expired == f"Bearer {self._access}":  # else another image has renewed it already
                self._renew(settings, ask)
            return True

    def refuse(self, error: RemoteAuthError) -> RemoteAuthError:
        """Remember that the credentials are refused."""
        self._refusal = error
        return error

    def _renew(self, settings: ServiceSettings, ask: Ask) -> None:
        refresh, self._refresh = self._refresh, ""
        if refresh:
            told = ask({"grant_type": "refresh_token", "refresh_token": refresh, "client_id": "anonymous"})
            if told.is_success:
                self._take(told.value)
                return
        self._enter(settings, ask)

    def _enter(self, settings: ServiceSettings, ask: Ask) -> None:
        names = {"username": settings.username, "password": settings.password}
        told = ask({"grant_type": "password", **names, "client_id": "anonymous"})
        said = f": {told.message}" if told.message else ""
        if told.status in _REFUSED:
            raise self.refuse(RemoteAuthError(f"the service refuses the login ({told.status}){said}"))
        if told.status in _NO_TOKENS:
            raise RemoteError(f"the service gives no tokens ({told.status}): --login basic asks without")
        if not told.is_success:
            raise RemoteError(f"the login: the service answers {told.status}{said}")
        self._take(told.value)

    def _take(self, raw: Any) -> None:
        answer = mapping(raw, "the login")
        self._access = _token(answer.get("access_token") or answer.get("token"))
        self._refresh = _token(answer["refresh_token"]) if answer.get("refresh_token") else ""


def _token(raw: Any) -> str:
    """A token that may stand in a header. Raises `RemoteError`."""
    if not isinstance(raw, str) or not raw or not (raw.isascii() and raw.isprintable()) or " " in raw:
        raise RemoteError("the service's answer cannot be understood: no token in the login")
    return raw
