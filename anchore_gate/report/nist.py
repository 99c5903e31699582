"""
Report `nist`: what a run says of each control of NIST SP 800-190 and CIS Docker chapter 4.

The path's suffix says in which kind: `.html` and `.json`, and Markdown for any other.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePath

from anchore_gate.compliance.controls import Assessed, Standard
from anchore_gate.model.result import GateResult, GateRun
from anchore_gate.report.cleaning import line
from anchore_gate.report.entry import Entry
from anchore_gate.report.evidence import assessments, provenance, verdict_line
from anchore_gate.report.html_template import frame, template
from anchore_gate.report.json import json_text
from anchore_gate.report.markdown import escaped
from anchore_gate.report.nist_evidence import document
from anchore_gate.report.reporter import Reporter, ReportOptions
from anchore_gate.typed import Final
from anchore_gate.values import dataclass

_MOST = 20  # findings shown for a rule; the JSON result holds all
_MOST_IN_JSON = 200


@dataclass(frozen=True, slots=True)
class NistReporter:
    """A document for an auditor: a table of controls, then the evidence for each."""

    name: str = "nist"
    filename: str = "nist-800-190.md"

    def render(self, run: GateRun, options: ReportOptions) -> Iterator[str]:
        """See `Reporter.render`."""
        match PurePath(options.path).suffix.lower():
            case ".html" | ".htm":
                told = document(run, most=_MOST)
                yield from template("nist.html.j2").generate(**told, **frame("report.css"))
            case ".json":
                yield json_text(document(run, most=_MOST_IN_JSON)) + "\n"
            case _:
                yield from _markdown(run)


def _markdown(run: GateRun) -> Iterator[str]:
    yield "# Evidence: container image controls\n"
    if not run.results:
        yield "\nNo image was judged: no control was assessed.\n"
    for result in run.results:
        yield f"\n## {escaped(line(result.name))}\n\n{escaped(verdict_line(result))}\n"
        if isinstance(result, GateResult):
            yield from _image(result)
        else:
            yield "\nNo control was assessed: there is no verdict.\n"


def _image(result: GateResult) -> Iterator[str]:
    yield "\n" + "".join(f"- {word}: {escaped(text)}\n" for word, text in provenance(result))
    for one, assessed in assessments(result):
        yield from _standard(one, assessed, result)


def _standard(which: Standard, assessed: tuple[Assessed, ...], result: GateResult) -> Iterator[str]:
    yield f"\n### {which.title}\n\n| control | | outcome | rules | findings |\n|---|---|---|---|---|\n"
    for one in assessed:
        yield "| " + " | ".join(_row(one)) + " |\n"
    for one in assessed:
        if one.rules:
            yield from _evidence(one, result)


def _row(assessed: Assessed) -> tuple[str, ...]:
    control, count = assessed.control, len(assessed.rules)
    why = f" ({control.reason})" if control.reason else ""
    numbers = (str(count), str(assessed.findings)) if count else ("", "")
    return control.section, escaped(control.title), assessed.outcome + why, *numbers


def _evidence(assessed: Assessed, result: GateResult) -> Iterator[str]:
    control = assessed.control
    yield f"\n#### {control.section} {escaped(control.title)}: {assessed.outcome}\n\n"
    for rule in assessed.rules:
        asked = ", ".join(f"{name}={value}" for name, value in rule.params)
        yield f"- rule {escaped(line(rule.rule_id))}: {escaped(f'{rule.gate}/{rule.trigger} {asked}')}\n"
        if rule.problem is not None:
            yield f"  - problem: {escaped(line(rule.problem))}\n"
        for entry in (Entry(result, rule, finding) for finding in rule.findings[:_MOST]):
            yield f"  - {entry.state}: {escaped(line(entry.finding.message))}\n"
        if len(rule.findings) > _MOST:
            yield f"  - and {len(rule.findings) - _MOST} more: see the JSON result\n"


REPORTER: Final[Reporter] = NistReporter()
