"""The shape of an engine."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from pathlib import Path

from anchore_gate.model.evaluation import Action
from anchore_gate.model.image import Platform
from anchore_gate.model.result import Assessment
from anchore_gate.policy.bundle import Bundle
from anchore_gate.typed import Protocol, TypeGuard
from anchore_gate.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One image to look at, and how."""

    image: str  # as the user wrote it, scheme and all
    bundle: Bundle | None  # None: the service's own policy (remote only)
    now: datetime
    tag: str = ""  # the reference mappings see; "" = derive it from the image
    dockerfile: Path | None = None
    platform: Platform | None = None
    unmapped: Action = Action.STOP
    unsupported: Action = Action.STOP
    want_packages: bool = False  # a report lists packages: catalog them although no rule asks
    want_vulnerabilities: bool = False
    annotations: tuple[tuple[str, str], ...] = ()


class Engine(Protocol):
    """Looks at an image and applies a policy."""

    @property
    def name(self) -> str:
        """The word reports use: `local` or `remote`."""

    @property
    def version(self) -> str:
        """What it says of its version, "" where it says nothing."""

    def assess(self, request: Request) -> Assessment:
        """Gather the grounds for a verdict. Raises `GateError` when it cannot."""


class WaitingEngine(Protocol):
    """An engine that has others look and waits for them: for all images of a run, with one deadline."""

    def run(self) -> AbstractContextManager[Engine]:
        """The engine of one run: its time begins, and what it left elsewhere is taken away at the end."""


def is_waiting(engine: Engine | WaitingEngine) -> TypeGuard[WaitingEngine]:
    """Whether it is one that has others look."""
    return hasattr(engine, "run")


def run_of(engine: Engine) -> AbstractContextManager[Engine]:
    """The engine for the images of one run."""
    return engine.run() if is_waiting(engine) else nullcontext(engine)
