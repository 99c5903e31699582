"""Policy gates. The folder is the registry: one module, one `GATE`, named like the gate."""

from __future__ import annotations

from functools import cache
from importlib import import_module

from anchore_gate._folder import member_names
from anchore_gate.policy import legacy
from anchore_gate.policy.trigger import Gate, Trigger

# Gates of Anchore Enterprise that need what only the service has.
REMOTE_GATES = {
    "image_source_drift": "it compares an image with the source repository the service analysed",
    "stig": "it reads the results of a STIG run that the service keeps",
}
REMOTE_TRIGGERS: dict[tuple[str, str], str] = {}


@cache
def gate_names() -> tuple[str, ...]:
    """Every gate in this folder."""
    return member_names(__name__)


@cache
def find_gate(name: str) -> Gate | None:
    """The gate of a name, in any letter case."""
    if name.lower() not in gate_names():
        return None
    gate: Gate = import_module(f"{__name__}.{name.lower()}").GATE
    return gate


def gates() -> tuple[Gate, ...]:
    """Every gate, by name."""
    return tuple(gate for gate in map(find_gate, gate_names()) if gate is not None)


@cache
def find_trigger(gate: str, trigger: str) -> type[Trigger] | None:
    """The trigger a rule names, by today's word or Engine's, in any letter case."""
    group = find_gate(gate)
    wanted = legacy.current_trigger(gate.lower(), trigger.lower())
    return next((one for one in group.triggers if wanted == one.NAME), None) if group else None
