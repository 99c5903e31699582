"""What is handed in to be analysed, and how the API wants it said."""

from __future__ import annotations

import base64
from datetime import datetime, timezone
from types import ModuleType

from anchore_gate.model.image import ImageReference
from anchore_gate.remote.values import Imported
from anchore_gate.typed import Any
from anchore_gate.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """What is handed in."""

    reference: ImageReference  # with a tag; the digest, where given, is what is pulled
    dockerfile: bytes | None = None
    annotations: tuple[tuple[str, str], ...] = ()
    force: bool = False
    subscribe: tuple[str, ...] = ()
    imported: Imported | None = None  # handed over here, not pulled from a registry
    now: datetime

    @property
    def tag(self) -> str:
        """The name under which the image is judged."""
        one = self.reference
        return f"{one.registry}/{one.repository}:{one.effective_tag}"


def source_of(submission: Submission, api: ModuleType) -> dict[str, Any]:
    """The body's `source`: an import, a tag, or a digest with its tag."""
    one = submission.reference
    if (parts := submission.imported) is not None:
        named = {"digest": parts.digest, "local_image_id": parts.image_id, "tags": [submission.tag]}
        contents = {"contents": dict(parts.contents), "operation_uuid": parts.operation}
        return {"import": {**named, **contents}}
    fields: dict[str, str] = {}
    if submission.dockerfile is not None:
        fields["dockerfile"] = base64.b64encode(submission.dockerfile).decode()
    if one.digest is None:
        return {"tag": {api.PULL_STRING: submission.tag, **fields}}
    pulled = f"{one.registry}/{one.repository}@{one.digest}"
    moment = submission.now.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    tagged = {"tag": submission.tag, "creation_timestamp_override": moment}
    return {"digest": {api.PULL_STRING: pulled, **tagged, **fields}}
