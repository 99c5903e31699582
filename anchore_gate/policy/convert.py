"""A policy's JSON in the other product generation's words."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from uuid import NAMESPACE_URL, uuid5

from anchore_gate.policy import legacy
from anchore_gate.policy.gates import find_trigger
from anchore_gate.policy.legacy import ENGINE_WORDS, ENTERPRISE_WORDS, Words, words_of
from anchore_gate.policy.losses import losses
from anchore_gate.policy.moment import written_moment
from anchore_gate.policy.parameter import Parameter, given_value, parameters
from anchore_gate.policy.rehash import rehashed
from anchore_gate.policy.strictness import KEYS, NEW_ONLY
from anchore_gate.typed import Any
from anchore_gate.values import dataclass

_DIALECTS = {"v1": (ENGINE_WORDS, "1_0"), "v2": (ENTERPRISE_WORDS, "2")}
DIALECTS = tuple(_DIALECTS)
_COMMENTED = frozenset({"policy", "rule set", "allowlist"})
_NO_ID = "None"  # what Engine writes into the id of a finding whose rule has none


@dataclass(frozen=True, slots=True, kw_only=True)
class Converted:
    """A policy in other words, and what the reader must know of it."""

    policy: dict[str, Any]
    notes: tuple[str, ...]


def convert(raw: Mapping[str, Any], *, to: str) -> Converted:
    """
    The policy in the words of `v1` (Engine) or `v2` (Enterprise), with nothing that this product refuses.

    Its parts must be of the kinds that they should be (no `ValidationError`): nothing is mended here.
    """
    words, version = _DIALECTS[to]
    old = words_of(raw)
    ids = rehashed(raw, old, words)
    writer = _Writer(old, words, version, _names_nameless(raw, old), ids)
    return Converted(policy=writer.policy(raw), notes=tuple(losses(raw, old, words, ids)))


def _names_nameless(raw: Mapping[str, Any], words: Words) -> bool:
    """Whether an item names findings of rules without an id."""
    lists = raw.get(words.allowlists) or ()
    return any(str(item["trigger_id"]).startswith(f"{_NO_ID}+") for one in lists for item in one["items"])


@dataclass(frozen=True, slots=True)
class _Writer:
    old: Words
    new: Words
    version: str
    has_nameless_findings: bool
    ids: Mapping[tuple[str, str], str]  # that rest on words: by gate and old id

    @property
    def _is_new(self) -> bool:
        return self.new is ENTERPRISE_WORDS

    def policy(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        old, new = self.old, self.new
        made = {**self._named(raw, "", "policy"), "version": self.version}
        parts: tuple[tuple[str, str, Callable[[dict[str, Any], str], dict[str, Any]]], ...] = (
            (old.rule_sets, new.rule_sets, self._rule_set),
            (old.allowlists, new.allowlists, self._allowlist),
            ("mappings", "mappings", self._mapping),
            (old.allowlisted_images, new.allowlisted_images, self._image_rule),
            (old.denylisted_images, new.denylisted_images, self._image_rule),
        )
        for before, after, write in parts:
            made.pop(before, None)
            elements = raw.get(before) or []
            made[after] = [write(one, f"{after}[{n}]") for n, one in enumerate(elements)]
        return made

    def _kept(self, raw: Mapping[str, Any], kind: str) -> dict[str, Any]:
        """The keys that the product takes, in its words."""
        made = dict(raw)
        # Anchore's own bundles of the old words have comments on rules, items and mappings too
        is_written_anew = self.old is not self.new and (self._is_new or kind in _COMMENTED)
        if is_written_anew and self.old.description in made:
            comment = made.pop(self.old.description)
            made[self.new.description] = made.get(self.new.description) or comment
        if not self._is_new:
            return {key: value for key, value in made.items() if key not in NEW_ONLY}
        texts = (key for key in ("description", "recommendation") if not isinstance(made.get(key), str))
        left_out = frozenset(texts)
        return {key: value for key, value in made.items() if key in KEYS[kind] and key not in left_out}

    def _identified(self, raw: Mapping[str, Any], path: str, kind: str) -> dict[str, Any]:
        made = self._kept(raw, kind)
        if not self._is_new or (isinstance(made.get("id"), str) and made["id"]):
            return made
        content = json.dumps(raw, sort_keys=True)
        return {**made, "id": str(uuid5(NAMESPACE_URL, f"{path} {content}"))}

    def _named(self, raw: Mapping[str, Any], path: str, kind: str) -> dict[str, Any]:
        made = self._identified(raw, path, kind)
        if not self._is_new or (isinstance(made.get("name"), str) and made["name"]):
            return made
        return {**made, "name": made["id"]}

    def _rule_set(self, raw: dict[str, Any], path: str) -> dict[str, Any]:
        rules = [self._rule(one, f"{path}.rules[{n}]") for n, one in enumerate(raw["rules"])]
        return {**self._named(raw, path, "rule set"), "version": self.version, "rules": rules}

    def _allowlist(self, raw: dict[str, Any], path: str) -> dict[str, Any]:
        items = [self._item(one, f"{path}.items[{n}]") for n, one in enumerate(raw["items"])]
        return {**self._named(raw, path, "allowlist"), "version": self.version, "items": items}

    def _item(self, raw: dict[str, Any], path: str) -> dict[str, Any]:
        made = self._identified(raw, path, "item")
        gate, trigger_id = str(raw["gate"]).lower(), str(raw["trigger_id"])
        made["trigger_id"] = self.ids.get((gate, trigger_id), trigger_id)
        if raw.get("expires_on"):
            made["expires_on"] = written_moment(raw["expires_on"])
        else:
            made.pop("expires_on", None)
        said = str(raw.get("reason") or raw.get("description") or raw.get(self.old.description) or "")
        if self._is_new and raw.get("owner"):
            said = f"{said} (owner: {raw['owner']})".strip()
        return {**made, "description": said} if self._is_new and said else made

    def _mapping(self, raw: dict[str, Any], path: str) -> dict[str, Any]:
        made = self._image_rule(raw, path, kind="mapping")
        single = raw.get(legacy.SINGLE_RULE_SET_ID) if self.old is ENGINE_WORDS else None
        for key in (legacy.SINGLE_RULE_SET_ID, self.old.rule_set_ids, self.old.allowlist_ids):
            made.pop(key, None)
        made[self.new.rule_set_ids] = [single] if single else list(raw[self.old.rule_set_ids])
        made[self.new.allowlist_ids] = list(raw[self.old.allowlist_ids])
        return made

    def _image_rule(self, raw: dict[str, Any], path: str, kind: str = "image rule") -> dict[str, Any]:
        image = {key: raw["image"][key] for key in ("type", "value")}
        return {**self._named(raw, path, kind), "image": image}

    def _rule(self, raw: dict[str, Any], path: str) -> dict[str, Any]:
        gate = str(raw["gate"]).lower()
        made = self._identified(raw, path, "rule")
        if gate in legacy.ENDED_GATES:
            return made  # never evaluated, and nobody looked at the rest of it
        trigger = legacy.current_trigger(gate, str(raw["trigger"]).lower())
        if self.has_nameless_findings and gate == "retrieved_files" and not raw.get("id"):
            made["id"] = _NO_ID
        return {
            **made,
            "gate": gate,
            "trigger": legacy.trigger_name(gate, trigger, dialect=self.new.dialect),
            "action": str(raw["action"]).upper(),
            "params": list(self._parameters(raw["params"], _declared(gate, trigger))),
        }

    def _parameters(
        self, given: list[dict[str, Any]], declared: Mapping[str, Parameter]
    ) -> Iterator[dict[str, Any]]:
        """Each name once, the last one of it; none without a value, which is one that is not given."""
        last = legacy.current_parameters({one["name"].lower(): one.get("value") for one in given})
        for name, value in last.items():
            kind = declared[name].kind if name in declared else None
            value = given_value(declared[name], value) if name in declared else value
            if value is None:
                continue
            if isinstance(value, str) and kind and legacy.current_word(value) in kind.choices:
                value = legacy.current_word(value) if self._is_new else legacy.old_word(value)
            yield {"name": name, "value": value}


def _declared(gate: str, trigger: str) -> dict[str, Parameter]:
    kind = find_trigger(gate, trigger)
    return {one.name: one for one in parameters(kind)} if kind else {}
