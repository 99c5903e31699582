"""A run without what may be secret in it: values of the environment, of build arguments, and their quotes."""

from __future__ import annotations

import re

from anchore_gate.model.evaluation import Evaluation, Finding, RuleOutcome
from anchore_gate.model.result import GateResult, GateRun
from anchore_gate.regex import regex
from anchore_gate.values import replace

_SECRET = regex(
    r"(?i)(\b\w*(?:passw|secret|token|api_?key|credential|private_?key|access_?key)\w*[ =]+)"
    r"(\"[^\"]*\"|'[^']*'|\S+?(?=['\"]?(?:\s|$)))"  # a quote around the whole line stays
)
_SHORTEST = 6  # a shorter value would be struck from words it has nothing to do with
_USER_INFO = regex(r"(://)[^/\s:@]+:[^/\s@]+@")


def shareable(run: GateRun) -> GateRun:
    """The run as reports may show it; the same again when applied twice."""
    return replace(run, results=tuple(_result(r) if isinstance(r, GateResult) else r for r in run.results))


def _result(result: GateResult) -> GateResult:
    image, dockerfile = result.image, result.dockerfile
    history = tuple(replace(step, created_by=_hidden(step.created_by)) for step in image.config.history)
    config = replace(
        image.config,
        env=tuple(f"{entry.partition('=')[0]}=***" for entry in image.config.env),
        history=history,
    )
    layers = tuple(replace(layer, created_by=_hidden(layer.created_by)) for layer in image.layers)
    instructions = tuple(replace(step, value=_hidden(step.value)) for step in dockerfile.instructions)
    return replace(
        result,
        evaluation=_evaluation(result.evaluation, _secrets(result)),
        image=replace(image, config=config, layers=layers),
        dockerfile=replace(dockerfile, text=_hidden(dockerfile.text), instructions=instructions),
        inventory=replace(result.inventory, files=()),
    )


def _secrets(result: GateResult) -> re.Pattern[str] | None:
    """The values of variables and build arguments whose name says that they are secret."""
    steps = result.dockerfile.instructions
    told = [step.value for step in steps if step.keyword in ("ENV", "ARG")]
    pairs = [value for text in (*result.image.config.env, *told) for _, value in _SECRET.findall(text)]
    values = {pair.strip("\"'") for pair in pairs}
    named = sorted((value for value in values if len(value) >= _SHORTEST), key=lambda v: (-len(v), v))
    return re.compile("|".join(map(re.escape, named))) if named else None


def _evaluation(evaluation: Evaluation, secrets: re.Pattern[str] | None) -> Evaluation:
    outcomes = tuple(_outcome(outcome, secrets) for outcome in evaluation.outcomes)
    return replace(evaluation, outcomes=outcomes)


def _outcome(outcome: RuleOutcome, secrets: re.Pattern[str] | None) -> RuleOutcome:
    """The rule's answer with its findings' words hidden: those of the Dockerfile gate quote whole lines."""
    if not outcome.findings or (secrets is None and outcome.gate != "dockerfile"):
        return outcome
    quotes = outcome.gate == "dockerfile"
    return replace(outcome, findings=tuple(_finding(f, secrets, quotes=quotes) for f in outcome.findings))


def _finding(finding: Finding, secrets: re.Pattern[str] | None, *, quotes: bool) -> Finding:
    message = _hidden(finding.message) if quotes else finding.message
    message = secrets.sub("***", message) if secrets else message
    return finding if message == finding.message else replace(finding, message=message)


def _hidden(text: str) -> str:
    return _USER_INFO.sub(r"\1***@", _SECRET.sub(r"\1***", text))
