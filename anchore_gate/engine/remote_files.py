"""Files of an image on this machine, as far as a policy asks for them and Enterprise's import takes them."""

from __future__ import annotations

import json
from base64 import b64encode
from collections import defaultdict
from collections.abc import Iterator

from anchore_gate.errors import GateError
from anchore_gate.image.filesystem import Filesystem
from anchore_gate.image.needs import Needs
from anchore_gate.model.evaluation import RuleOutcome
from anchore_gate.policy.bundle import Bundle, Rule
from anchore_gate.policy.legacy import current_trigger
from anchore_gate.policy.settings import AnalyzerSettings
from anchore_gate.policy.trigger import Evidence
from anchore_gate.values import dataclass

RuleKey = tuple[str, str, str, tuple[tuple[str, str], ...]]  # rule set, gate, trigger, parameters
_SECRETS, _CONTENTS, _FILES = "secret_searches", "content_searches", "file_contents"
# What answers a gate, or one trigger of it: the names that the parts have in Enterprise's import.
_PARTS = {
    "secret_scans": _SECRETS,
    "files/content_regex_match": _CONTENTS,
    "retrieved_files": _FILES,
    "passwd_file": _FILES,
}
_KINDS = {_SECRETS: "secret", _CONTENTS: "content"}


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesHere:
    """What the files said: parts for the import, and the rules that each of them answers."""

    parts: tuple[tuple[str, bytes], ...] = ()
    rules: tuple[tuple[RuleKey, str], ...] = ()
    fired: frozenset[RuleKey] = frozenset()  # rules that find something here

    def answered(self, parts: frozenset[str]) -> frozenset[RuleKey]:
        """The rules that a service can answer which took those parts."""
        return frozenset(key for key, part in self.rules if part in parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRules:
    """The rules of a policy that ask what stands in files."""

    bundle: Bundle | None = None  # None: it is not known what the policy asks
    settings: AnalyzerSettings = AnalyzerSettings()

    @property
    def needs(self) -> Needs:
        """What the pass over the image must keep."""
        return Needs.union(
            rule.question.needs(self.settings) for _, rule, _ in self._asked() if rule.question is not None
        )

    def seen(self, evidence: Evidence) -> FilesHere:
        """What the files say; a rule that cannot be answered here cannot be answered there."""
        asked = [(key, part, _fires(rule, evidence)) for key, rule, part in self._asked()]
        parts = dict.fromkeys(part for _, part, fires in asked if fires is not None)
        return FilesHere(
            parts=tuple((part, self._part(part, evidence.filesystem)) for part in parts),
            rules=tuple((key, part) for key, part, fires in asked if fires is not None),
            fired=frozenset(key for key, _, fires in asked if fires),
        )

    def _asked(self) -> Iterator[tuple[RuleKey, Rule, str]]:
        """Rules that could find something here, and the part that answers them."""
        for rule_set in self.bundle.rule_sets if self.bundle else ():
            for rule in rule_set.rules:
                part = _PARTS.get(rule.gate) or _PARTS.get(f"{rule.gate}/{rule.trigger}")
                if part and rule.question is not None and not rule.question.unseen(self.settings):
                    yield (rule_set.id, rule.gate, rule.trigger, rule.params), rule, part

    def _part(self, part: str, files: Filesystem) -> bytes:
        """An array with an element a file; a search says where it matched, never what."""
        if part in _KINDS:
            return json.dumps(list(_matches(_KINDS[part], files))).encode()
        listed = self.settings.retrieve
        wants = {
            path
            for want in self.needs.wants
            if (path := want.path) and files.has(path) and (listed is None or path in listed)
        }
        return json.dumps(
            [
                {"location": {"path": path}, "contents": b64encode(files.read(path)).decode()}
                for path in sorted(wants)
            ]
        ).encode()


def _matches(kind: str, files: Filesystem) -> Iterator[dict[str, object]]:
    found: defaultdict[str, list[dict[str, object]]] = defaultdict(list)
    for hit in files.hits:
        if hit.kind == kind:
            nowhere = {"line_offset": 0, "seek_position": 0, "length": 0}
            found[hit.path] += [
                {"classification": hit.name, "line_number": line, **nowhere} for line in hit.lines
            ]
    for path in sorted(found):
        yield {"location": {"path": path}, "content_searches": found[path]}


def key_of(outcome: RuleOutcome) -> RuleKey:
    """The rule that was answered."""
    trigger = current_trigger(outcome.gate.lower(), outcome.trigger.lower())
    return outcome.rule_set_id, outcome.gate.lower(), trigger, outcome.params


def _fires(rule: Rule, evidence: Evidence) -> bool | None:
    """Whether a rule finds something here, None where it cannot look: a file is too long, say."""
    try:
        return rule.question is not None and any(rule.question.fire(evidence))
    except GateError:
        return None
