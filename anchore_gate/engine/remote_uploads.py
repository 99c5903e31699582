"""Policies of ours on a service: there while any image of the run is judged by them, and gone again after."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress

from anchore_gate.errors import GateError, PolicyError, RemoteError
from anchore_gate.remote.service import PolicyMissing, Service
from anchore_gate.remote.turn import Turn
from anchore_gate.typed import Any, TypeVar

_T = TypeVar("_T")
_PATIENCE = 2.0  # seconds
_ATTEMPTS = 3  # another run that gates with the same file may take its policy away meanwhile


class Uploads:
    """
    What the images of a run share: one upload, and one removal when the last of them is judged.

    If each took its own away, two hundred images would take it from each other.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()  # of what stands below
        self._turn = Turn()  # of what is asked of the service
        self._users: Counter[str] = Counter()
        self._there: set[str] = set()
        self._ours: set[str] = set()
        self._refused: dict[str, str] = {}  # by id, and why
        self._is_over = False
        self._imports = 0
        self._imported = threading.Condition()

    def __reduce__(self) -> tuple[type[Uploads], tuple[()]]:
        return Uploads, ()  # another process uploads by itself

    def ask(self, service: Service, policy: dict[str, Any], ask: Callable[[str], _T], *, keep: bool) -> _T:
        """What `ask` answers to the policy's id. Raises what it raises."""
        policy_id = str(policy["id"])
        with self._lock:
            self._users[policy_id] += 1
        try:
            return self._asked(service, policy_id, policy, ask)
        finally:
            self._leave(service, policy_id, keep=keep)

    @contextmanager
    def importing(self) -> Iterator[None]:
        """While parts of an import are there that are taken away should it fail: a run waits for that."""
        with self._imported:
            self._imports += 1
        try:
            yield
        finally:
            with self._imported:
                self._imports -= 1
                self._imported.notify_all()

    def end(self, asking: Callable[[], AbstractContextManager[Service]], *, keep: bool) -> None:
        """Let nobody put a policy there any more, and take away what is there still."""
        self._is_over = True
        with self._imported:
            self._imported.wait_for(lambda: not self._imports, _PATIENCE)
        self._turn.idle(_PATIENCE)  # what is on its way arrives before it is taken away
        left = () if keep else tuple(sorted(self._ours.copy()))
        if left:
            with suppress(GateError), asking() as service:
                for policy_id in left:
                    service.remove_policy(policy_id)

    def _asked(
        self, service: Service, policy_id: str, policy: dict[str, Any], ask: Callable[[str], _T]
    ) -> _T:
        for _ in range(_ATTEMPTS):
            self._ensure(service, policy_id, policy)
            try:
                return ask(policy_id)
            except PolicyMissing:
                with self._lock:
                    self._there.discard(policy_id)
        raise RemoteError(f"the uploaded policy {policy_id} does not stay on the service")

    def _ensure(self, service: Service, policy_id: str, policy: dict[str, Any]) -> None:
        with self._turn.taken():
            if policy_id in self._there:
                return
            if self._is_over:
                raise service.client.timed_out("no policy uploaded")
            if policy_id in self._refused:
                raise PolicyError(self._refused[policy_id])
            if not service.has_policy(policy_id):
                self._ours.add(policy_id)
                self._add(service, policy_id, policy)
            self._there.add(policy_id)

    def _add(self, service: Service, policy_id: str, policy: dict[str, Any]) -> None:
        try:
            service.add_policy(policy)
        except PolicyError as error:  # it will be no better for the next image
            self._refused[policy_id] = str(error)
            raise

    def _leave(self, service: Service, policy_id: str, *, keep: bool) -> None:
        with self._lock:
            self._users[policy_id] -= 1
            if self._users[policy_id]:
                return
            self._there.discard(policy_id)
            if policy_id in self._ours and not keep:
                service.remove_policy(policy_id)
            self._ours.discard(policy_id)
