"""Items of allowlists that can accept nothing: of a gate that is none, or with an id that no finding has."""

from __future__ import annotations

from collections.abc import Iterator

from anchore_gate.model.evaluation import Problem
from anchore_gate.policy.bundle import Allowlist
from anchore_gate.policy.fault import caution
from anchore_gate.policy.gates import REMOTE_GATES, find_gate, gate_names
from anchore_gate.policy.legacy import ENDED_GATES, ENTERPRISE
from anchore_gate.regex import regex

_HASH = regex("[0-9a-f]{32}")
# Gates whose findings have ids of their own, what is in each, and how the ids look.
_MARKS = {
    "malware": ("+", "scanner+signature+md5 of the path"),
    "retrieved_files": ("+file://", "rule id+file://path"),
    "vulnerabilities": ("+", "vulnerability+package; vulnerability+* is each package"),
}
_HASHES = "32 hexadecimal digits, as reports show them"


def idle_items(allowlist: Allowlist, *, dialect: str) -> Iterator[Problem]:
    """What an author should know of them, once for each gate."""
    told: dict[str, list[int]] = {}
    items = allowlist.items
    for number, trigger_id in enumerate(items.trigger_ids):
        if _is_idle(items.gate(number), trigger_id, dialect, is_literal=number not in items.patterns):
            told.setdefault(items.gate(number), []).append(number)
    for gate, numbers in told.items():
        first, more = numbers[0], len(numbers) - 1
        # the faulty ones are not counted
        place = "items" if allowlist.problems else f"items[{first}]"
        message = f"{items.trigger_ids[first]!r}"[:200] + (f" and {more} more" if more else "")
        yield caution(f"{message}: nothing is accepted: {_why(gate)}", f"{allowlist.path}.{place}", "Idle")


def _is_idle(gate: str, trigger_id: str, dialect: str, *, is_literal: bool) -> bool:
    if gate in REMOTE_GATES:
        return False
    if find_gate(gate) is None:
        return True
    if not is_literal or _HASH.fullmatch(trigger_id):
        return is_literal and gate == "always"
    if gate == "always":
        return trigger_id != "always"
    if gate == "vulnerabilities" and dialect == ENTERPRISE:
        return False
    return gate not in _MARKS or _MARKS[gate][0] not in trigger_id


def _why(gate: str) -> str:
    if find_gate(gate) is not None:
        shape = "always" if gate == "always" else _MARKS.get(gate, ("", _HASHES))[1]
        return f"ids of the gate {gate!r} are like this: {shape}"
    if gate in ENDED_GATES:
        successor = ENDED_GATES[gate]
        return f"the gate {gate!r} has ended" + (f": use {successor!r}" if successor else "")
    return f"no gate {gate!r} (known: {', '.join((*gate_names(), *REMOTE_GATES))})"
