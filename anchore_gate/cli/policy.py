"""`anchore-gate policy`: validate, explain, list, show and convert policies, and the gates they may name."""

from __future__ import annotations

import argparse
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from anchore_gate.cli.terminal import hint, say, table
from anchore_gate.errors import UsageError

if TYPE_CHECKING:
    from anchore_gate.model.evaluation import Problem


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    validate = actions.add_parser("validate", help="say everything that is wrong with a policy")
    validate.add_argument("file", metavar="FILE|NAME")
    actions.add_parser("list", help="the policies that ship")
    show = actions.add_parser("show", help="print a policy")
    show.add_argument(
        "name",
        metavar="NAME|FILE",
        help="`severity-cutoff-high` shows what --severity-cutoff high stands for",
    )
    explain = actions.add_parser("explain", help="say in words what a policy asks")
    explain.add_argument("file", metavar="FILE|NAME")
    explain.add_argument("--image", metavar="REF", help="what it asks of this image, by its name")
    convert = actions.add_parser("convert", help="print a policy in Engine's or Enterprise's words")
    convert.add_argument("file", metavar="FILE|NAME")
    convert.add_argument("--to", choices=("v1", "v2"), required=True, help="v1 Engine, v2 Enterprise")
    gates = actions.add_parser("gates", help="the gates, triggers and parameters that policies may name")
    gates.add_argument("gate", metavar="GATE", nargs="?")
    gates.add_argument("--markdown", action="store_true", help="the whole reference, for a manual")


def run(args: argparse.Namespace) -> int:
    """Do it; 2 for a policy with errors."""
    match args.action:
        case "validate":
            return _validate(args.file)
        case "convert":
            return _convert(args.file, args.to)
        case "explain":
            _explain(args.file, args.image)
        case "list":
            _list()
        case "show":
            _show(args.name)
        case _:
            _gates(args.gate, markdown=args.markdown)
    return 0


def _validate(source: str) -> int:
    from anchore_gate.policy.bundle import load_bundle
    from anchore_gate.policy.document import locate, parse_json, read_text
    from anchore_gate.policy.review import review
    from anchore_gate.policy.schema import breaches

    problems = list(review(load_bundle(source), now=datetime.now(timezone.utc)))
    told = {_place(problem.path) for problem in problems if problem.severity == "error"}
    problems += dict.fromkeys(
        breach
        for breach in breaches(parse_json(read_text(locate(source))))
        if not any(_is_said(breach, path) for path in told)
    )
    for problem in problems:
        say(_told(problem))
    errors = sum(problem.severity == "error" for problem in problems)
    say(f"{source}: {errors} errors, {len(problems) - errors} warnings")
    return 2 if errors else 0


def _is_said(breach: Problem, path: str) -> bool:
    """Whether the error at a path says what the schema does."""
    place = _place(breach.path)
    if place == path or place.startswith((f"{path}.", f"{path}[")):
        return True
    return path.startswith(place) and "required property" in breach.message


def _place(path: str) -> str:
    """The schema counts parameters, we name them."""
    return path.partition(".params")[0] + ".params" if ".params" in path else path


def _told(problem: Problem) -> str:
    return f"{problem.severity}: {problem.path or 'the policy'}: {problem.message} [{problem.type}]"


def _explain(source: str, image: str | None) -> None:
    from anchore_gate.model.image import ImageReference
    from anchore_gate.policy.bundle import load_bundle
    from anchore_gate.policy.explain import explain
    from anchore_gate.policy.target import Target

    target = Target.parse(image) if image is not None else None
    if image and target is not None and target.repository:  # neither an image id nor a digest alone
        ImageReference.parse(image)
    for line in explain(load_bundle(source), target, now=datetime.now(timezone.utc)):
        say(line)


def _convert(source: str, to: str) -> int:
    import json

    from anchore_gate.policy.bundle import load_bundle
    from anchore_gate.policy.convert import convert
    from anchore_gate.policy.document import locate, parse_json, read_text
    from anchore_gate.policy.review import review

    found = review(load_bundle(source), now=datetime.now(timezone.utc))
    errors = [problem for problem in found if problem.severity == "error"]
    for problem in errors:
        hint(_told(problem))
    if errors:
        return 2
    converted = convert(parse_json(read_text(locate(source))), to=to)
    for note in converted.notes:
        hint(f"note: {note}")
    say(json.dumps(converted.policy, indent=2, ensure_ascii=False))
    return 0


def _list() -> None:
    from anchore_gate.policy.bundle import load_bundle
    from anchore_gate.policy.document import shipped_names

    table(("NAME", "DESCRIPTION"), [(name, load_bundle(name).description) for name in shipped_names()])


def _show(source: str) -> None:
    from anchore_gate.policy.cutoff import PREFIX, cutoff_text
    from anchore_gate.policy.document import locate, read_text

    if source.startswith(PREFIX):
        say(cutoff_text(source.removeprefix(PREFIX)))
        return
    say(read_text(locate(source)).decode("utf-8", "replace").rstrip())


def _gates(name: str | None, *, markdown: bool) -> None:
    from anchore_gate.policy.reference import reference

    if markdown:
        say("\n".join(reference()))
        return
    _list_gates(name)


def _list_gates(name: str | None) -> None:
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
