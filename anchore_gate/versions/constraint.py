"""
Grype's constraint language: `,` is and, `||` is or, `= > >= < <=`, a bare version is equality.

Quotes are optional. A test has three answers. "Cannot compare" is one of them: it never turns into "does not
match".
"""

from __future__ import annotations

from enum import Enum
from functools import lru_cache

from anchore_gate.regex import regex
from anchore_gate.typed import Any
from anchore_gate.values import dataclass
from anchore_gate.versions.orders import Order
from anchore_gate.versions.version import InvalidVersion

_TERM = regex(r"""\s*(?P<operator>[<>]=?|={0,2})\s*(?P<quote>["']?)(?P<version>[^"'<>=|,]+)(?P=quote)\s*""")
_HOLDS = {
    "<": (True, False, False),
    "<=": (True, True, False),
    "=": (False, True, False),
    ">=": (False, True, True),
    ">": (False, False, True),
}


class Answer(Enum):
    """What a test says."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "cannot compare"


@dataclass(frozen=True, slots=True)
class Term:
    """One comparison; `problem` says why its bound cannot be compared with."""

    operator: str
    text: str
    bound: Any  # the parsed version, None where there is a problem
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Constraint:
    """A parsed constraint: any of these, each all of those. No terms at all: every version."""

    text: str
    order: Order
    alternatives: tuple[tuple[Term, ...], ...]

    def test(self, version: Any) -> Answer:
        """Whether a parsed version of the constraint's order satisfies it."""
        answer = Answer.NO
        for terms in self.alternatives:
            one = self._all(terms, version)
            if one is Answer.YES:
                return one
            if one is Answer.UNKNOWN:
                answer = one
        return answer

    def _all(self, terms: tuple[Term, ...], version: Any) -> Answer:
        answer = Answer.YES
        for term in terms:
            if term.problem:
                answer = Answer.UNKNOWN
            elif not _HOLDS[term.operator][self.order.compare(version, term.bound) + 1]:
                return Answer.NO
        return answer

    @property
    def problem(self) -> str:
        """Why it cannot be compared with, "" where it can."""
        return next((term.problem for terms in self.alternatives for term in terms if term.problem), "")


@lru_cache(maxsize=65536)
def parse_constraint(text: str, order: Order) -> Constraint:
    """The constraint in this order. What cannot be read becomes a term with a problem, never an error."""
    if not text.strip():
        return Constraint(text, order, ((),))
    return Constraint(text, order, tuple(_terms(part, order) for part in text.split("||")))


def satisfies(version: str, constraint: str, order: Order) -> Answer:
    """Whether a version, as text, satisfies a constraint."""
    parsed = parse_constraint(constraint, order)
    if parsed.alternatives == ((),):
        return Answer.YES
    try:
        return parsed.test(order.parse(version))
    except InvalidVersion:
        return Answer.UNKNOWN


def _terms(text: str, order: Order) -> tuple[Term, ...]:
    parts = text.split(",")
    # `>=1.0,,<2.0`: published rows have it where an advisory wrote a comma and a blank
    return tuple(_term(part, order) for part in [part for part in parts if part.strip()] or parts)


def _term(text: str, order: Order) -> Term:
    found = _TERM.fullmatch(text)
    if found is None:
        return Term("", text, None, f"not a constraint: {text[:80]!r}")
    operator = found["operator"].replace("==", "=") or "="
    version = found["version"].strip()
    try:
        return Term(operator, version, order.parse(version))
    except InvalidVersion as problem:
        return Term(operator, version, None, str(problem))
