"""`anchore-gate allow`: findings of a result are accepted, in a policy's allowlist, for a time."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

from anchore_gate.cli.terminal import hint
from anchore_gate.errors import ConfigError, UsageError

if TYPE_CHECKING:
    from anchore_gate.model.evaluation import MatchedRule
    from anchore_gate.model.result import GateRun


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("result", metavar="RESULT.json", type=Path, help="what `check` wrote as json")
    parser.add_argument("trigger_ids", metavar="TRIGGER_ID", nargs="+", help="findings of the result")
    parser.add_argument("--policy", metavar="FILE", type=Path, required=True, help="the file to edit")
    parser.add_argument("--expires", metavar="DATE", required=True, help="2027-01-31, or an RFC 3339 time")
    parser.add_argument("--reason", metavar="TEXT", required=True, help="why it is accepted")
    parser.add_argument("--owner", metavar="NAME", default="", help="who accepts it")
    parser.add_argument(
        "--allowlist", metavar="ID", help="default: the first one of the image's mapping, or a new one"
    )


def run(args: argparse.Namespace) -> int:
    """Edit the file in place; 0 when every finding is accepted, nothing is written otherwise."""
    from anchore_gate.policy.edit import Acceptance, accept
    from anchore_gate.report.reading import load_run

    if not args.reason.strip():
        raise UsageError("--reason: say why")
    expires = _moment(args.expires, datetime.now(timezone.utc))
    judged = load_run(args.result)
    text = _read(args.policy)
    for trigger_id in args.trigger_ids:
        for gate, mapping in _found(judged, trigger_id):
            text, allowlist = _listed(text, mapping, args.allowlist)
            item = Acceptance(
                gate=gate, trigger_id=trigger_id, expires_on=expires, reason=args.reason, owner=args.owner
            )
            text = accept(text, item, allowlist_id=allowlist)
            hint(f"{args.policy}: {gate} {trigger_id} accepted in {allowlist!r} until {expires}")
    _write(args.policy, text)
    return 0


def _moment(text: str, now: datetime) -> str:
    from anchore_gate.policy.moment import parse_moment

    written = f"{text}T00:00:00Z" if len(text) == len("2027-01-31") else text
    try:
        moment = parse_moment(written)
    except ValueError as problem:
        raise UsageError(f"--expires: {problem}") from problem
    if moment <= now:
        raise UsageError(f"--expires: {text} is past")
    return written


def _found(judged: GateRun, trigger_id: str) -> Iterator[tuple[str, MatchedRule | None]]:
    """The gate and the mapping of each finding of an id, once. Raises `UsageError` for none."""
    from anchore_gate.model.result import GateResult

    found = dict.fromkeys(
        (outcome.gate, result.evaluation.mapping)
        for result in judged.results
        if isinstance(result, GateResult)
        for outcome in result.evaluation.outcomes
        for finding in outcome.findings
        if trigger_id in {finding.trigger_id, *finding.other_ids}
    )
    if not found:
        raise UsageError(f"the result has no finding {trigger_id!r}")
    yield from found


def _listed(text: str, mapping: MatchedRule | None, allowlist: str | None) -> tuple[str, str]:
    """The policy's text and the id of the allowlist to write to, made where the mapping names none."""
    from anchore_gate.policy.edit import with_allowlist

    if mapping is not None:
        return with_allowlist(text, mapping, allowlist_id=allowlist)
    if allowlist is None:
        raise UsageError("no mapping picked the image: give --allowlist ID")
    return text, allowlist


def _read(path: Path) -> str:
    from anchore_gate.policy.document import read_text, shipped_names

    if not path.exists() and str(path) in shipped_names():
        raise UsageError(f"{path} ships: make your own copy (anchore-gate policy show {path} > policy.json)")
    try:
        return read_text(path).decode("utf-8")
    except UnicodeDecodeError as problem:
        raise ConfigError(f"policy {str(path)!r}: not UTF-8") from problem


def _write(path: Path, text: str) -> None:
    """Whole or not at all."""
    import os
    import shutil

    place = path.resolve()
    made = place.with_name(f".{place.name}.{os.getpid()}")
    try:
        made.write_bytes(text.encode("utf-8"))
        shutil.copymode(place, made)
        made.replace(place)
    except OSError as problem:
        made.unlink(missing_ok=True)
        raise ConfigError(f"policy {str(path)!r}: {problem.strerror or problem}") from problem
