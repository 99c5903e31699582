"""The verdict, with the evidence it rests on."""

from __future__ import annotations

from datetime import datetime

from anchore_gate.errors import GateError
from anchore_gate.model.evaluation import Action, Evaluation
from anchore_gate.model.image import Dockerfile, Image
from anchore_gate.model.inventory import Inventory
from anchore_gate.model.vulnerability import DatabaseIdentity, Incomparable, Match
from anchore_gate.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """What an engine hands back: the image, what is in it, what the policy says."""

    image: Image
    evaluation: Evaluation
    inventory: Inventory = Inventory()
    matches: tuple[Match, ...] = ()
    incomparable: tuple[Incomparable, ...] = ()
    dockerfile: Dockerfile = Dockerfile()
    database: DatabaseIdentity | None = None
    notes: tuple[str, ...] = ()  # what limits the evidence, e.g. `secrets: files over 1 MiB not read`


@dataclass(frozen=True, slots=True, kw_only=True)
class GateResult:
    """All a report needs, and nothing that is still open."""

    image: Image
    evaluation: Evaluation
    inventory: Inventory
    matches: tuple[Match, ...]
    incomparable: tuple[Incomparable, ...] = ()
    dockerfile: Dockerfile = Dockerfile()
    database: DatabaseIdentity | None = None
    notes: tuple[str, ...] = ()
    engine: str  # local, remote
    engine_version: str = ""
    fail_on: Action | None = Action.STOP  # None: never fail
    decided_at: datetime

    @property
    def name(self) -> str:
        """What a report calls the image."""
        return self.image.display_name

    @property
    def is_undecided(self) -> bool:
        """Whether a service was asked that could not evaluate its policy: its "stop" is no verdict."""
        return self.engine == "remote" and self.evaluation.has_error

    @property
    def category(self) -> str:
        """`GateError.category` of why there is no verdict, "" where there is one."""
        return "service" if self.is_undecided else ""

    @property
    def passed(self) -> bool:
        """Whether the image may go on."""
        return not self.fails(self.evaluation.final_action)

    def fails(self, action: Action) -> bool:
        """Whether that action fails the image: where the policy has an error "never fail" is no pass."""
        limit = Action.STOP if self.fail_on is None and self.evaluation.has_error else self.fail_on
        return limit is not None and action >= limit

    @property
    def verdict(self) -> str:
        """`pass`, `warn` (may go on, with warnings) or `fail`; `error` where there is none."""
        if self.is_undecided:
            return "error"
        if not self.passed:
            return "fail"
        return "pass" if self.evaluation.final_action is Action.GO else "warn"

    @property
    def exit_code(self) -> int:
        """0 passed, 1 the policy said no, 2 a faulty policy, 3 no verdict."""
        if self.is_undecided:
            return 3
        return 2 if self.evaluation.has_error else int(not self.passed)


@dataclass(frozen=True, slots=True, kw_only=True)
class NoVerdict:
    """An image that could not be judged, and why. Never a pass."""

    name: str  # the image as the user wrote it
    category: str  # `GateError.category`
    message: str
    decided_at: datetime
    exit_code: int = 3

    @property
    def verdict(self) -> str:
        """`error`, or `timeout` when the deadline passed."""
        return "timeout" if self.category == "timeout" else "error"

    @classmethod
    def of(cls, error: GateError, *, name: str, now: datetime) -> NoVerdict:
        """The value an error leaves behind in reports."""
        return cls(
            name=name,
            category=error.category,
            message=str(error),
            decided_at=now,
            exit_code=error.exit_code,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class GateRun:
    """What one command judged: reports are written from this."""

    results: tuple[GateResult | NoVerdict, ...]
    version: str  # of anchore_gate
    started_at: datetime

    @property
    def verdict(self) -> str:
        """The worst of all: error, timeout, fail, warn, pass."""
        order = ("error", "timeout", "fail", "warn")
        seen = {result.verdict for result in self.results}
        return next((word for word in order if word in seen), "pass" if seen else "error")

    @property
    def exit_code(self) -> int:
        """0 pass, 1 the policy said no, 2 usage or a faulty policy, 3 no verdict: 3 > 2 > 1 > 0."""
        return max((result.exit_code for result in self.results), default=3)
