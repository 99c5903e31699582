"""A run without what may be secret in it: values of the environment and of build arguments."""

from __future__ import annotations

import re
from dataclasses import replace

from anchore_gate.model.result import GateResult, GateRun

_SECRET = re.compile(
    r"(?i)(\b\w*(?:passw|secret|token|api_?key|credential|private_?key|access_?key)\w*[ =]+)"
    r"(\"[^\"]*\"|'[^']*'|\S+)"
)
_USER_INFO = re.compile(r"(://)[^/\s:@]+:[^/\s@]+@")


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
        image=replace(image, config=config, layers=layers),
        dockerfile=replace(dockerfile, text=_hidden(dockerfile.text), instructions=instructions),
        inventory=replace(result.inventory, files=()),
    )


def _hidden(text: str) -> str:
    return _USER_INFO.sub(r"\1***@", _SECRET.sub(r"\1***", text))
