"""The policy that `--severity-cutoff` stands for."""

from __future__ import annotations

import json

from anchore_gate.errors import UsageError
from anchore_gate.policy.bundle import Bundle
from anchore_gate.policy.parse import parse_bundle

PREFIX = "severity-cutoff-"  # before the severity in the policy's id
SEVERITIES = ("unknown", "negligible", "low", "medium", "high", "critical")


def cutoff_text(severity: str) -> str:
    """The policy as JSON: STOP for a vulnerability of this severity or worse. Raises `UsageError`."""
    word = severity.strip().lower()
    if word not in SEVERITIES:
        raise UsageError(f"--severity-cutoff {severity!r}: none of {', '.join(SEVERITIES)}")
    params = {"package_type": "all", "severity_comparison": ">=", "severity": word}
    rule = {
        "id": f"severity-{word}",
        "gate": "vulnerabilities",
        "trigger": "package",
        "action": "STOP",
        "params": [{"name": name, "value": value} for name, value in params.items()],
        "description": f"No known vulnerability of severity {word} or worse",
        "recommendation": "Upgrade the package to a fixed version",
        "controls": ["NIST-800-190:4.1.1", "CIS-Docker:4.4"],
    }
    anything = {"registry": "*", "repository": "*", "image": {"type": "tag", "value": "*"}}
    lists = {"rule_set_ids": ["severity"], "allowlist_ids": []}
    document = {
        "id": f"{PREFIX}{word}",
        "name": f"Severity cutoff {word}",
        "version": "2",
        "rule_sets": [{"id": "severity", "name": "Severity", "version": "2", "rules": [rule]}],
        "allowlists": [],
        "mappings": [{"id": "all", "name": "All images", **anything, **lists}],
        "allowlisted_images": [],
        "denylisted_images": [],
    }
    return json.dumps(document, indent=2)


def cutoff_policy(severity: str) -> Bundle:
    """The same, parsed. Raises `UsageError`."""
    return parse_bundle(json.loads(cutoff_text(severity)), source=f"--severity-cutoff {severity}")
