"""`anchore-gate allow`: findings of a result are accepted, in a policy's allowlist, for a time."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path

from anchore_gate.cli.policy_file import warn
from anchore_gate.errors import UsageError
from anchore_gate.regex import regex
from anchore_gate.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from anchore_gate.model.evaluation import Finding, MatchedRule
    from anchore_gate.model.result import GateRun
    from anchore_gate.policy.edit import Acceptance, PolicyText

_TOLD = 5  # ids that may be meant
_DAY = regex(r"\d{4}-\d\d-\d\d", re.ASCII)


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("result", metavar="RESULT.json", type=Path, help="what `check` wrote as json")
    parser.add_argument("trigger_ids", metavar="TRIGGER_ID", nargs="+", help="findings of the result")
    parser.add_argument("--policy", metavar="FILE", type=Path, required=True, help="the file to edit")
    parser.add_argument("--expires", metavar="DATE", required=True, help="2027-01-31, or an RFC 3339 time")
    parser.add_argument("--reason", metavar="TEXT", required=True, help="why it is accepted")
    parser.add_argument("--owner", metavar="NAME", default="", help="who accepts it")
    parser.add_argument(
        "--allowlist",
        metavar="ID",
        help="default: of the image's mapping the one that has the item, or the first, or a new one",
    )


def run(args: argparse.Namespace) -> int:
    """Edit the file in place; 0 when every finding is accepted, nothing is written otherwise."""
    from anchore_gate.cli.policy_file import PolicyFile
    from anchore_gate.model.result import GateResult
    from anchore_gate.policy.edit import PolicyText
    from anchore_gate.report.reading import load_run

    if not args.reason.strip():
        raise UsageError("--reason: say why")
    now = datetime.now(timezone.utc)
    expires = _moment(args.expires, now)
    judged = load_run(args.result)
    file = PolicyFile.read(args.policy)
    policy = PolicyText(file.text)
    told = [f"{args.policy}: {one}" for one in _accepted(args, policy, judged, expires, now)]
    judges = {one.evaluation.bundle_id for one in judged.results if isinstance(one, GateResult)}
    if policy.id not in judges:
        told.append(f"note: the result is another policy's: {', '.join(sorted(judges))}, not {policy.id}")
    if args.owner and policy.is_enterprise:
        told.append("note: Anchore Enterprise itself refuses the key 'owner'; here it is read")
    file.write(policy.finished())
    for one in told:
        warn(one)
    return 0


def _accepted(
    args: argparse.Namespace, policy: PolicyText, judged: GateRun, expires: str, now: datetime
) -> Iterator[str]:
    from anchore_gate.policy.edit import Acceptance

    done: set[tuple[str, str, str]] = set()
    for trigger_id in args.trigger_ids:
        for gate, mapping in _found(judged, trigger_id):
            item = Acceptance(
                gate=gate,
                trigger_id=_literal(trigger_id),
                expires_on=expires,
                reason=args.reason,
                owner=args.owner,
            )
            allowlist = _allowlist(policy, item, mapping, args.allowlist)
            if (allowlist, gate, trigger_id) in done:
                continue
            done.add((allowlist, gate, trigger_id))
            before = policy.accept(item, allowlist_id=allowlist)
            yield f"{gate} {item.trigger_id} accepted in {allowlist!r} until {expires}{_before(before, now)}"


def _literal(trigger_id: str) -> str:
    """The id as an item that accepts this one only: an image may name a folder `*`."""
    if "*" not in trigger_id and not trigger_id.strip().startswith("regexp:"):
        return trigger_id
    return f"regexp:{re.escape(trigger_id)}$"


def _before(end: str | None, now: datetime) -> str:
    from anchore_gate.policy.moment import parse_moment

    if end is None:
        return ""
    if not end:
        return " (there before, without an end)"
    word = "expired on" if parse_moment(end) <= now else "until"
    return f" (there before, {word} {end})"


def _moment(text: str, now: datetime) -> str:
    from anchore_gate.policy.moment import parse_moment, written_moment

    full = f"{text}T00:00:00Z" if _DAY.fullmatch(text) else text
    try:
        moment = parse_moment(full)
    except ValueError as problem:
        raise UsageError(f"--expires: {problem} (a day is written 2027-01-31)") from problem
    if moment <= now:
        raise UsageError(f"--expires: {text} is past")
    return written_moment(full)


def _found(judged: GateRun, trigger_id: str) -> Iterator[tuple[str, MatchedRule | None]]:
    """The gate and the mapping of each finding of an id, once. Raises `UsageError` for none."""
    found: dict[tuple[str, MatchedRule | None], None] = {}
    known: set[str] = set()
    for gate, mapping, finding in _findings(judged):
        known.add(finding.trigger_id)
        if trigger_id in finding.ids:
            found[gate, mapping] = None
    if not found:
        raise UsageError(f"the result has no finding {trigger_id!r}{_instead(trigger_id, sorted(known))}")
    yield from found


def _findings(judged: GateRun) -> Iterator[tuple[str, MatchedRule | None, Finding]]:
    from anchore_gate.model.result import GateResult

    for result in judged.results:
        if isinstance(result, GateResult):
            for outcome in result.evaluation.outcomes:
                yield from ((outcome.gate, result.evaluation.mapping, one) for one in outcome.findings)


def _instead(trigger_id: str, known: list[str]) -> str:
    """Which ids may be meant."""
    from difflib import get_close_matches

    if not known:
        return ": it has none at all"
    holding = [one for one in known if trigger_id.strip("*").lower() in one.lower()]
    like = holding or get_close_matches(trigger_id, known, n=_TOLD, cutoff=0.5) or known
    more = f" and {len(like) - _TOLD} more" if len(like) > _TOLD else ""
    return f" (it has {', '.join(map(repr, like[:_TOLD]))}{more})"


def _allowlist(policy: PolicyText, item: Acceptance, mapping: MatchedRule | None, wanted: str | None) -> str:
    """The id of the allowlist to write to, made where the mapping names none."""
    if mapping is not None:
        return policy.allowlist(item, mapping, wanted=wanted)
    if wanted is None:
        raise UsageError("no mapping picked the image: give --allowlist ID")
    return wanted
