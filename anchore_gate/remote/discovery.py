"""Which API answers, asked once for all images of a run."""

from __future__ import annotations

from types import ModuleType

from anchore_gate.errors import RemoteAuthError, RemoteError
from anchore_gate.net.session import REDIRECTS
from anchore_gate.remote import v1, v2
from anchore_gate.remote.client import Client
from anchore_gate.remote.service import AWAY, Service, numbers
from anchore_gate.remote.turn import Turn
from anchore_gate.remote.values import words
from anchore_gate.typed import Any

_TREES = {"/v2": v2, "/v1": v1}
# What the end of the URL asks for comes first. A service that was upgraded is found behind its old URL; one
# that is to speak v2 and does not is not spoken to in v1. The root tells of v2 alone.
_PLACES = {"": ("", "/v2", "/v1"), "v1": ("/v1", "", "/v2"), "v2": ("/v2", "")}


class Discovery:
    """What the first image found out, for the others."""

    def __init__(self) -> None:
        self._turn = Turn()
        self._found: tuple[ModuleType, str] | None = None

    def __reduce__(self) -> tuple[type[Discovery], tuple[()]]:
        return Discovery, ()  # another process finds out by itself

    def service(self, client: Client) -> Service:
        """The service, as `client` asks it. Raises as `discover`."""
        with self._turn.taken():
            if self._found is None:
                first = discover(client)
                first.knock()
                self._found = (first.api, first.version)
                return first
        api, version = self._found
        return Service(client=client, api=api, version=version)


def discover(client: Client) -> Service:
    """
    The service, by what `/version` says, else by which tree answers at all.

    Raises `RemoteError`, `NetworkError`, `TimedOut`.
    """
    places = _PLACES[client.settings.named_version]
    why: RemoteError | None = None
    for prefix in places:
        try:
            told = client.tell("GET", f"{prefix}/version")
        except RemoteError as error:  # refused, or a page of something else
            why = error if isinstance(error, RemoteAuthError) else why
            continue
        if told.status in AWAY | REDIRECTS:
            why = client.error(told, f"{client.settings.root}{prefix}/version")
        version, api = _version(told.value, "service"), _version(told.value, "api")
        if prefix and (version or api):
            return Service(client=client, api=_TREES[prefix], version=version)
        if (numbers(api, 1) or (0,)) >= (2,):
            return Service(client=client, api=v2, version=version)
    tree = _pinged(client, places)
    if tree is None:
        raise why or RemoteError(f"no Anchore API (v1 or v2) answers at {client.settings.root}")
    return Service(client=client, api=tree)


def _pinged(client: Client, places: tuple[str, ...]) -> ModuleType | None:
    """The tree whose root says its name, else one that wants to know who asks."""
    guarded: ModuleType | None = None
    for prefix in filter(None, places):
        try:
            told = client.tell("GET", f"{prefix}/", attempts=1)
        except RemoteAuthError:
            guarded = guarded or _TREES[prefix]
            continue
        except RemoteError:
            continue
        if told.is_success and isinstance(told.value, str):
            return _TREES[prefix]
    return guarded


def _version(raw: Any, name: str) -> str:
    found = raw.get(name) if isinstance(raw, dict) else None
    said = found.get("version") if isinstance(found, dict) else None
    is_number = isinstance(said, int | float) and not isinstance(said, bool)
    return str(said)[:40] if is_number else words({"version": said}, "version")
