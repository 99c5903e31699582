"""What each product takes: the keys that Anchore Enterprise allows, and what one of the two does not know."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from anchore_gate.policy import legacy
from anchore_gate.policy.legacy import ENDED_GATES, ENTERPRISE_WORDS, Words
from anchore_gate.typed import Any

_PICKS = ("id", "name", "description", "registry", "repository", "image")
# Enterprise refuses any other key (its API's description: additionalProperties false), Engine ignores them.
KEYS: Mapping[str, tuple[str, ...]] = {
    "policy": (
        *("id", "name", "version", "description", "rule_sets", "allowlists", "mappings", "last_updated"),
        *("allowlisted_images", "denylisted_images", "source_mappings", "sbom_mappings"),
    ),
    "rule set": ("id", "name", "version", "description", "artifact_type", "rules"),
    "rule": ("id", "gate", "trigger", "action", "params", "description", "recommendation"),
    "parameter": ("name", "value"),
    "allowlist": ("id", "name", "version", "description", "items"),
    "item": ("id", "gate", "trigger_id", "expires_on", "description"),
    "mapping": (*_PICKS, "rule_set_ids", "allowlist_ids"),
    "image rule": _PICKS,
}
NEW_ONLY = (*legacy.SOURCES, "last_updated", "artifact_type", "$schema")  # which is of the other words

_NEW_GATES = frozenset({"ancestry", "distro", "image_source_drift", "stig", "tag_drift"})
_NEW_TRIGGERS = frozenset({("packages", "metadata"), ("vulnerabilities", "kev_list")})
_NEW_PARAMETERS = frozenset({("licenses", "package_type")})
_OLD_GATES = frozenset({"npms", "ruby_gems"})
_OURS = frozenset({("vulnerabilities", "epss")})


def unknown_to(words: Words, rule: Mapping[str, Any]) -> Iterator[str]:
    """What of a sound rule the product that speaks these words does not know."""
    gate = str(rule["gate"]).lower()
    trigger = legacy.current_trigger(gate, str(rule["trigger"]).lower())
    is_new = words is ENTERPRISE_WORDS
    product = "Anchore Enterprise" if is_new else "Anchore Engine"
    if gate in ENDED_GATES:
        yield f"{product} has ended the gate {gate!r}"
    elif (gate, trigger) in _OURS:
        yield f"{product} does not know {gate}/{trigger}, which is ours"
    elif is_new and gate in _OLD_GATES:
        yield f"{product} has no gate {gate!r} any more"
    elif not is_new and (gate in _NEW_GATES or (gate, trigger) in _NEW_TRIGGERS):
        yield f"{product} does not know {gate}/{trigger}"
    elif not is_new:
        names = (str(one["name"]).lower() for one in rule["params"])
        for name in names:
            if (gate, name) in _NEW_PARAMETERS:
                yield f"{product} does not know the parameter {name!r} of {gate}/{trigger}"
