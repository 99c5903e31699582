"""One rule of a policy: which gate, which trigger, which parameters, what to do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from anchore_gate.model.evaluation import Action, Problem
from anchore_gate.policy import legacy
from anchore_gate.policy.bundle import Rule
from anchore_gate.policy.fault import mistyped
from anchore_gate.policy.gates import REMOTE_GATES, REMOTE_TRIGGERS, find_gate, find_trigger, gate_names
from anchore_gate.policy.legacy import ENDED_GATES, ENDED_TRIGGERS, ENGINE_WORDS
from anchore_gate.policy.parameter import ParameterFault, configure
from anchore_gate.policy.trigger import Trigger
from anchore_gate.typed import Any
from anchore_gate.values import dataclass

_ACTIONS = dict(Action.__members__)
_NAMES = (("gate", "GateNotFoundError"), ("trigger", "TriggerNotFoundError"))  # the kind where it is empty


@dataclass(frozen=True, slots=True)
class RuleFault:
    """Something wrong with a rule."""

    problem: Problem


def parse_rule(raw: Any, *, path: str) -> Iterator[Rule | RuleFault]:
    """The rule, or everything that is wrong with it. A rule of an ended gate is a warning and no rule."""
    if not isinstance(raw, dict):
        yield _fault("PolicyError", "not an object", path)
        return
    gate, trigger = _word(raw, "gate"), _word(raw, "trigger")
    for key, kind in _NAMES if not gate or not trigger else ():
        if not _word(raw, key):
            fault = mistyped(raw.get(key) or None, "a text", f"{path}.{key}")
            yield _fault(kind if raw.get(key) == "" else "PolicyError", fault.message, fault.path)
    params, faults = _params(raw.get("params"), path)
    yield from faults
    action = _action(raw.get("action"))
    if action is None:
        known = "GO, WARN, STOP"
        yield _fault("PolicyError", f"no action {raw.get('action')!r} (known: {known})", f"{path}.action")
    if gate in ENDED_GATES and trigger:
        yield _ended(gate, trigger, path)
    elif gate and trigger:
        yield from _rule(raw, gate, trigger, params, action, path, is_whole=not faults)
    elif gate and gate not in {*REMOTE_GATES, *ENDED_GATES} and find_gate(gate) is None:
        yield _unknown(gate, "", path)


def _rule(
    raw: Mapping[str, Any],
    gate: str,
    trigger: str,
    params: dict[str, Any],
    action: Action | None,
    path: str,
    *,
    is_whole: bool,
) -> Iterator[Rule | RuleFault]:
    rule_id = raw["id"] if isinstance(raw.get("id"), str) else None
    unsupported = REMOTE_GATES.get(gate) or REMOTE_TRIGGERS.get((gate, trigger))
    question = None
    if unsupported is None:
        kind = find_trigger(gate, trigger)
        if kind is None:
            yield _unknown(gate, trigger, path)
            return
        question, faults = configure(kind, params, rule_id=rule_id)
        for fault in faults:
            if is_whole or not fault.is_missing:  # it may be the one that cannot be read
                yield _fault(fault.type, fault.message, f"{path}.params{_place(raw.get('params'), fault)}")
        if question is None or not is_whole:
            return
        trigger = kind.NAME
    if action is not None:
        yield Rule(
            id=rule_id or path,  # Engine wants none: reports name its place
            gate=gate,
            trigger=trigger,
            action=action,
            question=question,
            unsupported=f"only with a remote engine: {unsupported}" if unsupported else "",
            params=tuple([(name, str(value)) for name, value in params.items() if value is not None]),
            description=_text(raw, "description") or _text(raw, ENGINE_WORDS.description),
            recommendation=_text(raw, "recommendation"),
            controls=_controls(raw.get("controls")),
            path=path,
        )


def _place(params: Any, fault: ParameterFault) -> str:
    """Where among the parameters, of which the last of a name counts."""
    given = params if isinstance(params, list) else []
    names = [legacy.current_parameter((_name(one) or "").lower()) for one in given]
    if not fault.name or fault.is_missing:
        return ""
    number = len(names) - 1 - names[::-1].index(fault.name)
    return f"[{number}].{'name' if fault.type == 'InvalidParameterError' else 'value'}"


def _name(parameter: Any) -> str | None:
    name = parameter.get("name") if isinstance(parameter, dict) else None
    return name if isinstance(name, str) else None


def _unknown(gate: str, trigger: str, path: str) -> RuleFault:
    group = find_gate(gate)
    if group is None:
        known = ", ".join((*gate_names(), *REMOTE_GATES))
        return _fault("GateNotFoundError", f"no gate {gate!r} (known: {known})", f"{path}.gate")
    triggers = ", ".join(map(_trigger_names, group.triggers))
    message = f"no trigger {trigger!r} in gate {gate!r} (known: {triggers})"
    return _fault("TriggerNotFoundError", message, f"{path}.trigger")


def _trigger_names(trigger: type[Trigger]) -> str:
    old = legacy.trigger_name(trigger.GATE, trigger.NAME, dialect=legacy.ENGINE)
    return trigger.NAME if old == trigger.NAME else f"{trigger.NAME} (in Engine {old})"


def _ended(gate: str, trigger: str, path: str) -> RuleFault:
    known = ENDED_TRIGGERS[gate].split()
    if trigger not in known:
        message = f"no trigger {trigger!r} in the ended gate {gate!r} (it had: {', '.join(known)})"
        return _fault("TriggerNotFoundError", message, f"{path}.trigger")
    successor = ENDED_GATES[gate]
    advice = f"use {successor!r}" if successor else "nothing replaces it"
    message = f"the gate {gate!r} has ended; the rule is not evaluated: {advice}"
    return RuleFault(Problem(severity="warn", type="EndOfLifedError", message=message, path=f"{path}.gate"))


def _params(raw: Any, path: str) -> tuple[dict[str, Any], list[RuleFault]]:
    if not isinstance(raw, list):
        return {}, [_fault("PolicyError", "required, a list (it may be empty)", f"{path}.params")]
    given: dict[str, Any] = {}
    faults = []
    for index, one in enumerate(raw):
        name = _name(one)
        if name is not None:
            given[name.lower()] = one.get("value")
        else:
            faults.append(_fault("PolicyError", "not an object of name and value", f"{path}.params[{index}]"))
    return given, faults


def _word(raw: Mapping[str, Any], key: str) -> str:
    return _text(raw, key).lower()


def _action(raw: Any) -> Action | None:
    return _ACTIONS.get(raw.upper()) if isinstance(raw, str) else None


def _controls(raw: Any) -> tuple[str, ...]:
    return tuple(one for one in raw if isinstance(one, str)) if isinstance(raw, list) else ()


def _text(raw: Mapping[str, Any], key: str) -> str:
    value = raw.get(key)
    return value if isinstance(value, str) else ""


def _fault(kind: str, message: str, path: str) -> RuleFault:
    return RuleFault(Problem(severity="error", type=kind, message=message, path=path))
