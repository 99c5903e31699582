"""The one way in."""

from __future__ import annotations

from anchore_gate.model.result import GateResult, NoVerdict


def gate(image: str) -> GateResult:
    """Decide whether an image may go on."""
    raise NotImplementedError(image)


def gate_all(images: tuple[str, ...]) -> tuple[GateResult | NoVerdict, ...]:
    """Decide for many images."""
    raise NotImplementedError(images)
