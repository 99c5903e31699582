"""`anchore-gate policy`: validate, list and show policies, and the gates they may name."""

from __future__ import annotations

import argparse
from datetime import datetime, timezone

from anchore_gate.cli.terminal import say, table
from anchore_gate.errors import UsageError


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    validate = actions.add_parser("validate", help="say everything that is wrong with a policy")
    validate.add_argument("file", metavar="FILE|NAME")
    actions.add_parser("list", help="the policies that ship")
    show = actions.add_parser("show", help="print a policy")
    show.add_argument("name", metavar="NAME|FILE")
    gates = actions.add_parser("gates", help="the gates, triggers and parameters that policies may name")
    gates.add_argument("gate", metavar="GATE", nargs="?")


def run(args: argparse.Namespace) -> int:
    """Do it; 2 for a policy with errors."""
    match args.action:
        case "validate":
            return _validate(args.file)
        case "list":
            _list()
        case "show":
            _show(args.name)
        case _:
            _gates(args.gate)
    return 0


def _validate(source: str) -> int:
    from anchore_gate.policy.bundle import load_bundle
    from anchore_gate.policy.review import review

    problems = list(review(load_bundle(source), now=datetime.now(timezone.utc)))
    for problem in problems:
        say(f"{problem.severity}: {problem.path}: {problem.message} [{problem.type}]")
    errors = sum(problem.severity == "error" for problem in problems)
    say(f"{source}: {errors} errors, {len(problems) - errors} warnings")
    return 2 if errors else 0


def _list() -> None:
    from anchore_gate.policy.bundle import load_bundle
    from anchore_gate.policy.document import shipped_names

    table(("NAME", "DESCRIPTION"), [(name, load_bundle(name).description) for name in shipped_names()])


def _show(source: str) -> None:
    from anchore_gate.policy.document import locate, read_text

    say(read_text(locate(source)).decode("utf-8", "replace").rstrip())


def _gates(name: str | None) -> None:
    from anchore_gate.policy.gates import find_gate, gates
    from anchore_gate.policy.parameter import parameters
    from anchore_gate.policy.trigger import description

    chosen = [find_gate(name)] if name else list(gates())
    for gate in chosen:
        if gate is None:
            raise UsageError(f"no gate {name!r} (known: {', '.join(one.name for one in gates())})")
        for trigger in gate.triggers:
            say(f"{gate.name}/{trigger.NAME}: {description(trigger)}")
            for one in parameters(trigger):
                need = "required" if one.required else f"default {one.default or 'none'}"
                choices = f" {', '.join(one.kind.choices)}" if one.kind.choices else ""
                say(f"    {one.name} ({one.kind.name}{choices}; {need}): {one.description}")
