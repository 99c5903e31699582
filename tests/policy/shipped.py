"""What the shipped policies are asked about."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from anchore_gate.image.dockerfile import parse_dockerfile
from anchore_gate.image.filesystem import FileEntry
from anchore_gate.model.inventory import Distro, Inventory
from anchore_gate.model.vulnerability import DatabaseIdentity
from anchore_gate.policy.bundle import load_bundle
from anchore_gate.policy.evaluate import evaluate
from anchore_gate.policy.target import Target
from anchore_gate.policy.trigger import Evidence
from tests.policy.support import NOW, evidence, files

HARDENING = ("cis-docker-4", "nist-sp-800-190")
GOOD = "FROM debian:12-slim@sha256:" + "a" * 64 + "\nCOPY app /app\nHEALTHCHECK CMD /app ok\nUSER app\n"


LISTS = (("epss", ""), ("kev", ""))
DATA = DatabaseIdentity(source="grype", built_at=NOW - timedelta(days=1), providers=LISTS)


def seen(text: str = GOOD, *entries: FileEntry, **more: Any) -> Evidence:
    debian = Inventory(distro=Distro(id="debian", version_id="12"))
    given = {"inventory": debian, "malware": (), "database": DATA, "distro_has_data": True}
    given["dockerfile"] = parse_dockerfile(text)
    return evidence(files=files(*entries), **{**given, **more})


def fired(name: str, evidence: Evidence) -> set[str]:
    result = evaluate(load_bundle(name), evidence, target=Target.parse("app:1"))
    assert [outcome.problem for outcome in result.outcomes if outcome.problem] == []
    return {outcome.rule_id for outcome in result.outcomes if outcome.findings}
