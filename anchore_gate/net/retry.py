"""Trying again, with patience and an end: the one door of tenacity."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime

from anchore_gate.errors import NetworkError
from anchore_gate.typed import TYPE_CHECKING, Any, Protocol, TypeVar
from anchore_gate.values import dataclass, field

if TYPE_CHECKING:
    from tenacity import RetryCallState

# Statuses that may pass by themselves. 400, 401, 403 and 404 never do.
TRANSIENT_STATUSES = frozenset({408, 429, 500, 502, 503, 504, 499, 522})


def _utc_now() -> datetime:
    return datetime.now(timezone.utc)


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """Time as a value: tests bring their own."""

    sleep: Callable[[float], None] = time.sleep
    monotonic: Callable[[], float] = time.monotonic
    now: Callable[[], datetime] = _utc_now
    chance: Callable[[], float] = random.random  # 0 <= chance < 1


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """How often and how long to try."""

    attempts: int = 4
    deadline: float | None = None  # seconds for all attempts and waits together
    first_wait: float = 0.5  # seconds, times `factor` after each attempt, +- `jitter`
    factor: float = 3.0
    jitter: float = 0.2
    longest_wait: float = 30.0
    longest_retry_after: float = 60.0  # a server that asks for more ends the attempts
    statuses: frozenset[int] = field(default=TRANSIENT_STATUSES)


class _Answer(Protocol):
    @property
    def status(self) -> int: ...
    @property
    def headers(self) -> Mapping[str, str]: ...
    def close(self) -> None: ...


A = TypeVar("A", bound=_Answer)


def with_retries(ask: Callable[[], A], *, policy: RetryPolicy, clock: Clock) -> A:
    """
    The answer of `ask`, asked again after a transient `NetworkError` or status.

    When the attempts are used up, or the server's `Retry-After` is longer than we wait, the last
    answer is returned as it is (or its error raised): the caller knows what it means.
    """
    from tenacity import Retrying

    def is_transient(state: RetryCallState) -> bool:
        outcome = state.outcome
        if outcome is None:
            return False
        if (error := outcome.exception()) is not None:
            return isinstance(error, NetworkError) and error.transient
        return outcome.result().status in policy.statuses

    started = clock.monotonic()

    def is_over(state: RetryCallState) -> bool:
        wait = _wait(state, policy, clock)
        if state.attempt_number >= policy.attempts or wait > policy.longest_retry_after:
            return True
        return policy.deadline is not None and clock.monotonic() - started + wait > policy.deadline

    attempts = Retrying(
        retry=is_transient,
        stop=is_over,
        wait=lambda state: _wait(state, policy, clock),
        sleep=clock.sleep,
        before_sleep=_close,
        retry_error_callback=_last,
    )
    return attempts(ask)


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """The seconds a `Retry-After` header asks for, None where there is none (RFC 9110, 10.2.3)."""
    text = headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:12])
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    return max(0.0, (moment - now).total_seconds())


def backoff(attempt: int, policy: RetryPolicy, clock: Clock) -> float:
    """The seconds to wait after the `attempt`-th failure, 1 first."""
    plain = policy.first_wait * policy.factor ** min(attempt - 1, 30)
    spread = 1 + policy.jitter * (2 * clock.chance() - 1)
    return min(plain, policy.longest_wait) * spread


def _wait(state: RetryCallState, policy: RetryPolicy, clock: Clock) -> float:
    outcome = state.outcome
    if outcome is not None and outcome.exception() is None:
        asked = retry_after(outcome.result().headers, clock.now())
        if asked is not None:
            return asked
    return backoff(state.attempt_number, policy, clock)


def _close(state: RetryCallState) -> None:
    if state.outcome is not None and state.outcome.exception() is None:
        state.outcome.result().close()


def _last(state: RetryCallState) -> Any:
    return state.outcome.result() if state.outcome is not None else None
