"""Report `oscal`: what a run says of each control, as OSCAL 1.1 assessment results."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from anchore_gate.compliance.controls import Assessed, standards
from anchore_gate.model.evaluation import RuleOutcome
from anchore_gate.model.result import GateResult, GateRun, NoVerdict
from anchore_gate.report.cleaning import line
from anchore_gate.report.entry import Entry
from anchore_gate.report.evidence import assessments, provenance, verdict_line
from anchore_gate.report.json import array, json_text
from anchore_gate.report.oscal_words import identity, instant, markup, prop, token
from anchore_gate.report.reporter import Reporter, ReportOptions
from anchore_gate.typed import Any, Final
from anchore_gate.values import dataclass

_VERSION = "1.1.3"
_MOST = 200  # findings told as evidence for a rule; the JSON result holds all
_STATUS = {
    "met": {"state": "satisfied", "reason": "pass"},
    "partly": {"state": "not-satisfied", "reason": "other"},
    "not met": {"state": "not-satisfied", "reason": "fail"},
}


@dataclass(frozen=True, slots=True)
class OscalReporter:
    """Assessment results: one result for each image, a finding for each control that was assessed."""

    name: str = "oscal"
    filename: str = "oscal-assessment-results.json"

    def render(self, run: GateRun, options: ReportOptions) -> Iterator[str]:  # noqa: ARG002  # the protocol's
        """See `Reporter.render`."""
        told = [_result(run, result, index) for index, result in enumerate(run.results)] or [_nothing(run)]
        results = [json_text(one) for one in told]
        policy = identity("policy", *sorted({_policy(result) for result in run.results}))
        last = max(instant(when) for when in (run.started_at, *(one.decided_at for one in run.results)))
        document = {
            "uuid": identity("document", *results, instant(run.started_at), run.version),
            "metadata": {
                "title": "Container image gate: assessment results",
                "last-modified": last,
                "version": last,
                "oscal-version": _VERSION,
                "props": [prop("tool-version", run.version), prop("verdict", run.verdict)],
            },
            "import-ap": {"href": f"#{policy}"},
            "back-matter": {"resources": [_plan(run, policy)]},
        }
        yield '{"assessment-results":' + json_text(document)[:-1]
        yield from array("results", results)
        yield "}}\n"


REPORTER: Final[Reporter] = OscalReporter()


def _policy(result: GateResult | NoVerdict) -> str:
    return result.evaluation.bundle_digest if isinstance(result, GateResult) else ""


def _plan(run: GateRun, uuid: str) -> dict[str, Any]:
    """The policy stands for the assessment plan: it says which rules are asked."""
    evaluations = [result.evaluation for result in run.results if isinstance(result, GateResult)]
    told = dict.fromkeys((one.bundle_name or one.bundle_id, one.bundle_digest) for one in evaluations)
    return {
        "uuid": uuid,
        "title": "The policy of the gate",
        "description": "; ".join(markup(f"{name} {digest}".strip()) for name, digest in told) or "Not known.",
    }


def _result(run: GateRun, result: GateResult | NoVerdict, index: int) -> dict[str, Any]:
    uuid = identity("result", str(index), result.name, _policy(result), instant(result.decided_at))
    props = [prop("verdict", result.verdict)]
    told = {
        "uuid": uuid,
        "title": markup(result.name) or "image",
        "description": markup(verdict_line(result)),
        "start": instant(run.started_at),
        "end": instant(result.decided_at),
        "props": props,
    }
    if isinstance(result, NoVerdict):
        return {**told, "reviewed-controls": _reviewed({})}
    props += [prop(token(word), text) for word, text in provenance(result) if line(text)]
    return {**told, **_assessed(result, uuid)}


def _nothing(run: GateRun) -> dict[str, Any]:
    return {
        "uuid": identity("nothing", instant(run.started_at)),
        "title": "No image",
        "description": "No image was judged.",
        "start": instant(run.started_at),
        "reviewed-controls": _reviewed({}),
    }


def _assessed(result: GateResult, uuid: str) -> dict[str, Any]:
    component = identity(uuid, "component")
    findings = []
    observations: dict[str, RuleOutcome] = {}
    assessed = {one.id: controls for one, controls in assessments(result)}
    for controls in assessed.values():
        for control in controls:
            observed = [identity(uuid, "rule", str(_place(result, rule))) for rule in control.rules]
            observations |= dict(zip(observed, control.rules, strict=True))
            if control.outcome in _STATUS:
                findings.append(_finding(control, identity(uuid, control.control.id), observed))
    told: dict[str, Any] = {
        "local-definitions": {"components": [_component(result, component)]},
        "reviewed-controls": _reviewed(assessed),
    }
    if observations:
        told["observations"] = [
            _observation(result, rule, key, component) for key, rule in observations.items()
        ]
    return {**told, "findings": findings} if findings else told


def _place(result: GateResult, rule: RuleOutcome) -> int:
    return next(place for place, one in enumerate(result.evaluation.outcomes) if one is rule)


def _component(result: GateResult, uuid: str) -> dict[str, Any]:
    image = result.image
    digests = (("manifest-digest", image.digest), ("image-id", image.config_digest))
    told = {
        "uuid": uuid,
        "type": "software",
        "title": markup(result.name) or "image",
        "description": "The container image that was judged.",
        "status": {"state": "other"},
    }
    props = [prop(name, str(digest)) for name, digest in digests if digest]
    return {**told, "props": props} if props else told


def _reviewed(assessed: Mapping[str, tuple[Assessed, ...]]) -> dict[str, Any]:
    """What was looked at, and what was not and why. A selection must include something (OSCAL 1.1)."""
    selections = []
    for one in standards():
        seen = {control.control.id for control in assessed.get(one.id, ()) if control.outcome in _STATUS}
        chosen = [_chosen(control.id) for control in one.controls if control.id in seen]
        rest = [_chosen(control.id) for control in one.controls if control.id not in seen]
        told: dict[str, Any] = {"description": one.title}
        included = ("include-controls", chosen) if chosen else ("include-all", {})
        told.update([included])
        selections.append({**told, "exclude-controls": rest} if rest else told)
    every = (one for controls in assessed.values() for one in controls)
    unseen = [_excluded(one) for one in every if one.outcome not in _STATUS]
    none = "No control was assessed: there is no verdict."
    return {"control-selections": selections, "remarks": "; ".join(unseen) if assessed else none}


def _chosen(control_id: str) -> dict[str, str]:
    return {"control-id": token(control_id)}


def _excluded(assessed: Assessed) -> str:
    reason = f" ({assessed.control.reason})" if assessed.control.reason else ""
    return markup(f"{assessed.control.id} {assessed.outcome}{reason}")


def _finding(assessed: Assessed, uuid: str, observed: list[str]) -> dict[str, Any]:
    control = assessed.control
    told = f"{assessed.outcome}: {len(assessed.rules)} rules asked, {assessed.findings} findings count"
    return {
        "uuid": uuid,
        "title": markup(f"{control.section} {control.title}"),
        "description": markup(told),
        "target": {
            "type": "objective-id",
            "target-id": token(control.id),
            "description": markup(control.asks or control.title),
            "status": {**_STATUS[assessed.outcome], "remarks": assessed.outcome},
        },
        "related-observations": [{"observation-uuid": one} for one in observed],
    }


def _observation(result: GateResult, rule: RuleOutcome, uuid: str, component: str) -> dict[str, Any]:
    asked = ", ".join(f"{name}={value}" for name, value in rule.params)
    told = f"{rule.gate}/{rule.trigger} asked with {asked or 'no parameters'}: {len(rule.findings)} found"
    observation: dict[str, Any] = {
        "uuid": uuid,
        "title": markup(f"Rule {rule.rule_id}"),
        "description": markup(told if rule.problem is None else f"{told}; could not say: {rule.problem}"),
        "props": [prop("gate", rule.gate), prop("trigger", rule.trigger), prop("action", rule.action.word)],
        "methods": ["TEST"],
        "types": ["control-objective"],
        "subjects": [{"subject-uuid": component, "type": "component"}],
        "collected": instant(result.decided_at),
    }
    if rule.findings:
        entries = [Entry(result, rule, finding) for finding in rule.findings[:_MOST]]
        observation["relevant-evidence"] = [_evidence(entry) for entry in entries]
    if len(rule.findings) > _MOST:
        observation["remarks"] = f"{len(rule.findings) - _MOST} more findings: see the JSON result."
    return observation


def _evidence(entry: Entry) -> dict[str, Any]:
    aside = f" ({entry.set_aside})" if entry.set_aside else ""
    props = [prop("state", entry.state.replace(" ", "-"))]
    props += [prop("trigger-id", entry.finding.trigger_id)] if line(entry.finding.trigger_id) else []
    return {"description": markup(f"{entry.state}: {entry.title}{aside}", limit=1_000), "props": props}
