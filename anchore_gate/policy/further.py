"""Allowlists from files of their own, beside those of the policy."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from anchore_gate.errors import ConfigError, InvalidBundle
from anchore_gate.policy.bundle import Allowlist, Bundle, ImageRule
from anchore_gate.typed import Any
from anchore_gate.values import replace


def with_allowlists(bundle: Bundle, paths: Iterable[Path]) -> Bundle:
    """
    The policy with further allowlists, which count for every mapping.

    A file holds one allowlist, of either dialect. Raises `ConfigError` and `InvalidBundle` for one that is
    none, or whose id the policy has already.
    """
    found = [load_allowlist(path) for path in paths]
    ids = [one.id for one in (*bundle.allowlists, *found)]
    if twice := sorted({one for one in ids if ids.count(one) > 1}):
        raise ConfigError(f"--allowlist: the policy has an allowlist with the id {twice[0]!r} already")
    added = tuple(one.id for one in found)
    mappings = tuple(_mapped(rule, added) for rule in bundle.mappings)
    return replace(bundle, allowlists=(*bundle.allowlists, *found), mappings=mappings)


def _mapped(rule: ImageRule, ids: tuple[str, ...]) -> ImageRule:
    lists = (*rule.matched.allowlist_ids, *ids)
    return replace(rule, matched=replace(rule.matched, allowlist_ids=lists))


def load_allowlist(path: Path) -> Allowlist:
    """One allowlist. Raises `ConfigError`, `InvalidBundle` with everything that is wrong."""
    from anchore_gate.policy.document import parse_json, read_text
    from anchore_gate.policy.parse import parse_bundle

    content = read_text(path)
    try:
        raw = parse_json(content)
    except InvalidBundle as error:
        raise InvalidBundle(f"{path}: {error}") from error
    if not isinstance(raw, dict) or "items" not in raw:
        raise InvalidBundle(f"{path}: not an allowlist: an object with id, version and items is expected")
    found = parse_bundle(_around(raw)).allowlists
    if not found:
        raise InvalidBundle(f"{path}: not an allowlist: it has no id")
    if found[0].problems:
        told = (f"{one.path.partition('[0].')[2]}: {one.message}" for one in found[0].problems)
        raise InvalidBundle(f"{path}: {'; '.join(told)}")
    return found[0]


def _around(allowlist: dict[str, Any]) -> dict[str, Any]:
    """A policy that holds nothing else, in the allowlist's own dialect."""
    if allowlist.get("version") == "1_0":
        return {"id": "-", "version": "1_0", "policies": [], "mappings": [], "whitelists": [allowlist]}
    return {"id": "-", "version": "2", "rule_sets": [], "mappings": [], "allowlists": [allowlist]}
