"""A policy file as its author sees it: whatever can be read of it, and everything that is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from anchore_gate.errors import InvalidBundle
from anchore_gate.model.evaluation import Problem
from anchore_gate.policy.bundle import Bundle
from anchore_gate.policy.cutoff import PREFIX, cutoff_text
from anchore_gate.policy.digest import digest_of
from anchore_gate.policy.document import RepeatedKeys, locate, parse_json, read_text
from anchore_gate.policy.fault import caution, fault
from anchore_gate.policy.parse import read_bundle
from anchore_gate.policy.review import review
from anchore_gate.typed import Any
from anchore_gate.values import dataclass, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A policy that may be faulty: what `load_bundle` refuses is among the problems of its `bundle`."""

    raw: dict[str, Any]
    bundle: Bundle

    def errors(self, *, now: datetime) -> tuple[Problem, ...]:
        """Whatever stops an image, or would if something referred to it."""
        return tuple(one for one in review(self.bundle, now=now) if one.severity == "error")

    def problems(self, *, now: datetime) -> Iterator[Problem]:
        """All that its author should know, but for what the schema says."""
        yield from review(self.bundle, now=now)
        for number, rule_set in enumerate(_objects(self.raw.get(self.bundle.words.rule_sets))):
            for place, rule in enumerate(_objects(rule_set.get("rules"))):
                yield from _twice(rule, f"{self.bundle.words.rule_sets}[{number}].rules[{place}].params")


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    """The elements of a list; empty objects in the places of what is none."""
    yield from (one if isinstance(one, dict) else {} for one in (value if isinstance(value, list) else ()))


def _twice(rule: dict[str, Any], path: str) -> Iterator[Problem]:
    seen: set[str] = set()
    for number, one in enumerate(_objects(rule.get("params"))):
        name = one["name"].lower() if isinstance(one.get("name"), str) else ""
        if name and name in seen:
            message = f"the parameter {name!r} is given again: the last one counts"
            yield caution(message, f"{path}[{number}]", "Duplicate")
        seen.add(name)


def load_draft(source: str | Path) -> Draft:
    """
    Read a policy file, one that ships by its name, or what a `--severity-cutoff` stands for.

    Raises `ConfigError` for a file that cannot be read and `InvalidBundle` for one that is no JSON object.
    """
    return read_draft(policy_content(source), source=str(source))


def policy_content(source: str | Path) -> bytes:
    """The bytes that a path or a name means. Raises `UsageError`."""
    if isinstance(source, str) and source.startswith(PREFIX) and not Path(source).exists():
        return cutoff_text(source.removeprefix(PREFIX)).encode()
    return read_text(locate(source))


def read_draft(content: bytes, *, source: str) -> Draft:
    """Read the content of a policy file. Raises `InvalidBundle` for what is no JSON object."""
    try:
        raw, repeated = _parsed(content)
        bundle, refusals = read_bundle(raw, source=source, digest=digest_of(content))
    except InvalidBundle as error:
        raise InvalidBundle(error.reason, path=error.path, source=source) from error
    return Draft(raw=raw, bundle=replace(bundle, problems=(*repeated, *refusals, *bundle.problems)))


def _parsed(content: bytes) -> tuple[Any, tuple[Problem, ...]]:
    try:
        return parse_json(content), ()
    except RepeatedKeys as repeated:
        told = tuple(fault(f"the key {key!r} is written twice"[:200], path) for path, key in repeated.places)
        return repeated.value, told
