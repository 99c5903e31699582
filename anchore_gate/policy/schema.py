"""JSON Schemas of policy files, built from the trigger declarations. The one door of `jsonschema`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from functools import cache

from anchore_gate.model.evaluation import Action, Problem
from anchore_gate.policy import legacy
from anchore_gate.policy.gates import REMOTE_GATES, find_gate, gate_names
from anchore_gate.policy.legacy import ENDED_GATES, ENGINE_WORDS, ENTERPRISE_WORDS, Words, words_of
from anchore_gate.policy.meanings import MEANINGS, meaning, required
from anchore_gate.policy.parameter import Parameter, parameters
from anchore_gate.policy.strictness import KEYS
from anchore_gate.policy.trigger import Trigger, description
from anchore_gate.typed import Any

TEXT = {"type": "string"}
TEXTS = {"type": "array", "items": TEXT}
# Names of parameters may be in any case; the schema knows the lower one.
_OTHER_CASE = {"type": "string", "pattern": "[A-Z]"}
_WORDS = {"v1": ENGINE_WORDS, "v2": ENTERPRISE_WORDS}
DIALECTS = tuple(_WORDS)
_MOMENT = r"^$|^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d([.:]\d{1,9})?([Zz]|[+-]\d\d:\d\d)$"


def breaches(raw: dict[str, Any]) -> Iterator[Problem]:
    """Where a policy is not as its dialect's schema says; such a policy may still be understood here."""
    words = words_of(raw)
    dialect = next(name for name, one in _WORDS.items() if one is words)
    schema = _closed(dialect)
    lists = raw.get(words.allowlists)
    if not isinstance(lists, list):
        yield from _breaches(raw, schema, dialect)
        return
    # fifty thousand items, each by the schema, take three seconds: only those that look odd are
    emptied = [{**one, "items": []} if _has_items(one) else one for one in lists]
    yield from _breaches({**raw, words.allowlists: emptied}, schema, dialect)
    item = schema["$defs"]["item"]
    known, needed = item["properties"].keys(), frozenset(item["required"])
    for number, one in enumerate(lists):
        for place, each in enumerate(one["items"] if _has_items(one) else ()):
            if not _is_plain(each, known, needed):
                yield from _breaches(each, item, dialect, f"{words.allowlists}[{number}].items[{place}]")


def _has_items(allowlist: Any) -> bool:
    return isinstance(allowlist, dict) and isinstance(allowlist.get("items"), list)


def _is_plain(item: Any, known: Set[str], needed: Set[str]) -> bool:
    return (
        isinstance(item, dict)
        and needed <= item.keys() <= known
        and all(value.__class__ is str for value in item.values())
    )


def _breaches(raw: Any, schema: dict[str, Any], dialect: str, path: str = "") -> Iterator[Problem]:
    from jsonschema import Draft202012Validator

    for error in Draft202012Validator(schema).iter_errors(raw):
        place = path + error.json_path.removeprefix("$")
        message = f"not as the schema of {dialect} policies says: {error.message[:200]}"
        yield Problem(severity="warn", type="Schema", message=message, path=place.removeprefix("."))


@cache
def _closed(dialect: str) -> dict[str, Any]:
    """The schema without keys that it does not know: Engine ignores them, an author should know."""
    schema = policy_schema(dialect)
    closed = {
        name: part if name == "source" else {**part, "additionalProperties": False}
        for name, part in schema["$defs"].items()
    }
    return {**schema, "additionalProperties": False, "$defs": closed}


@cache
def policy_schema(dialect: str) -> dict[str, Any]:
    """The schema of `v1` (Engine) or `v2` (Enterprise) policies."""
    words = _WORDS[dialect]
    product = "Anchore Engine" if words is ENGINE_WORDS else "Anchore Enterprise"
    made = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"{product} policy ({dialect})",
        **_object(words, "policy", _policy(words)),
        "description": f"A policy in the words of {product}, as anchore_gate reads it.",
        "$defs": {
            "rule_set": _object(words, "rule set", _rule_set(words)),
            "rule": {**_object(words, "rule", _rule()), "allOf": list(_gates())},
            "allowlist": _object(words, "allowlist", {"items": _list_of("item")}),
            "item": _object(words, "item", _ITEM),
            "mapping": _object(words, "mapping", {**_WHERE, **_picked(words)}),
            "image_rule": _object(words, "image rule", _WHERE),
        },
    }
    if words is ENTERPRISE_WORDS:
        made["$defs"]["source"] = _source(words)
        return made
    single, several = legacy.SINGLE_RULE_SET_ID, words.rule_set_ids
    one = {single: {"minLength": 1, "type": "string"}, several: {"maxItems": 0}}
    more = {single: {"maxLength": 0}, several: {"minItems": 1, "type": "array"}}
    made["$defs"]["mapping"]["anyOf"] = [
        {"properties": one, "required": [single]},
        {"properties": more, "required": [several]},
    ]
    return made


_IMAGE = {
    "type": "object",
    "properties": {
        "type": {"enum": ["tag", "digest", "id"], "description": "what the value is compared with"},
        "value": {**TEXT, "description": "a tag (`*` is any text, `regexp:` an expression), a digest, an id"},
    },
    "required": ["type", "value"],
}
_WHERE = {"registry": TEXT, "repository": TEXT, "image": _IMAGE}
_ITEM = {
    "gate": TEXT,
    "trigger_id": TEXT,
    "expires_on": {"type": ["string", "null"], "pattern": _MOMENT},
    "reason": TEXT,
    "owner": TEXT,
}
_PARAMETER = {
    "type": "object",
    "properties": {"name": TEXT, "value": {"type": ["string", "null"], "description": "always in quotes"}},
    "required": ["name"],
}


