"""What a run says of each control, as JSON has it: `docs/schema/nist.schema.json`."""

from __future__ import annotations

from collections import Counter

from anchore_gate.compliance.controls import Assessed
from anchore_gate.model.evaluation import RuleOutcome
from anchore_gate.model.result import GateResult, GateRun, NoVerdict
from anchore_gate.report.cleaning import fit
from anchore_gate.report.entry import Entry
from anchore_gate.report.evidence import assessments, provenance, verdict_line
from anchore_gate.report.rows import moment
from anchore_gate.typed import Any, Final

SCHEMA_VERSION: Final = "1.0"
OUTCOMES: Final = ("not met", "partly", "met", "not assessed", "out of scope")


def document(run: GateRun, *, most: int) -> dict[str, Any]:
    """The whole document, with at most that many findings as evidence for a rule."""
    return {
        "schema_version": SCHEMA_VERSION,
        "kind": "compliance",
        "tool": {"name": "anchore_gate", "version": run.version},
        "started_at": moment(run.started_at),
        "verdict": run.verdict,
        "images": [_image(result, most) for result in run.results],
    }


def _image(result: GateResult | NoVerdict, most: int) -> dict[str, Any]:
    told = {
        "name": result.name,
        "verdict": result.verdict,
        "grounds": verdict_line(result),
        "decided_at": moment(result.decided_at),
    }
    if isinstance(result, NoVerdict):
        return {**told, "provenance": {}, "standards": []}
    standards = [
        {
            "id": one.id,
            "title": one.title,
            "source": one.source,
            "outcomes": _tally(controls),
            "controls": [_control(control, result, most) for control in controls],
        }
        for one, controls in assessments(result)
    ]
    return {**told, "provenance": dict(provenance(result)), "standards": standards}


def _tally(controls: tuple[Assessed, ...]) -> dict[str, int]:
    seen = Counter(one.outcome for one in controls)
    return {outcome: seen[outcome] for outcome in OUTCOMES}


def _control(assessed: Assessed, result: GateResult, most: int) -> dict[str, Any]:
    control = assessed.control
    return {
        "id": control.id,
        "section": control.section,
        "title": control.title,
        "asks": control.asks,
        "outcome": assessed.outcome,
        "reason": control.reason,
        "findings": assessed.findings,
        "rules": [_rule(rule, result, most) for rule in assessed.rules],
    }


def _rule(rule: RuleOutcome, result: GateResult, most: int) -> dict[str, Any]:
    entries = [Entry(result, rule, finding) for finding in rule.findings[:most]]
    return {
        "rule_id": rule.rule_id,
        "gate": rule.gate,
        "trigger": rule.trigger,
        "action": rule.action.word,
        "params": dict(rule.params),
        "problem": rule.problem,
        "found": len(rule.findings),
        "evidence": [_evidence(entry) for entry in entries],
    }


def _evidence(entry: Entry) -> dict[str, str]:
    return {
        "state": entry.state,
        "trigger_id": entry.finding.trigger_id,
        "title": entry.title,
        "message": fit(entry.finding.message, limit=1_000),
        "place": entry.place,
        "set_aside": entry.set_aside,
        "remedy": entry.remedy,
    }
