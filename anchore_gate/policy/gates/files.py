"""Gate `files`: paths, modes, checksums and contents of the image's files."""

from __future__ import annotations

import re
from collections.abc import Iterator

from anchore_gate.image.filesystem import FileEntry
from anchore_gate.image.needs import Checksums, Needs
from anchore_gate.model.evaluation import Finding
from anchore_gate.policy.expression import Expression
from anchore_gate.policy.parameter import BOOLEAN, EXPRESSION, TEXT, choice, parameter
from anchore_gate.policy.settings import AnalyzerSettings
from anchore_gate.policy.trigger import Evidence, Gate, Trigger
from anchore_gate.policy.wording import named_expression
from anchore_gate.typed import ClassVar, Final
from anchore_gate.values import dataclass

_OPERATORS = choice("equals", "not_equals")


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentRegexMatch(Trigger):
    """Fires for each file in which a configured content expression matches a line."""

    GATE: ClassVar[str] = "files"
    NAME: ClassVar[str] = "content_regex_match"

    regex_name: str | None = parameter(
        TEXT,
        description="Only this expression: its name or its text, of the analyzer configuration",
        example=".*password.*",
        default=None,
    )

    def needs(self, settings: AnalyzerSettings) -> Needs:
        """See `Trigger.needs`."""
        return Needs(searches=settings.content_searches())

    def unseen(self, settings: AnalyzerSettings) -> str:
        """See `Trigger.unseen`."""
        if any(self._names(one.name, one.regex) for one in settings.contents):
            return ""
        named = f" by the name {self.regex_name!r}" if self.regex_name else ""
        return f"no content expression{named} is configured (--analyzer-config)"

    def fire(self, evidence: Evidence) -> Iterator[Finding]:
        """See `Trigger.fire`."""
        for hit in evidence.filesystem.hits:
            if hit.kind == "content" and self._names(hit.name, hit.regex):
                yield self.found(
                    "File content analyzer found regexp match in container: "
                    f"file={hit.path} regexp={named_expression(hit.name, hit.regex)}",
                    path=hit.path,
                    line=hit.lines[0] if hit.lines else None,
                    layer=hit.layer,
                )

    def _names(self, name: str, regex: str) -> bool:
        from binascii import b2a_base64

        whole = named_expression(name, regex)
        key = b2a_base64(whole.encode(), newline=False).decode()
        return self.regex_name in {None, "", name, regex, whole, key}


@dataclass(frozen=True, slots=True, kw_only=True)
class NameMatch(Trigger):
    """Fires for each path that an expression matches from its start."""

    GATE: ClassVar[str] = "files"
    NAME: ClassVar[str] = "name_match"

    regex: Expression = parameter(
        EXPRESSION, description="Tried on the whole absolute path", example=r".*\.pem"
    )

    def fire(self, evidence: Evidence) -> Iterator[Finding]:
        """See `Trigger.fire`."""
        entries = list(evidence.filesystem.entries())
        matched = self.regex.matching([entry.path for entry in entries])
        for entry, hit in zip(entries, matched, strict=True):
            if hit:
                yield self.found(
                    f"Application of regex matched file found in container: file={entry.path} "
                    f"regexp={self.regex.text}",
                    path=entry.path,
                    layer=entry.layer,
                )


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributeMatch(Trigger):
    """Fires when a file has the checksum and mode that are given, or is missing where it must not be."""

    GATE: ClassVar[str] = "files"
    NAME: ClassVar[str] = "attribute_match"

    filename: str = parameter(TEXT, description="The absolute path", example="/etc/passwd")
    checksum_algorithm: str = parameter(
        choice("sha256"), description="The kind of checksum", example="sha256", default="sha256"
    )
    checksum: str | None = parameter(
        TEXT, description="Lower-case hexadecimal", example="832cd0f7...", default=None
    )
    checksum_match: str = parameter(
        _OPERATORS, description="How checksums compare", example="equals", default="equals"
    )
    mode: str | None = parameter(TEXT, description="Octal permission bits", example="00644", default=None)
    mode_op: str = parameter(_OPERATORS, description="How modes compare", example="equals", default="equals")
    skip_missing: bool = parameter(
        BOOLEAN, description="false: fire when the file is missing", example="true", default=True
    )

    def __post_init__(self) -> None:
        if self.mode and not re.fullmatch(r"\s*(?:0[oO])?[0-7]{1,12}\s*", self.mode):
            raise ValueError(f"mode: not octal digits: {self.mode[:40]!r}")

    def needs(self, settings: AnalyzerSettings) -> Needs:
        """See `Trigger.needs`."""
        del settings
        wanted = Checksums(pattern=re.escape(self.filename))
        return Needs(checksums=(wanted,) if self.checksum else ())

    def fire(self, evidence: Evidence) -> Iterator[Finding]:
        """See `Trigger.fire`."""
        entry = evidence.filesystem.entry(self.filename)
        if entry is None:
            if not self.skip_missing:
                yield self.found(f"filename={self.filename} and skip_missing=False", path=self.filename)
            return
        parts = list(self._checks(entry, evidence))
        if parts and all(hit for hit, _ in parts):
            text = " and ".join((f"filename={self.filename}", *(said for _, said in parts)))
            yield self.found(text, path=self.filename, layer=entry.layer)

    def _checks(self, entry: FileEntry, evidence: Evidence) -> Iterator[tuple[bool, str]]:
        if self.checksum:
            actual = evidence.filesystem.checksum(self.filename, self.checksum_algorithm)
            actual = actual or "DIRECTORY_OR_OTHER"
            same = actual == self.checksum
            yield (
                same is (self.checksum_match == "equals"),
                f"checksum={actual} op={self.checksum_match} specified_checksum={self.checksum}",
            )
        if self.mode:
            bits, wanted = entry.mode & 0o7777, int(self.mode, 8)
            yield (
                (bits == wanted) is (self.mode_op == "equals"),
                f"mode={oct(bits)} op={self.mode_op} specified_mode={oct(wanted)}",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class SuidOrGuidSet(Trigger):
    """Fires for each path with the setuid or the setgid bit."""

    GATE: ClassVar[str] = "files"
    NAME: ClassVar[str] = "suid_or_guid_set"

    def fire(self, evidence: Evidence) -> Iterator[Finding]:
        """See `Trigger.fire`."""
        for entry in evidence.filesystem.entries(mode=0o6000):
            yield self.found(
                f"SUID or SGID found set on file {entry.path}. Mode: {oct(entry.mode)}",
                path=entry.path,
                layer=entry.layer,
                fix=f"RUN chmod a-s {entry.path}",
            )


GATE: Final = Gate(
    "files",
    "Files of the image: their paths, attributes and contents.",
    (ContentRegexMatch, NameMatch, AttributeMatch, SuidOrGuidSet),
)
