"""What vulnerability data a service has, and what it means when it has none."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from anchore_gate.errors import RemoteError
from anchore_gate.model.evaluation import Action, Evaluation, Problem, RuleOutcome
from anchore_gate.model.image import created_at
from anchore_gate.model.vulnerability import DatabaseIdentity, Match
from anchore_gate.remote.feeds import VULNERABILITY_FEEDS
from anchore_gate.remote.values import Feed
from anchore_gate.values import replace

_ABOUT_DATA = frozenset({"stale_feed_data", "vulnerability_data_unavailable"})


def database_of(source: str, feeds: tuple[Feed, ...] | None) -> DatabaseIdentity:
    """Which data the service asked; its oldest sync is the age that counts."""
    told = tuple((feed.group or feed.name, feed.synced) for feed in _filled(feeds or ()))
    times: list[datetime] = [time for _, word in told if (time := created_at(word)) is not None]
    return DatabaseIdentity(source=source, built_at=min(times, default=None), providers=told)


def with_feeds(
    evaluation: Evaluation, feeds: tuple[Feed, ...] | None, matches: tuple[Match, ...]
) -> Evaluation:
    """
    The evaluation, stopped by each rule about vulnerabilities where the service's feeds never came.

    Such a service finds nothing, and would let everything pass. Feeds that the user may not see have come
    where anything was found. Raises `RemoteError` where it is not known what was asked.
    """
    if feeds is not None and any(_filled(feeds)):
        return evaluation
    said = "hold nothing: they were never synced"
    if feeds is None:
        said = "may not be seen by this user" + ("" if matches else ", and nothing was found")
    words = f"the vulnerability feeds of the service {said}"
    problem = Problem(severity="warn", type="FeedsNeverSynced", message=words)
    told = replace(evaluation, problems=(*evaluation.problems, problem))
    if feeds is None and matches:
        return told
    if not evaluation.outcomes and evaluation.mapping is not None and evaluation.final_action < Action.STOP:
        raise RemoteError(words)
    return replace(told, outcomes=tuple(_blinded(one, words) for one in evaluation.outcomes))


def _blinded(outcome: RuleOutcome, words: str) -> RuleOutcome:
    """A rule that needs the data cannot say; one that asks about the data itself has said it."""
    if outcome.gate != "vulnerabilities" or outcome.trigger in _ABOUT_DATA:
        return outcome
    return replace(outcome, problem=outcome.problem or words)


def _filled(feeds: tuple[Feed, ...]) -> Iterator[Feed]:
    return (feed for feed in feeds if feed.name in VULNERABILITY_FEEDS and feed.is_filled)
