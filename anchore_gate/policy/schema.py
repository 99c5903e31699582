"""JSON Schemas of policy files, built from the trigger declarations. The one door of `jsonschema`."""

from __future__ import annotations

from collections.abc import Iterator, Set
from functools import cache

from anchore_gate.model.evaluation import Action, Problem
from anchore_gate.policy import legacy
from anchore_gate.policy.gates import REMOTE_GATES, find_gate, gate_names
from anchore_gate.policy.legacy import ENDED_GATES, ENGINE_WORDS, ENTERPRISE_WORDS, Words, words_of
from anchore_gate.policy.parameter import Parameter, parameters
from anchore_gate.policy.trigger import Trigger, description
from anchore_gate.typed import Any

TEXT = {"type": "string"}
TEXTS = {"type": "array", "items": TEXT}
# The words of gates, triggers and actions may be in any case; the schema completes the lower one.
_OTHER_CASE = {"type": "string", "pattern": "[A-Z]"}
_WORDS = {"v1": ENGINE_WORDS, "v2": ENTERPRISE_WORDS}
DIALECTS = tuple(_WORDS)
_NEEDED = ("gate", "trigger_id")  # of an allowlist item


def breaches(raw: dict[str, Any]) -> Iterator[Problem]:
    """Where a policy is not as its dialect's schema says; such a policy may still be understood here."""
    words = words_of(raw)
    dialect = next(name for name, one in _WORDS.items() if one is words)
    schema = policy_schema(dialect)
    lists = raw.get(words.allowlists)
    if not isinstance(lists, list):
        yield from _breaches(raw, schema, dialect)
        return
    # fifty thousand items, each by the schema, take three seconds: only those that look odd are
    emptied = [{**one, "items": []} if _has_items(one) else one for one in lists]
    yield from _breaches({**raw, words.allowlists: emptied}, schema, dialect)
    item = schema["$defs"]["item"]
    known = item["properties"].keys() - {"version"}
    for number, one in enumerate(lists):
        for place, each in enumerate(one["items"] if _has_items(one) else ()):
            if not _is_plain(each, known):
                yield from _breaches(each, item, dialect, f"{words.allowlists}[{number}].items[{place}]")


def _has_items(allowlist: Any) -> bool:
    return isinstance(allowlist, dict) and isinstance(allowlist.get("items"), list)


def _is_plain(item: Any, known: Set[str]) -> bool:
    return (
        isinstance(item, dict)
        and set(_NEEDED) <= item.keys() <= known
        and all(value.__class__ is str for value in item.values())
    )


def _breaches(raw: Any, schema: dict[str, Any], dialect: str, path: str = "") -> Iterator[Problem]:
    from jsonschema import Draft202012Validator

    for error in Draft202012Validator(schema).iter_errors(raw):
        place = path + error.json_path.removeprefix("$")
        message = f"not as the schema of {dialect} policies says: {error.message[:200]}"
        yield Problem(severity="warn", type="Schema", message=message, path=place.removeprefix("."))


@cache
def policy_schema(dialect: str) -> dict[str, Any]:
    """The schema of `v1` (Engine) or `v2` (Enterprise) policies."""
    words = _WORDS[dialect]
    product = "Anchore Engine" if words is ENGINE_WORDS else "Anchore Enterprise"
    parts = {
        words.rule_sets: {"type": "array", "items": {"$ref": "#/$defs/rule_set"}},
        words.allowlists: {"type": "array", "items": {"$ref": "#/$defs/allowlist"}},
        "mappings": {"type": "array", "items": {"$ref": "#/$defs/mapping"}},
        words.allowlisted_images: {"type": "array", "items": {"$ref": "#/$defs/image_rule"}},
        words.denylisted_images: {"type": "array", "items": {"$ref": "#/$defs/image_rule"}},
    }
    if words is ENTERPRISE_WORDS:
        parts |= {"source_mappings": {"type": "array"}, "last_updated": {"type": "number"}}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"{product} policy ({dialect})",
        "description": f"A policy in the words of {product}, as anchore_gate reads it.",
        **_object(words, parts, ("id", "version", words.rule_sets, "mappings")),
        "$defs": _definitions(words),
    }


