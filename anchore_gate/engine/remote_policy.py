"""A policy of ours as a service is given it."""

from __future__ import annotations

import json

from anchore_gate.engine.engine import Request
from anchore_gate.errors import ConfigError, UsageError
from anchore_gate.model.digest import Digest
from anchore_gate.policy.bundle import Allowlist, Bundle, ImageRule, RuleSet
from anchore_gate.policy.items import AllowlistItem
from anchore_gate.policy.settings import AnalyzerSettings
from anchore_gate.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from anchore_gate.engine.remote_files import FileRules
    from anchore_gate.remote.service import Service

# What cannot be written in other words; a service says itself what else is wrong with the rules that it asks.
_SHAPELESS = frozenset({"PolicyError", "ValidationError"})


def upload_of(bundle: Bundle, *, dialect: str) -> dict[str, object]:
    """The policy as the service is given it, under an id made of its content. Raises `GateError`."""
    from anchore_gate.policy.convert import convert
    from anchore_gate.policy.cutoff import cutoff_text
    from anchore_gate.policy.document import locate, parse_json, read_text
    from anchore_gate.policy.parse import parse_bundle

    option, _, severity = bundle.source.partition(" ")
    if option == "--severity-cutoff":
        raw = parse_json(cutoff_text(severity))
    elif bundle.source:
        content = read_text(locate(bundle.source))
        raw = parse_json(content)
        if Digest.of(content) != Digest.parse(bundle.digest):
            raise ConfigError(f"policy {bundle.source!r} changed while the run was going on")
    else:
        raise UsageError("a policy for a service comes from a file: load_bundle(PATH)")
    parsed = parse_bundle(raw, source=bundle.source, digest=bundle.digest)
    if _accepted(parsed) != _accepted(bundle):
        raise UsageError("a service decides by the policy's own allowlists: add the further ones to its file")
    parts: tuple[Bundle | ImageRule | RuleSet | Allowlist, ...]
    parts = (parsed, *parsed.mappings, *parsed.rule_sets, *parsed.allowlists)
    faults = (problem for part in parts for problem in part.problems)
    problem = next((one for one in faults if one.type in _SHAPELESS and one.severity == "error"), None)
    if problem is not None:
        raise ConfigError(f"policy {bundle.source!r}: {problem.path}: {problem.message}")
    made = dict(convert(raw, to=dialect).policy)
    made["id"] = "anchore-gate-" + bundle.digest.partition(":")[2][:32]
    return made


def file_rules(service: Service, request: Request, policy_id: str, settings: AnalyzerSettings) -> FileRules:
    """The rules about files of the policy that will decide, where the service's import takes files."""
    from anchore_gate.engine.remote_evaluation import policy_of
    from anchore_gate.engine.remote_files import FileRules
    from anchore_gate.remote import v2

    if service.api is not v2 or request.image.startswith("sbom:"):
        return FileRules()
    if request.bundle is None:
        content = service.policy(policy_id)
    else:
        content = json.dumps(upload_of(request.bundle, dialect=service.api.POLICY_DIALECT))
    return FileRules(bundle=policy_of(content), settings=settings)


def _accepted(bundle: Bundle) -> list[tuple[str, tuple[AllowlistItem, ...]]]:
    return [(one.id, tuple(one.items)) for one in bundle.allowlists]
