"""The parts of a policy file in words, for the editors that complete them."""

from __future__ import annotations

from anchore_gate.policy import legacy
from anchore_gate.policy.legacy import ENTERPRISE_WORDS, Words

MEANINGS = {
    "policy": "Which rules apply to which images, and what is accepted.",
    "rule set": "Rules under one id, which mappings refer to.",
    "rule": "If the trigger of the gate fires, take the action.",
    "allowlist": "Accepted findings under one id, which mappings refer to.",
    "item": "A finding that is accepted, or several by a pattern.",
    "mapping": "Images, and the rule sets and allowlists that apply to them; the first that fits decides.",
    "image rule": "Images, by name, digest or id.",
}
_PATTERN = "`*` is any text; after `regexp:` comes a regular expression, matched at the start"
_KEYS = {
    "$schema": "where this schema is, for editors",
    "id": "unique among its kind",
    "name": "what reports call it",
    "version": "of the dialect",
    "description": "why it is there",
    "comment": "why it is there",
    "mappings": "asked in order: the first that fits an image decides",
    "rules": "all of them are asked",
    "gate": "what is looked at (`anchore-gate policy gates`)",
    "trigger": "what is asked of it",
    "action": "STOP fails the image, WARN is told, GO is told and changes nothing",
    "params": "names and values, each value in quotes",
    "recommendation": "what to do about a finding; reports say it",
    "controls": "controls of compliance frameworks that the rule speaks to (anchore_gate)",
    "items": "any one of them accepts a finding",
    "trigger_id": f"a finding's id as reports give it; {_PATTERN}",
    "expires_on": "RFC 3339 time from which the item does not count, e.g. 2027-01-31T00:00:00Z",
    "reason": "why it is accepted (anchore_gate; Enterprise: description)",
    "owner": "who accepts it (anchore_gate)",
    "registry": f"its host; {_PATTERN}",
    "repository": f"the name without registry and tag; {_PATTERN}",
    "image": "the tag, digest or image id",
    "artifact_type": "what the rules are for",
    "last_updated": "for information only",
    "source_mappings": "source repositories; they judge no image",
    "sbom_mappings": "imported SBOMs; they judge no image",
    legacy.SINGLE_RULE_SET_ID: "the one policy that applies, in the place of policy_ids",
}


def meaning(key: str, words: Words, kind: str) -> str:
    """What a key of a part says."""
    named = {
        words.rule_sets: "rules by id, which mappings refer to",
        words.allowlists: "accepted findings by id, which mappings refer to",
        words.rule_set_ids: f"ids of {words.rule_sets} that apply, all of them",
        words.allowlist_ids: f"ids of {words.allowlists} that apply; it may be empty",
        words.allowlisted_images: "images that pass whatever the rules say",
        words.denylisted_images: "images that are stopped, also those that are on the other list",
        ENTERPRISE_WORDS.rule_sets: "of the other dialect: one policy, one dialect",
    }
    if kind == "item" and key == "gate":
        return "the gate that the finding is of"
    return _KEYS.get(key) or named[key]


def required(words: Words, kind: str) -> tuple[str, ...]:
    """The keys that a part must have: in Engine to be evaluated, in Enterprise to be taken at all."""
    is_new = words is ENTERPRISE_WORDS
    names = ("id", "name") if is_new else ("id",)
    where = (*(names if is_new else ()), "registry", "repository", "image")
    picked = (words.allowlist_ids, words.rule_set_ids) if is_new else (words.allowlist_ids,)
    return {
        "policy": (*names, "version", words.rule_sets, "mappings"),
        "rule set": (*names, "version", "rules"),
        "rule": (*(("id",) if is_new else ()), "gate", "trigger", "action", "params"),
        "allowlist": (*names, "version", "items"),
        "item": (*(("id",) if is_new else ()), "gate", "trigger_id"),
        "mapping": (*where, *picked),
        "image rule": where,
    }[kind]