def _definitions(words: Words) -> dict[str, Any]:
    image = {"type": {"enum": ["tag", "digest", "id"]}, "value": TEXT}
    where = {
        "registry": TEXT,
        "repository": TEXT,
        "image": {"type": "object", "properties": image, "required": ["type", "value"]},
    }
    rules = {"rules": {"type": "array", "items": {"$ref": "#/$defs/rule"}}}
    if words is ENTERPRISE_WORDS:
        rules["artifact_type"] = {"enum": ["image", "source"]}
    picked: dict[str, Any] = {words.rule_set_ids: TEXTS, words.allowlist_ids: TEXTS}
    needed: tuple[str, ...] = (words.allowlist_ids, words.rule_set_ids)
    if words is ENGINE_WORDS:
        picked[legacy.SINGLE_RULE_SET_ID] = TEXT
        needed = (words.allowlist_ids,)
    item = {
        "gate": TEXT,
        "trigger_id": TEXT,
        "expires_on": {"anyOf": [{"type": "null"}, {"const": ""}, {**TEXT, "format": "date-time"}]},
        "reason": TEXT,
        "owner": TEXT,
    }
    items = {"items": {"type": "array", "items": {"$ref": "#/$defs/item"}}}
    return {
        "rule_set": _object(words, rules, ("id", "version", "rules")),
        "rule": {**_object(words, _rule(), ("gate", "trigger", "action", "params")), "allOf": list(_gates())},
        "allowlist": _object(words, items, ("id", "version", "items")),
        "item": _object(words, item, _NEEDED),
        "mapping": _object(words, {**where, **picked}, ("registry", "repository", "image", *needed)),
        "image_rule": _object(words, where, ("registry", "repository", "image")),
    }


def _object(words: Words, properties: dict[str, Any], required: tuple[str, ...]) -> dict[str, Any]:
    version = {"enum": list(words.versions)} if words.versions else TEXT
    common = {"id": TEXT, "name": TEXT, "version": version, words.description: TEXT}
    made = {"type": "object", "required": list(required), "properties": {**common, **properties}}
    # Engine ignores keys that it does not know, Enterprise refuses them
    return made if words is ENGINE_WORDS else {**made, "additionalProperties": False}


def _rule() -> dict[str, Any]:
    parameter = {"name": TEXT, "value": {"type": ["string", "null"]}}
    gates = [*gate_names(), *REMOTE_GATES, *ENDED_GATES]
    return {
        "gate": {"anyOf": [{"enum": sorted(gates)}, _OTHER_CASE]},
        "trigger": TEXT,
        "action": {"anyOf": [{"enum": list(Action.__members__)}, {**TEXT, "pattern": "[a-z]"}]},
        "params": {
            "type": "array",
            "items": {"type": "object", "properties": parameter, "required": ["name"]},
        },
        "description": TEXT,
        "recommendation": TEXT,
        "controls": TEXTS,
    }


def _gates() -> Iterator[dict[str, Any]]:
    for name in gate_names():
        gate = find_gate(name)
        triggers = gate.triggers if gate else ()
        spelled = [word for one in triggers for word in _spellings(one)]
        yield {
            "if": {"properties": {"gate": {"const": name}}, "required": ["gate"]},
            "then": {
                "properties": {"trigger": {"anyOf": [{"enum": spelled}, _OTHER_CASE]}},
                "allOf": [_trigger(one) for one in triggers],
            },
        }


def _trigger(trigger: type[Trigger]) -> dict[str, Any]:
    declared = parameters(trigger)
    lower = {"properties": {"name": {"pattern": "^[^A-Z]*$"}}, "required": ["name"]}
    names = [spelling for one in declared for spelling in legacy.parameter_names(one.name)]
    checks = [{"properties": {"name": {"enum": names}}}, *(_parameter(one) for one in declared)]
    return {
        "description": description(trigger),
        "if": {"properties": {"trigger": {"enum": list(_spellings(trigger))}}, "required": ["trigger"]},
        "then": {"properties": {"params": {"items": {"if": lower, "then": {"allOf": checks}}}}},
    }


def _parameter(declared: Parameter) -> dict[str, Any]:
    value: dict[str, Any] = {"type": ["string", "null"], "description": declared.description}
    if declared.kind.choices:
        words = [word for one in declared.kind.choices for word in dict.fromkeys((one, legacy.old_word(one)))]
        value["enum"] = [*words, None]
    elif declared.kind.pattern:
        value["pattern"] = declared.kind.pattern
    if declared.example:
        value["examples"] = [declared.example]
    names = {"enum": list(legacy.parameter_names(declared.name))}
    return {"if": {"properties": {"name": names}}, "then": {"properties": {"value": value}}}


def _spellings(trigger: type[Trigger]) -> tuple[str, ...]:
    old = legacy.trigger_name(trigger.GATE, trigger.NAME, dialect=legacy.ENGINE)
    return tuple(dict.fromkeys((trigger.NAME, old)))
