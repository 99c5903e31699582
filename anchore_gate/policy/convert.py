"""A policy's JSON in the other product generation's words."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from uuid import NAMESPACE_URL, uuid5

from anchore_gate.policy import legacy
from anchore_gate.policy.gates import find_trigger
from anchore_gate.policy.legacy import ENGINE_WORDS, ENTERPRISE_WORDS, Words, words_of
from anchore_gate.policy.parameter import parameters
from anchore_gate.typed import Any
from anchore_gate.values import dataclass

_NEW_ONLY = ("source_mappings", "last_updated", "artifact_type")
_DIALECTS = {"v1": (ENGINE_WORDS, "1_0"), "v2": (ENTERPRISE_WORDS, "2")}
DIALECTS = tuple(_DIALECTS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Converted:
    """A policy in other words, and what the reader must know of it."""

    policy: dict[str, Any]
    notes: tuple[str, ...]


def convert(raw: Mapping[str, Any], *, to: str) -> Converted:
    """
    The policy in the words of `v1` (Engine) or `v2` (Enterprise).

    What it was given must be without errors (`Bundle.problems`): nothing is mended here.
    """
    words, version = _DIALECTS[to]
    old = words_of(raw)
    writer = _Writer(old, words, version)
    return Converted(policy=writer.policy(raw), notes=tuple(writer.notes(raw)))


@dataclass(frozen=True, slots=True)
class _Writer:
    old: Words
    new: Words
    version: str

    @property
    def _is_new(self) -> bool:
        return self.new is ENTERPRISE_WORDS

    def policy(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        old, new = self.old, self.new
        made = self._element(raw, "")
        parts: tuple[tuple[str, str, Callable[[dict[str, Any], str], dict[str, Any]]], ...] = (
            (old.rule_sets, new.rule_sets, self._rule_set),
            (old.allowlists, new.allowlists, self._allowlist),
            ("mappings", "mappings", self._mapping),
            (old.allowlisted_images, new.allowlisted_images, self._named),
            (old.denylisted_images, new.denylisted_images, self._named),
        )
        for before, after, write in parts:
            made.pop(before, None)
            elements = raw.get(before) or []
            made[after] = [write(one, f"{after}[{n}]") for n, one in enumerate(elements)]
        return made

    def notes(self, raw: Mapping[str, Any]) -> Iterator[str]:
        for name in _NEW_ONLY[:1]:
            if raw.get(name) and not self._is_new:
                yield f"{name} are left out: Anchore Engine knows none"
        if self.old is self.new:
            return
        for one in raw.get(self.old.allowlists) or []:
            for item in one.get("items") or []:
                if legacy.has_other_ids(str(item.get("gate")), str(item.get("trigger_id"))):
                    yield (
                        f"{one.get('id')}: the id {item['trigger_id']} may rest on the old words; it is "
                        "understood here, a service wants the id of its own words"
                    )

    def _element(self, raw: Mapping[str, Any], path: str) -> dict[str, Any]:
        """The keys that every part has, in other words."""
        made = {key: value for key, value in raw.items() if self._is_new or key not in _NEW_ONLY}
        if self.old.description in made and self.old is not self.new:
            made.setdefault(self.new.description, made.pop(self.old.description))
        if "version" in made or not path:
            made["version"] = self.version
        return made

    def _named(self, raw: dict[str, Any], path: str) -> dict[str, Any]:
        made = self._identified(self._element(raw, path), path)
        if "id" in made:
            made.setdefault("name", made["id"])
        return made

    def _identified(self, made: dict[str, Any], path: str) -> dict[str, Any]:
        if made.get("id") or not self._is_new:
            return made
        content = json.dumps(made, sort_keys=True)
        return {"id": str(uuid5(NAMESPACE_URL, f"{path} {content}")), **made}

    def _rule_set(self, raw: dict[str, Any], path: str) -> dict[str, Any]:
        made = self._named({**raw, "version": self.version}, path)
        rules = enumerate(raw.get("rules") or [])
        return {**made, "rules": [self._rule(one, f"{path}.rules[{n}]") for n, one in rules]}

    def _allowlist(self, raw: dict[str, Any], path: str) -> dict[str, Any]:
        made = self._named({**raw, "version": self.version}, path)
        items = enumerate(raw.get("items") or [])
        return {**made, "items": [self._identified(one, f"{path}.items[{n}]") for n, one in items]}

    def _mapping(self, raw: dict[str, Any], path: str) -> dict[str, Any]:
        made = self._named(raw, path)
        single = made.pop(legacy.SINGLE_RULE_SET_ID, None)
        sets = made.pop(self.old.rule_set_ids, None) or ([single] if single else [])
        lists = made.pop(self.old.allowlist_ids, None) or []
        return {**made, self.new.rule_set_ids: sets, self.new.allowlist_ids: lists}

    def _rule(self, raw: dict[str, Any], path: str) -> dict[str, Any]:
        gate = str(raw["gate"]).lower()
        if gate in legacy.ENDED_GATES:
            return self._identified(dict(raw), path)  # never evaluated, and nobody looked at the rest of it
        trigger = legacy.current_trigger(gate, str(raw["trigger"]).lower())
        choices = _choices(gate, trigger)
        return {
            **self._identified(dict(raw), path),
            "gate": gate,
            "trigger": legacy.trigger_name(gate, trigger, dialect=self.new.dialect),
            "action": str(raw["action"]).upper(),
            "params": [self._parameter(one, choices) for one in raw.get("params") or []],
        }

    def _parameter(self, raw: dict[str, Any], choices: dict[str, tuple[str, ...]]) -> dict[str, Any]:
        name = legacy.current_parameter(str(raw["name"]).lower())
        value = raw.get("value")
        if isinstance(value, str) and legacy.current_word(value) in choices.get(name, ()):
            value = legacy.current_word(value) if self._is_new else legacy.old_word(value)
        return {**raw, "name": name, "value": value}


def _choices(gate: str, trigger: str) -> dict[str, tuple[str, ...]]:
    kind = find_trigger(gate, trigger)
    return {one.name: one.kind.choices for one in parameters(kind)} if kind else {}
