"""Everything that is wrong with a policy, whatever the image."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from anchore_gate.model.evaluation import Problem
from anchore_gate.policy.bundle import Allowlist, Bundle, RuleSet, references


def review(bundle: Bundle, *, now: datetime) -> Iterator[Problem]:
    """Every fault of every part, used or not; then what is unused or expired."""
    yield from bundle.problems
    for mapping in bundle.mappings:
        yield from mapping.problems
        yield from references(
            bundle.rule_sets, mapping.matched.rule_set_ids, bundle.words.rule_set, mapping.path
        )
        yield from references(
            bundle.allowlists, mapping.matched.allowlist_ids, bundle.words.allowlist, mapping.path
        )
    parts: tuple[RuleSet | Allowlist, ...] = (*bundle.rule_sets, *bundle.allowlists)
    for part in parts:
        yield from part.problems
    yield from _unused(bundle)
    yield from _expired(bundle, now)


def _unused(bundle: Bundle) -> Iterator[Problem]:
    used = {one for rule in bundle.mappings for one in rule.matched.rule_set_ids}
    used_lists = {one for rule in bundle.mappings for one in rule.matched.allowlist_ids}
    unused = [one for one in bundle.rule_sets if one.id not in used]
    unused_lists = [one for one in bundle.allowlists if one.id not in used_lists]
    parts: tuple[RuleSet | Allowlist, ...] = (*unused, *unused_lists)
    for part in parts:
        yield _warning("Unreferenced", f"no mapping refers to {part.id!r}", part.path)
    catch_all = ""
    for rule in bundle.mappings:
        if catch_all:
            yield _warning("Unreachable", f"never reached: {catch_all} picks every image", rule.path)
        elif (rule.registry.text, rule.repository.text, rule.image_type, rule.image.text) == (
            *("*", "*"),
            *("tag", "*"),
        ):
            catch_all = rule.path


def _expired(bundle: Bundle, now: datetime) -> Iterator[Problem]:
    for allowlist in bundle.allowlists:
        for item in allowlist.items:
            if item.expires_on is not None and item.expires_on <= now:
                message = f"the item {item.id!r} ({item.trigger_id}) expired on {item.expires_on:%Y-%m-%d}"
                yield _warning("Expired", message, f"{allowlist.path}.items")


def _warning(kind: str, message: str, path: str) -> Problem:
    return Problem(severity="warn", type=kind, message=message, path=path)
