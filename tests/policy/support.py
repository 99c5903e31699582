"""Small bundles and evidence, built by code."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any, BinaryIO

from anchore_gate.errors import ImageError
from anchore_gate.image.filesystem import ContentHit, FileEntry, Filesystem
from anchore_gate.image.needs import Want
from anchore_gate.model.evaluation import Action, Evaluation, Finding
from anchore_gate.model.image import Dockerfile, Image
from anchore_gate.model.inventory import Inventory
from anchore_gate.policy.evaluate import evaluate
from anchore_gate.policy.parse import parse_bundle
from anchore_gate.policy.target import Target
from anchore_gate.policy.trigger import Evidence

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=timezone.utc)


class Files:
    """A few files, all kept."""

    def __init__(
        self, *entries: FileEntry, kept: dict[str, bytes] | None = None, hits: tuple[ContentHit, ...] = ()
    ):
        self.kept_bytes = kept or {}
        made = [
            FileEntry(path=path, type="file", mode=0o100644, size=len(content))
            for path, content in self.kept_bytes.items()
            if path not in {entry.path for entry in entries}
        ]
        self._entries = {entry.path: entry for entry in (*entries, *made)}
        self._hits = hits

    @property
    def hits(self) -> tuple[ContentHit, ...]:
        return self._hits

    @property
    def oversized(self) -> tuple[tuple[str, int], ...]:
        return ()

    @property
    def notes(self) -> tuple[str, ...]:
        return ()

    def entries(self, *, mode: int = 0) -> Iterator[FileEntry]:
        every = sorted(self._entries.values(), key=lambda entry: entry.path)
        return (entry for entry in every if not mode or entry.mode & mode)

    def entry(self, path: str) -> FileEntry | None:
        return self._entries.get(path)

    def resolve(self, path: str) -> str | None:
        return path if path in self._entries else None

    def kept(self, want: Want) -> Iterator[str]:
        return iter(sorted(self.kept_bytes))

    def parts(self, name: str) -> Iterator[tuple[str, bytes]]:
        raise NotImplementedError(name)

    def behind_links(self) -> Iterator[FileEntry]:
        return iter(())

    def has(self, path: str) -> bool:
        return path in self.kept_bytes

    def read(self, path: str) -> bytes:
        if path not in self.kept_bytes:
            raise ImageError(f"not kept: {path}")
        return self.kept_bytes[path]

    def open(self, path: str) -> BinaryIO:
        return io.BytesIO(self.read(path))

    def checksum(self, path: str, algorithm: str) -> str | None:
        content = self.kept_bytes.get(path)
        return None if content is None else hashlib.new(algorithm, content).hexdigest()


def files(
    *entries: FileEntry, kept: dict[str, bytes] | None = None, hits: tuple[ContentHit, ...] = ()
) -> Filesystem:
    return Files(*entries, kept=kept, hits=hits)


def rule(gate: str, trigger: str, action: str = "STOP", **params: Any) -> dict[str, Any]:
    given = [{"name": name, "value": value} for name, value in params.items()]
    return {"id": "r1", "gate": gate, "trigger": trigger, "action": action, "params": given}


def bundle(*rules: dict[str, Any], items: list[dict[str, Any]] | None = None, **more: Any) -> dict[str, Any]:
    made: dict[str, Any] = {
        "id": "b1",
        "version": "1_0",
        "policies": [{"id": "p1", "name": "p1", "version": "1_0", "rules": list(rules)}],
        "whitelists": [{"id": "w1", "name": "w1", "version": "1_0", "items": items or []}],
        "mappings": [mapping()],
    }
    return {**made, **more}


def enterprise(*rules: dict[str, Any], items: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    return {
        "id": "b2",
        "name": "b2",
        "version": "2",
        "rule_sets": [{"id": "p1", "name": "p1", "version": "2", "rules": list(rules)}],
        "allowlists": [{"id": "w1", "name": "w1", "version": "2", "items": items or []}],
        "mappings": [
            {
                "id": "m1",
                "name": "m1",
                "registry": "*",
                "repository": "*",
                "image": {"type": "tag", "value": "*"},
                "rule_set_ids": ["p1"],
                "allowlist_ids": ["w1"],
            }
        ],
    }


def mapping(registry: str = "*", repository: str = "*", value: str = "*", **more: Any) -> dict[str, Any]:
    image = {"type": more.pop("type", "tag"), "value": value}
    made = {"id": "m1", "name": "m1", "registry": registry, "repository": repository, "image": image}
    return {**made, "policy_id": "p1", "whitelist_ids": ["w1"], **more}


def evidence(**more: Any) -> Evidence:
    given: dict[str, Any] = {
        "image": Image(name="x", source="test"),
        "files": None,
        "inventory": Inventory(),
        "dockerfile": Dockerfile(),
        "now": NOW,
    }
    return Evidence(**{**given, **more})


def judge(raw: dict[str, Any], seen: Evidence | None = None, tag: str = "app:1", **more: Any) -> Evaluation:
    named = {key: more.pop(key, "") for key in ("digest", "image_id", "index_digest")}
    target = Target.parse(tag, **named)
    return evaluate(parse_bundle(raw), seen or evidence(), target=target, **more)


def findings(raw: dict[str, Any], seen: Evidence | None = None) -> list[Finding]:
    result = judge(raw, seen)
    assert not result.problems, result.problems
    assert [outcome.problem for outcome in result.outcomes if outcome.problem] == []
    return [finding for outcome in result.outcomes for finding in outcome.findings]


def messages(raw: dict[str, Any], seen: Evidence | None = None) -> list[str]:
    return [finding.message for finding in findings(raw, seen)]


__all__ = [
    "Action",
    "NOW",
    "bundle",
    "enterprise",
    "evidence",
    "files",
    "findings",
    "judge",
    "mapping",
    "messages",
    "rule",
]
