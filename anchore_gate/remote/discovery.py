"""Which API answers, asked once for all images of a run."""

from __future__ import annotations

from types import ModuleType

from anchore_gate.remote.client import Client
from anchore_gate.remote.service import Service
from anchore_gate.remote.turn import Turn


class Discovery:
    """What the first image found out, for the others."""

    def __init__(self) -> None:
        self._turn = Turn()
        self._found: tuple[ModuleType, str] | None = None

    def __reduce__(self) -> tuple[type[Discovery], tuple[()]]:
        return Discovery, ()  # another process finds out by itself

    def service(self, client: Client) -> Service:
        """The service, as `client` asks it. Raises as `Service.discover`."""
        with self._turn.taken():
            if self._found is None:
                first = Service.discover(client)
                first.knock()
                self._found = (first.api, first.version)
                return first
        api, version = self._found
        return Service(client=client, api=api, version=version)
