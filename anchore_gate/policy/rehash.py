"""
Trigger ids in the other product's words, where the policy alone says what was hashed.

The messages of denylist triggers are worded differently by each product, so the ids that rest on them
differ. What a rule names is known; what a message says of an image (a line of passwd, licences) is not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations

from anchore_gate.policy import legacy
from anchore_gate.policy.identity import hashed_id
from anchore_gate.policy.legacy import Words
from anchore_gate.typed import Any

_NAMED = {
    ("packages", "denylist"): "Package is denylisted: ",
    ("npms", "denylisted_name_version"): "NPM Package is denylisted: ",
    ("ruby_gems", "denylist"): "Gem Package is denylisted: ",
}
_VULNERABILITIES = ("vulnerabilities", "denylist")
_MOST_IDS = 10  # of which a finding may name any: 1,023 messages


def rehashed(raw: Mapping[str, Any], old: Words, new: Words) -> dict[tuple[str, str], str]:
    """By gate and old id, the new ids of what the rules of a sound policy may find."""
    if old is new:
        return {}
    return {
        (gate, _hashed(gate, trigger, message, old)): _hashed(gate, trigger, message, new)
        for rule_set in raw.get(old.rule_sets) or ()
        for rule in rule_set["rules"]
        for gate, trigger, message in _messages(rule)
    }


def _hashed(gate: str, trigger: str, message: str, words: Words) -> str:
    said = legacy.message(gate, trigger, message, dialect=words.dialect)
    return hashed_id(gate, legacy.trigger_name(gate, trigger, dialect=words.dialect), said)


def _messages(rule: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    gate, trigger = str(rule["gate"]).lower(), str(rule.get("trigger")).lower()
    trigger = legacy.current_trigger(gate, trigger)
    if (gate, trigger) not in {*_NAMED, _VULNERABILITIES}:
        return
    given = {one["name"].lower(): str(one.get("value") or "") for one in rule["params"]}
    if (gate, trigger) == _VULNERABILITIES:
        ids = [part.strip() for part in given.get("vulnerability_ids", "").split(",")]
        few = ids if len(ids) <= _MOST_IDS else []
        found = [list(some) for count in range(1, len(few) + 1) for some in combinations(few, count)]
        for some in (*found, ids):
            yield gate, trigger, f"Denylisted vulnerabilities detected: {some!r}"
        return
    suffix = f"-{given['version']}" if given.get("version") else ""
    yield gate, trigger, f"{_NAMED[gate, trigger]}{given.get('name', '')}{suffix}"