def _list_of(definition: str) -> dict[str, Any]:
    return {"type": "array", "items": {"$ref": f"#/$defs/{definition}"}}


def _policy(words: Words) -> dict[str, Any]:
    parts = {
        "$schema": TEXT,
        words.rule_sets: _list_of("rule_set"),
        words.allowlists: _list_of("allowlist"),
        "mappings": _list_of("mapping"),
        words.allowlisted_images: _list_of("image_rule"),
        words.denylisted_images: _list_of("image_rule"),
        "last_updated": {"type": "number"},
    }
    if words is ENGINE_WORDS:
        return {**parts, ENTERPRISE_WORDS.rule_sets: {"type": "null"}}
    return {**parts, **dict.fromkeys(legacy.SOURCES, _list_of("source"))}


def _rule_set(words: Words) -> dict[str, Any]:
    rules = {"rules": _list_of("rule")}
    if words is ENGINE_WORDS:
        return rules
    return {**rules, "artifact_type": {"enum": ["image", "source", "sbom"]}}


def _picked(words: Words) -> dict[str, Any]:
    """What a mapping refers to."""
    if words is ENTERPRISE_WORDS:
        return {words.rule_set_ids: {**TEXTS, "minItems": 1}, words.allowlist_ids: TEXTS}
    return {
        words.rule_set_ids: {**TEXTS, "type": ["array", "null"]},
        words.allowlist_ids: TEXTS,
        legacy.SINGLE_RULE_SET_ID: {"type": ["string", "null"]},
    }


def _source(words: Words) -> dict[str, Any]:
    """A mapping of what is no image, of which anchore_gate knows what it refers to."""
    properties = {
        key: {**TEXTS, "description": meaning(key, words, "mapping")}
        for key in (words.rule_set_ids, words.allowlist_ids)
    }
    return {"type": "object", "properties": properties}


def _object(words: Words, kind: str, properties: Mapping[str, Any]) -> dict[str, Any]:
    version = {"enum": list(words.versions)} if words.versions else TEXT
    is_policy = kind == "policy"
    common = {
        "id": {**TEXT, "minLength": 1} if is_policy else TEXT,
        "name": {**TEXT, "minLength": 1} if is_policy and words is ENTERPRISE_WORDS else TEXT,
        "version": version,
        words.description: TEXT,
        "description": TEXT,
    }
    known = {**{key: common[key] for key in common if _is_common(key, words, kind)}, **properties}
    made = {
        "type": "object",
        "description": MEANINGS[kind],
        "required": list(required(words, kind)),
        "properties": {key: {"description": meaning(key, words, kind), **one} for key, one in known.items()},
    }
    # Engine ignores keys that it does not know, Enterprise refuses them
    return made if words is ENGINE_WORDS else {**made, "additionalProperties": False}


def _is_common(key: str, words: Words, kind: str) -> bool:
    return key in KEYS[kind] or (words is ENGINE_WORDS and key == words.description)


def _in_any_case(words: list[str]) -> dict[str, Any]:
    """One of the words in any letter case; editors complete the case that it is given in."""
    spelled = ("".join(f"[{a.upper()}{a.lower()}]" if a.isalpha() else a for a in word) for word in words)
    return {"anyOf": [{"enum": words}, {"type": "string", "pattern": f"^({'|'.join(spelled)})$"}]}


def _rule() -> dict[str, Any]:
    gates = [*gate_names(), *REMOTE_GATES, *ENDED_GATES]
    return {
        "gate": _in_any_case(sorted(gates)),
        "trigger": TEXT,
        "action": _in_any_case(list(Action.__members__)),
        "params": {"type": "array", "items": _PARAMETER},
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
                "properties": {"trigger": _in_any_case(spelled)},
                "allOf": [_trigger(one) for one in triggers],
            },
        }


def _trigger(trigger: type[Trigger]) -> dict[str, Any]:
    declared = parameters(trigger)
    lower = {"properties": {"name": {"pattern": "^[^A-Z]*$"}}, "required": ["name"]}
    names = [spelling for one in declared for spelling in legacy.parameter_names(one.name)]
    known = {"enum": names} if names else {"maxLength": 0}  # validators refuse a choice of nothing
    checks = [{"properties": {"name": known}}, *(_parameter(one) for one in declared)]
    params: dict[str, Any] = {"items": {"if": lower, "then": {"allOf": checks}}}
    needed = [_given(one) for one in declared if one.required]
    return {
        "description": description(trigger),
        "if": {"properties": {"trigger": {"enum": list(_spellings(trigger))}}, "required": ["trigger"]},
        "then": {"properties": {"params": {**params, "allOf": needed} if needed else params}},
    }


def _given(declared: Parameter) -> dict[str, Any]:
    """That a parameter is there, with a value."""
    name = {"anyOf": [{"enum": list(legacy.parameter_names(declared.name))}, _OTHER_CASE]}
    value = {"not": {"type": "null"}}
    return {"contains": {"properties": {"name": name, "value": value}, "required": ["name", "value"]}}


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
