"""The pattern language of mappings and allowlists: `*` is any text, `regexp:` an expression."""

from __future__ import annotations

from anchore_gate.policy.expression import Expression
from anchore_gate.values import dataclass

_PREFIX = "regexp:"


@dataclass(frozen=True, slots=True)
class Pattern:
    """Texts by example."""

    text: str
    expression: Expression | None = None  # only of `regexp:`

    @classmethod
    def parse(cls, text: str) -> Pattern:
        """Read a pattern. Raises `ValueError` for an expression that does not compile."""
        stripped = text.lstrip()  # a blank at the end is the expression's, as in Engine
        if stripped.startswith(_PREFIX):
            return cls(text, Expression(stripped[len(_PREFIX) :]))
        return cls(text)

    def matches(self, text: str) -> bool:
        """Whether it fits. Raises `PolicyError` when an expression takes too long."""
        if self.expression is not None:
            return self.expression.matches(text)
        return has_shape(self.text, text)


def has_shape(pattern: str, text: str) -> bool:
    """Whether `text` is `pattern` with something, or nothing, in the place of each `*`."""
    first, *rest = pattern.split("*")
    if not rest:
        return pattern == text
    *middle, last = rest
    if len(text) < len(first) + len(last) or not text.startswith(first) or not text.endswith(last):
        return False
    position, end = len(first), len(text) - len(last)
    for part in middle:
        position = text.find(part, position, end)
        if position < 0:
            return False
        position += len(part)
    return True
