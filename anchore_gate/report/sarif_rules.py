"""The rules that the results of a SARIF run name: a vulnerability each, or a trigger of the policy."""

from __future__ import annotations

import re
from collections.abc import Iterator

from anchore_gate.model.vulnerability import Severity, Vulnerability
from anchore_gate.report.cleaning import fit, line
from anchore_gate.report.entry import Entry
from anchore_gate.report.json import json_text
from anchore_gate.report.markdown import escaped
from anchore_gate.typed import Any
from anchore_gate.values import dataclass, field

RULE_TEXT = 1_000  # GitHub shows 1 024 characters of a rule's texts
_ACTION_SCORES = {"stop": 7.5, "warn": 4.5, "go": 1.0}
_VERDICTS = {
    "no-verdict": ("NoVerdict", "The image could not be judged", "Mend the cause and run again"),
    "policy": (
        "PolicyAnswer",
        "The policy's answer rests on no finding: image lists, mappings, rules that could not say",
        "Use another image, or mend the policy",
    ),
}
# GitHub's bands: over 9.0 critical, 7.0 high, 4.0 medium, 0.1 low. (lowest, highest, where no rating fits)
_BANDS = {
    Severity.CRITICAL: (9.1, 10.0, 9.5),
    Severity.HIGH: (7.0, 9.0, 8.0),
    Severity.MEDIUM: (4.0, 6.9, 5.5),
    Severity.LOW: (0.1, 3.9, 2.0),
    Severity.NEGLIGIBLE: (0.1, 0.9, 0.1),
    Severity.UNKNOWN: (0.1, 10.0, 5.0),
}


@dataclass(slots=True)
class Rules:
    """The rules by the order in which results named them, with texts of that length."""

    limit: int = RULE_TEXT
    _places: dict[str, int] = field(default_factory=dict)
    _rows: list[dict[str, Any]] = field(default_factory=list)
    _scores: list[float] = field(default_factory=list)

    def place(self, entry: Entry) -> tuple[int, str]:
        """The index and id of the rule that the finding is of."""
        name = _rule_id(entry)
        place = self._places.get(name)
        if place is None:
            place = self._add(name, _rule(name, entry, self.limit))
        self._scores[place] = max(self._scores[place], _score(entry))
        return place, name

    def of_verdict(self, kind: str, *, fails: bool) -> tuple[int, str]:
        """The index and id of the rule of what no finding stands for: `no-verdict` or `policy`."""
        name = f"anchore-gate/{kind}"
        place = self._places.get(name)
        if place is None:
            rule = _described(name, *_VERDICTS[kind], RULE_TEXT)
            rule["properties"] = {"tags": ["security"], "precision": "high"}
            place = self._add(name, rule)
        self._scores[place] = max(self._scores[place], 9.5 if fails else _ACTION_SCORES["warn"])
        return place, name

    def texts(self) -> Iterator[str]:
        """Each rule as JSON, with the score of its worst finding."""
        for rule, score in zip(self._rows, self._scores, strict=True):
            rule["properties"]["security-severity"] = f"{score:.1f}"
            yield json_text(rule)

    def _add(self, name: str, rule: dict[str, Any]) -> int:
        place = self._places[name] = len(self._rows)
        self._rows.append(rule)
        self._scores.append(0.1)
        return place


def unlinked(text: str) -> str:
    """The text without what a viewer would make a link of."""
    # SARIF 2.1.0, 3.11.6: `[text](target)` is a link even in plain text.
    return fit(text).replace("](", "] (")


def _rule_id(entry: Entry) -> str:
    if entry.vulnerability:
        return line(entry.vulnerability.id, limit=200) or "vulnerability"
    return line(f"{entry.outcome.gate}/{entry.outcome.trigger}", limit=200)


def _rule(name: str, entry: Entry, limit: int) -> dict[str, Any]:
    outcome, vulnerability = entry.outcome, entry.vulnerability
    if vulnerability is None:
        word = "".join(part.capitalize() for part in re.findall("[A-Za-z0-9]+", name)) or "Rule"
        short = f"{outcome.gate}/{outcome.trigger}"
        rule = _described(name, f"{word}Rule", outcome.description or short, entry.remedy, limit)
        tags = ["security", "policy", *(line(c, limit=60) for c in outcome.controls)]
    else:
        kind = "OsPackage" if entry.package and entry.package.is_os else "LanguagePackage"
        told = vulnerability.description or f"{vulnerability.id} ({vulnerability.severity.word})"
        rule = _described(name, f"{kind}Vulnerability", told, _help(vulnerability), limit)
        tags = ["security", "vulnerability", vulnerability.severity.word.lower(), *vulnerability.cwes]
        if re.match(r"https?://[!-~]+$", vulnerability.link):
            rule["helpUri"] = vulnerability.link
    unique = list(dict.fromkeys(tags))[:10]
    rule["properties"] = {"tags": unique, "precision": "very-high"}
    return rule


def _help(vulnerability: Vulnerability) -> str:
    known = f"{vulnerability.id}, severity {vulnerability.severity.word}, from {vulnerability.namespace}."
    also = f" Also known as {', '.join(vulnerability.aliases)}." if vulnerability.aliases else ""
    used = " It is known to be exploited." if vulnerability.known_exploited else ""
    return f"{known}{also}{used}"


def _described(id: str, name: str, told: str, remedy: str, limit: int) -> dict[str, Any]:
    sentence = unlinked(line(told, limit=limit).rstrip(". ")) + "."
    advice = unlinked(line(remedy, limit=limit))
    return {
        "id": id,
        "name": name,
        "shortDescription": {"text": line(sentence, limit=200)},
        "fullDescription": {"text": sentence},
        "help": {"text": advice, "markdown": escaped(remedy, limit=limit)},
    }


def _score(entry: Entry) -> float:
    if entry.vulnerability is None:
        return _ACTION_SCORES[entry.outcome.action.word]
    low, high, usual = _BANDS[entry.vulnerability.severity]
    rated = [rating.base_score for rating in entry.vulnerability.cvss if low <= rating.base_score <= high]
    return max(rated, default=usual)
