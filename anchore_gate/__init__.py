"""One gate for container images: scan, evaluate the policy, decide."""

from __future__ import annotations

from anchore_gate.typed import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from anchore_gate.api import gate, gate_all
    from anchore_gate.engine.local import LocalEngine
    from anchore_gate.engine.remote import RemoteEngine
    from anchore_gate.errors import GateError
    from anchore_gate.model.evaluation import Action
    from anchore_gate.model.result import GateResult, NoVerdict

__all__ = [
    "Action",
    "GateError",
    "GateResult",
    "LocalEngine",
    "NoVerdict",
    "RemoteEngine",
    "gate",
    "gate_all",
]
__version__ = "0.1.0"

_HOMES = {
    "Action": "anchore_gate.model.evaluation",
    "GateError": "anchore_gate.errors",
    "GateResult": "anchore_gate.model.result",
    "LocalEngine": "anchore_gate.engine.local",
    "NoVerdict": "anchore_gate.model.result",
    "RemoteEngine": "anchore_gate.engine.remote",
    "gate": "anchore_gate.api",
    "gate_all": "anchore_gate.api",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used: `anchore-gate --help` pays for none of them."""
    if (home := _HOMES.get(name)) is None:
        raise AttributeError(f"module 'anchore_gate' has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(home), name)
    globals()[name] = value
    return value
