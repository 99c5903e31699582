"""The reference of gates, triggers and parameters, in Markdown, from their declarations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from anchore_gate.policy import legacy
from anchore_gate.policy.gates import REMOTE_GATES, gates
from anchore_gate.policy.legacy import ENDED_GATES
from anchore_gate.policy.parameter import Parameter, parameters
from anchore_gate.policy.trigger import Trigger, description


def reference() -> Iterator[str]:
    """Lines: a heading for each gate, then its triggers, each with a table of its parameters."""
    for gate in gates():
        yield f"### {gate.name}"
        yield ""
        yield gate.description
        yield ""
        for note in gate.notes:
            yield note
            yield ""
        for trigger in gate.triggers:
            yield from _trigger(trigger)
    yield "### Gates that only a service can answer"
    yield ""
    for name, reason in sorted(REMOTE_GATES.items()):
        yield f"- `{name}`: {reason}"
    yield ""
    yield "### Gates that have ended"
    yield ""
    for name, successor in sorted(ENDED_GATES.items()):
        yield f"- `{name}`: use `{successor}`" if successor else f"- `{name}`: nothing replaces it"


def _trigger(trigger: type[Trigger]) -> Iterator[str]:
    old = legacy.trigger_name(trigger.GATE, trigger.NAME, dialect=legacy.ENGINE)
    also = f" (in Engine `{old}`)" if old != trigger.NAME else ""
    yield f"**`{trigger.NAME}`**{also}: {description(trigger)}"
    yield ""
    declared = parameters(trigger)
    if declared:
        yield "| parameter | value | default | |"
        yield "|---|---|---|---|"
        yield from map(_row, declared)
        yield ""


def _row(one: Parameter) -> str:
    kind = _quoted(one.kind.choices) or one.kind.name
    if one.kind.old_choices:
        kind += f" (in Engine {_quoted(one.kind.old_choices)})"
    default = "required" if one.required else f"`{one.default}`" if one.default else ""
    example = f", e.g. `{one.example}`" if one.example and not one.kind.choices else ""
    return f"| `{one.name}` | {kind} | {default} | {one.description}{example} |"


def _quoted(words: Iterable[str]) -> str:
    return " ".join(f"`{word}`" for word in words)
