"""What vulnerability data a service has, and what it means when it has none."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from anchore_gate.model.evaluation import Evaluation, Problem
from anchore_gate.model.image import created_at
from anchore_gate.model.vulnerability import DatabaseIdentity, Match
from anchore_gate.remote.feeds import VULNERABILITY_FEEDS
from anchore_gate.remote.values import Feed


def database_of(source: str, feeds: tuple[Feed, ...] | None) -> DatabaseIdentity:
    """Which data the service asked; its oldest sync is the age that counts."""
    told = tuple((feed.group or feed.name, feed.synced) for feed in _filled(feeds or ()))
    times: list[datetime] = [time for _, word in told if (time := created_at(word)) is not None]
    return DatabaseIdentity(source=source, built_at=min(times, default=None), providers=told)


def feed_problems(
    feeds: tuple[Feed, ...] | None, evaluation: Evaluation, matches: tuple[Match, ...]
) -> Iterator[Problem]:
    """
    A service whose feeds never came finds nothing, and would let everything pass.

    That stops images whose policy asks for vulnerabilities, or whose policy is not known. Feeds that the user
    may not see have come where anything was found.
    """
    if feeds is not None and any(_filled(feeds)):
        return
    asks = not evaluation.outcomes or any(one.gate == "vulnerabilities" for one in evaluation.outcomes)
    said = "hold nothing: they were never synced"
    if feeds is None:
        said = "may not be seen by this user" + ("" if matches else ", and nothing was found")
    yield Problem(
        severity="error" if asks and (feeds is not None or not matches) else "warn",
        type="FeedsNeverSynced",
        message=f"the vulnerability feeds of the service {said}",
    )


def _filled(feeds: tuple[Feed, ...]) -> Iterator[Feed]:
    return (feed for feed in feeds if feed.name in VULNERABILITY_FEEDS and feed.is_filled)
