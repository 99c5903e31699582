"""One thing that is wrong with a policy."""

from __future__ import annotations

from anchore_gate.model.evaluation import Problem
from anchore_gate.typed import Any


def fault(message: str, path: str, kind: str = "ValidationError") -> Problem:
    """What is wrong, where, and Engine's word for its kind."""
    return Problem(severity="error", type=kind, message=message, path=path)


def mistyped(value: Any, wanted: str, path: str) -> Problem:
    """That something of a kind is wanted, and what is there instead."""
    if value is None:
        return fault(f"required, {wanted}", path)
    return fault(f"not {wanted}: {value!r}"[:200], path)


def caution(message: str, path: str, kind: str) -> Problem:
    """What an author should know and what stops no image."""
    return Problem(severity="warn", type=kind, message=message, path=path)
