"""Parameters of triggers: declared once; used to parse, to refuse, to complete and to document."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache

from anchore_gate.policy import legacy
from anchore_gate.policy.expression import Expression
from anchore_gate.typed import TYPE_CHECKING, Any
from anchore_gate.values import MISSING, dataclass, field, fields

if TYPE_CHECKING:
    from anchore_gate.policy.trigger import Trigger


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """How a parameter's text is read."""

    name: str  # as the reference calls it
    parse: Callable[[str], Any]  # raises ValueError
    choices: tuple[str, ...] = ()
    pattern: str = ""  # ECMA 262, for the JSON Schema

    @property
    def old_choices(self) -> tuple[str, ...]:
        """What Engine calls the choices, where it calls them otherwise."""
        old = tuple(map(legacy.old_word, self.choices))
        return () if old == self.choices else old


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One parameter, as declared."""

    name: str  # in a policy
    attribute: str  # of the trigger
    kind: Kind
    description: str
    example: str
    required: bool
    default: str


@dataclass(frozen=True, slots=True)
class ParameterFault:
    """What is wrong with a rule's parameters."""

    type: str  # Engine's class name
    name: str  # "" where they do not go together
    message: str
    is_missing: bool = False


def _numbers(text: str) -> tuple[int, ...]:
    if not re.fullmatch(r"\s*(?:\d+\s*,\s*)*\d+\s*", text, re.ASCII):
        raise ValueError("not a comma-separated list of numbers")
    return tuple(int(part) for part in text.split(","))


def _words(text: str) -> tuple[str, ...]:
    parts = text.split(",")
    if not all(parts):
        raise ValueError("not a comma-separated list")
    return tuple(part.strip() for part in parts)  # a blank between two commas is an element in Engine too


def _boolean(text: str) -> bool:
    if text.lower() not in {"true", "false"}:
        raise ValueError("neither true nor false")
    return text.lower() == "true"


def _integer(text: str) -> int:
    if not re.fullmatch(r"\s*[0-9]{1,18}\s*", text):
        raise ValueError("not a whole number")
    return int(text)


def _decimal(text: str) -> float:
    if not re.fullmatch(r"\s*-?(?:[0-9]{1,18}(?:\.[0-9]{0,18})?|\.[0-9]{1,18})\s*", text):
        raise ValueError("not a number")
    return float(text)


TEXT = Kind(name="text", parse=str)
EXPRESSION = Kind(name="regular expression", parse=Expression)
BOOLEAN = Kind(name="boolean", parse=_boolean, pattern="^([Tt][Rr][Uu][Ee]|[Ff][Aa][Ll][Ss][Ee])$")
INTEGER = Kind(name="whole number", parse=_integer, pattern=r"^\s*[0-9]+\s*$")
DECIMAL = Kind(name="number", parse=_decimal, pattern=r"^\s*-?([0-9]+(\.[0-9]*)?|\.[0-9]+)\s*$")
WORDS = Kind(name="list", parse=_words, pattern="^[^,]+(,[^,]+)*$")
NUMBERS = Kind(name="list of numbers", parse=_numbers, pattern=r"^\s*([0-9]+\s*,\s*)*[0-9]+\s*$")


def choice(*words: str) -> Kind:
    """One of some words, in their exact case. Old spellings are read too."""

    def parse(text: str) -> str:
        for spelling in (text, legacy.current_word(text)):
            if spelling in words:
                return spelling
        old = tuple(map(legacy.old_word, words))
        also = f" (in Engine {', '.join(old)})" if old != words else ""
        raise ValueError(f"not one of {', '.join(words)}{also}")

    return Kind(name="one of", parse=parse, choices=words)


COMPARISONS = ("=", "!=", "<", ">", "<=", ">=")


def parameter(
    kind: Kind,
    *,
    description: str,
    example: str = "",
    default: Any = MISSING,
    name: str = "",
) -> Any:
    """Declare a field of a trigger as a parameter; without `default` it is required."""
    declared = {"kind": kind, "description": description, "example": example, "name": name}
    return field(default=default, metadata=declared)


def parameters(trigger: type[Trigger]) -> tuple[Parameter, ...]:
    """Every parameter of a trigger, in the order they are declared."""
    return tuple(_declared(trigger).values())


def _declared(trigger: Any) -> Mapping[str, Parameter]:
    return _parameters(trigger)  # mypy takes a class of hashable values for unhashable


@cache  # a thousand rules ask
def _parameters(trigger: Any) -> Mapping[str, Parameter]:
    found = (
        Parameter(
            name=spec.metadata["name"] or spec.name,
            attribute=spec.name,
            kind=spec.metadata["kind"],
            description=spec.metadata["description"],
            example=spec.metadata["example"],
            required=spec.default is MISSING,
            default=_written(spec.default),
        )
        for spec in fields(trigger)
        if "kind" in spec.metadata
    )
    return {one.name: one for one in found}


def configure(
    trigger: type[Trigger], given: Mapping[str, Any], *, rule_id: str | None
) -> tuple[Trigger | None, tuple[ParameterFault, ...]]:
    """Fill a trigger's fields from a rule's parameters, or say everything that is wrong with them."""
    declared = _declared(trigger)
    faults: list[ParameterFault] = []
    values: dict[str, Any] = {}
    written = legacy.current_parameters(given)
    unknown = [name for name in given if legacy.current_parameter(name) not in declared]
    if unknown:  # one fault for all of them, as Engine counts
        known, odd = ", ".join(declared) or "none", ", ".join(map(repr, unknown))
        message = f"no parameter {odd} in {trigger.GATE}/{trigger.NAME} (known: {known})"
        faults.append(ParameterFault("InvalidParameterError", legacy.current_parameter(unknown[0]), message))
    for one in declared.values():
        value = given_value(one, written.get(one.name))
        if value is None:
            if one.required:
                message = f"the parameter {one.name!r} is required"
                faults.append(
                    ParameterFault("ParameterValueInvalidError", one.name, message, is_missing=True)
                )
            continue
        try:
            values[one.attribute] = _parse(one, value)
        except ValueError as problem:
            faults.append(ParameterFault("ParameterValueInvalidError", one.name, f"{one.name}: {problem}"))
    if faults:
        further = [
            ParameterFault("ParameterValueInvalidError", "", told) for told in trigger.also_wrong(values)
        ]
        return None, (*faults, *further)
    try:
        return trigger(rule_id=rule_id, **values), ()
    except ValueError as problem:  # what a trigger says of several parameters together
        return None, (ParameterFault("ParameterValueInvalidError", "", str(problem)),)


def given_value(declared: Parameter, value: Any) -> Any:
    """The value as it counts: Engine takes JSON's `false` for none, and a default of true for false."""
    if value is not False or declared.kind is not BOOLEAN:
        return value
    return "false" if declared.default == "true" else None


def _parse(declared: Parameter, value: Any) -> Any:
    if not isinstance(value, str):
        raise ValueError(f"not a text: {str(value)[:80]} (every value is written in quotes)")
    try:
        return declared.kind.parse(value)
    except ValueError as problem:
        raise ValueError(f"{problem}: {value[:80]!r}") from problem


def _written(default: Any) -> str:
    if default is MISSING or default is None or default == ():
        return ""
    return str(default).lower() if isinstance(default, bool) else str(default)
