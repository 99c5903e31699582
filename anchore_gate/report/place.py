"""Where a finding stands in the repository: a line of the Dockerfile, as code views know no image."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import PurePosixPath
from urllib.parse import quote

from anchore_gate.errors import InvalidReference
from anchore_gate.model.image import ImageReference
from anchore_gate.model.result import GateResult, NoVerdict
from anchore_gate.report.cleaning import line
from anchore_gate.report.entry import Entry
from anchore_gate.report.reporter import ReportOptions


def dockerfile_of(result: GateResult | NoVerdict, options: ReportOptions) -> str:
    """The Dockerfile's path, relative to the repository and as a URL wants it."""
    known = result.dockerfile.path if isinstance(result, GateResult) else ""
    return _relative(known) or _relative(options.dockerfile) or "Dockerfile"


@lru_cache(maxsize=1024)
def _relative(path: str) -> str:
    parts = PurePosixPath(path).parts
    if ".." in parts or path.startswith(("/", "~")) or not path.isprintable():
        return ""
    return quote("/".join(parts))


def dockerfile_line(entry: Entry) -> int:
    """The line of the instruction that brought it, else the last FROM's, else the first."""
    if entry.finding.line and not entry.finding.path:
        return entry.finding.line
    written = [step for step in entry.result.dockerfile.instructions if step.line > 0]
    brought = [step.line for step in written if step.layer is not None and step.layer == entry.layer]
    stages = [step.line for step in written if step.keyword == "FROM"]
    return (brought or stages or [1])[-1]


def repository_of(result: GateResult | NoVerdict) -> str:
    """The image's name without tag and digest: the same for every build of it."""
    return _repository(result.name)


@lru_cache(maxsize=1024)
def _repository(name: str) -> str:
    try:
        reference = ImageReference.parse(name)
    except InvalidReference:
        return line(name.partition("@")[0]) or "image"
    return f"{reference.registry}/{reference.repository}"


def slug(text: str) -> str:
    """The text as a word of an identifier."""
    return re.sub(r"[^A-Za-z0-9._/-]+", "-", text).strip("-/") or "image"


def fingerprint(*parts: str) -> str:
    """A digest that stays the same as long as the parts do."""
    return hashlib.sha256("\0".join(parts).encode("utf-8", errors="replace")).hexdigest()


class Fingerprints:
    """Fingerprints of findings that survive a new tag or version; a second alike one is numbered."""

    def __init__(self) -> None:
        self._seen: dict[str, int] = {}

    def of(self, entry: Entry) -> str:
        """The finding's own."""
        return self.numbered(fingerprint(*_identity(entry)))

    def numbered(self, base: str) -> str:
        """The base with how often it was seen, e.g. `ab12:1`."""
        number = self._seen[base] = self._seen.get(base, 0) + 1
        return f"{base}:{number}"


def _identity(entry: Entry) -> Iterator[str]:
    outcome, finding = entry.outcome, entry.finding
    yield from (repository_of(entry.result), outcome.gate, outcome.trigger)
    if (vulnerability := entry.vulnerability) is not None and (package := entry.package) is not None:
        yield from (vulnerability.id, package.type, package.name, (package.locations or ("",))[0])
    else:
        yield from (finding.trigger_id, finding.path)
