"""`anchore-gate policy`: validate, explain, list, show and convert policies, and the gates they may name."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from datetime import datetime, timezone
from pathlib import Path

from anchore_gate.cli.policy_file import LONGEST, told, warn
from anchore_gate.cli.terminal import Line, say, show, table
from anchore_gate.errors import UsageError
from anchore_gate.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from anchore_gate.model.evaluation import Problem
    from anchore_gate.policy.trigger import Trigger

_POLICY = "a policy file, or the name of a policy that ships"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    validate = actions.add_parser("validate", help="say everything that is wrong with a policy; 2 for errors")
    validate.add_argument("file", metavar="FILE|NAME", help=_POLICY)
    actions.add_parser("list", help="the policies that ship")
    show = actions.add_parser("show", help="print a policy")
    show.add_argument(
        "name",
        metavar="NAME|FILE",
        help="`severity-cutoff-high` shows what --severity-cutoff high stands for",
    )
    explain = actions.add_parser("explain", help="say in words what a policy asks")
    explain.add_argument("file", metavar="FILE|NAME", help=_POLICY)
    explain.add_argument("--image", metavar="REF", help="what it asks of this image, by its name")
    convert = actions.add_parser("convert", help="print a policy in Engine's or Enterprise's words")
    convert.add_argument("file", metavar="FILE|NAME", help=_POLICY)
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
            return _explain(args.file, args.image)
        case "show":
            return _show(args.name)
        case "list":
            _list()
        case _:
            _gates(args.gate, markdown=args.markdown)
    return 0


def _validate(source: str) -> int:
    from anchore_gate.policy.draft import load_draft
    from anchore_gate.policy.schema import breaches

    draft = load_draft(source)
    problems = list(draft.problems(now=datetime.now(timezone.utc)))
    said = {problem.path for problem in problems if problem.severity == "error"}
    around = {outer for path in said for outer in _outer(path)}
    problems += dict.fromkeys(one for one in breaches(draft.raw) if not _is_said(one, said, around))
    _say(map(told, problems))
    errors = sum(problem.severity == "error" for problem in problems)
    warnings = _counted(len(problems) - errors, "warning")
    _say([f"{source}: {_counted(errors, 'error')}, {warnings}"])
    return 2 if errors else 0


def _say(texts: Iterable[str]) -> None:
    """Lines; what a policy holds must not move the cursor or command a CI system."""
    from anchore_gate.report.cleaning import line

    show(Line(line(one, limit=LONGEST), indent=len(one) - len(one.lstrip(" "))) for one in texts)


def _is_said(breach: Problem, said: set[str], around: set[str]) -> bool:
    """Whether an error, at its place or around it, says what the schema does."""
    if breach.path in around and any(words in breach.message for words in _VAGUE):
        return True
    return breach.path in said or any(outer in said for outer in _outer(breach.path))


_VAGUE = ("required property", "is not valid under any")  # of what the error says more exactly


def _outer(path: str) -> Iterator[str]:
    """The places that a place is in, e.g. `a` and `a[0]` of `a[0].b`; the whole policy too."""
    yield from (path[:n] for n, letter in enumerate(path) if letter in ".[")
    if path:
        yield ""


def _explain(source: str, image: str | None) -> int:
    from anchore_gate.model.image import ImageReference
    from anchore_gate.policy.draft import load_draft
    from anchore_gate.policy.explain import explain
    from anchore_gate.policy.target import Target

    image = _name_of(image) if image else image
    target = Target.parse(image) if image is not None else None
    is_named = target is not None and target.repository and target != Target.parse("")
    if image and is_named:  # neither an image id nor a digest alone
        ImageReference.parse(image)
    now = datetime.now(timezone.utc)
    draft = load_draft(source)
    _say(explain(draft.bundle, target, now=now))
    return _faulty(source, len(draft.errors(now=now)))


def _name_of(image: str) -> str:
    """The name that mappings see of what `check` is given. Raises `UsageError` for a file."""
    from anchore_gate.image.sources import scheme_of

    scheme, name = ("registry", image) if Path(image).is_dir() else scheme_of(image)
    if scheme not in {"registry", "docker", "podman"}:
        raise UsageError(f"--image {image}: a file; give the name it is judged by (its own, or --tag's)")
    return name


def _convert(source: str, to: str) -> int:
    import json

    from anchore_gate.policy.convert import convert
    from anchore_gate.policy.draft import load_draft

    draft = load_draft(source)
    errors = draft.errors(now=datetime.now(timezone.utc))
    for problem in errors:
        warn(told(problem))
    if errors:
        return 2
    converted = convert(draft.raw, to=to)
    for note in converted.notes:
        warn(f"note: {note}")
    say(_writable(json.dumps(converted.policy, indent=2, ensure_ascii=False)))
    return 0


def _writable(text: str) -> str:
    """JSON whose letters standard output can take; the others are escaped."""
    import json
    import sys

    try:
        text.encode(getattr(sys.stdout, "encoding", None) or "utf-8")
    except UnicodeEncodeError:
        return "".join(letter if letter.isascii() else json.dumps(letter)[1:-1] for letter in text)
    return text


def _list() -> None:
    from anchore_gate.policy.bundle import load_bundle
    from anchore_gate.policy.document import shipped_names

    table(("NAME", "DESCRIPTION"), [(name, load_bundle(name).description) for name in shipped_names()])


def _show(source: str) -> int:
    from anchore_gate.policy.document import decoded
    from anchore_gate.policy.draft import policy_content, read_draft

    content = policy_content(source)
    errors = read_draft(content, source=source).errors(now=datetime.now(timezone.utc))
    say(_writable(decoded(content).rstrip()))
    return _faulty(source, len(errors))


def _faulty(source: str, errors: int) -> int:
    if errors:
        warn(f"{source}: {_counted(errors, 'error')} (anchore-gate policy validate {source})")
    return 2 if errors else 0


def _counted(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def _gates(name: str | None, *, markdown: bool) -> None:
    from anchore_gate.policy.reference import reference

    if markdown:
        say("\n".join(reference()))
        return
    _list_gates(name)


def _list_gates(name: str | None) -> None:
    from anchore_gate.policy.gates import find_gate, gates

    gate = find_gate(name) if name else None
    if name and gate is None:
        _say([_elsewhere(name)])
        return
    for one in (gate,) if gate else gates():
        for trigger in one.triggers:
            _say(_trigger(trigger))


def _elsewhere(name: str) -> str:
    """What became of a gate that is not here. Raises `UsageError` for a name that never was one."""
    from anchore_gate.policy.gates import REMOTE_GATES, gate_names
    from anchore_gate.policy.legacy import ENDED_GATES

    word = name.lower()
    if word in REMOTE_GATES:
        return f"{word}: only with a remote engine: {REMOTE_GATES[word]}"
    if word in ENDED_GATES:
        instead = f"use {ENDED_GATES[word]}" if ENDED_GATES[word] else "nothing replaces it"
        return f"{word}: it has ended: {instead}"
    known = ", ".join((*gate_names(), *REMOTE_GATES))
    raise UsageError(f"no gate {name!r} (known: {known})")


def _trigger(trigger: type[Trigger]) -> Iterator[str]:
    from anchore_gate.policy import legacy
    from anchore_gate.policy.parameter import parameters
    from anchore_gate.policy.trigger import description

    old = legacy.trigger_name(trigger.GATE, trigger.NAME, dialect=legacy.ENGINE)
    also = f" (in Engine {old})" if old != trigger.NAME else ""
    yield f"{trigger.GATE}/{trigger.NAME}{also}: {description(trigger)}"
    for one in parameters(trigger):
        need = "required" if one.required else f"default {one.default or 'none'}"
        choices = f" {', '.join(one.kind.choices)}" if one.kind.choices else ""
        if one.kind.old_choices:
            choices += f" (in Engine {', '.join(one.kind.old_choices)})"
        example = f" (e.g. {one.example})" if one.example and not one.kind.choices else ""
        yield f"    {one.name} ({one.kind.name}{choices}; {need}): {one.description}{example}"
