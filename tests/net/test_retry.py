"""Retries: who is asked again, how long we wait, when it ends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timezone

import pytest

from anchore_gate.errors import NetworkError
from anchore_gate.net.retry import Clock, RetryPolicy, retry_after, with_retries

NOW = datetime(2026, 1, 1, tzinfo=timezone.utc)


@dataclass
class Said:
    status: int
    headers: dict[str, str] = field(default_factory=dict)
    closed: bool = False

    def close(self) -> None:
        self.closed = True


@dataclass
class Time:
    slept: list[float] = field(default_factory=list)

    def clock(self) -> Clock:
        return Clock(
            sleep=self.slept.append, monotonic=lambda: sum(self.slept), now=lambda: NOW, chance=lambda: 0.5
        )


def in_turn(*outcomes: Said | NetworkError) -> Callable[[], Said]:
    left = list(outcomes)

    def ask() -> Said:
        one = left.pop(0)
        if isinstance(one, NetworkError):
            raise one
        return one

    return ask


def test_a_transient_status_is_asked_again_and_the_old_answer_closed() -> None:
    time, first = Time(), Said(503)
    answer = with_retries(in_turn(first, Said(200)), policy=RetryPolicy(), clock=time.clock())
    assert (answer.status, first.closed, time.slept) == (200, True, [0.5])


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_a_refusal_is_final(status: int) -> None:
    time = Time()
    assert with_retries(in_turn(Said(status)), policy=RetryPolicy(), clock=time.clock()).status == status
    assert time.slept == []


def test_waits_grow_and_attempts_end() -> None:
    time = Time()
    answer = with_retries(in_turn(*[Said(500)] * 4), policy=RetryPolicy(), clock=time.clock())
    assert (answer.status, time.slept) == (500, [0.5, 1.5, 4.5])


def test_the_last_error_is_raised() -> None:
    cut = NetworkError("cut", transient=True)
    with pytest.raises(NetworkError, match="cut"):
        with_retries(in_turn(cut, cut), policy=RetryPolicy(attempts=2), clock=Time().clock())


def test_an_error_that_is_not_transient_is_raised_at_once() -> None:
    time = Time()
    with pytest.raises(NetworkError):
        with_retries(in_turn(NetworkError("TLS")), policy=RetryPolicy(), clock=time.clock())
    assert time.slept == []


def test_retry_after_is_honoured() -> None:
    time = Time()
    with_retries(
        in_turn(Said(429, {"Retry-After": "7"}), Said(200)), policy=RetryPolicy(), clock=time.clock()
    )
    assert time.slept == [7]


def test_a_long_retry_after_ends_the_attempts() -> None:
    time = Time()
    patient = Said(429, {"Retry-After": "21600"})
    assert with_retries(in_turn(patient), policy=RetryPolicy(), clock=time.clock()) is patient
    assert time.slept == []


def test_the_deadline_ends_the_attempts() -> None:
    time = Time()
    with_retries(in_turn(*[Said(500)] * 4), policy=RetryPolicy(deadline=1), clock=time.clock())
    assert time.slept == [0.5]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("120", 120),
        ("Thu, 01 Jan 2026 00:01:00 GMT", 60),
        ("Wed, 31 Dec 2025 00:00:00 GMT", 0),
        ("soon", None),
        ("", None),
        ("-5", None),
        ("²", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(text: str, seconds: float | None) -> None:
    assert retry_after({"Retry-After": text}, NOW) == seconds
