"""Gate `secret_scans`: secrets in files, found by the configured expressions."""

from __future__ import annotations

import re
from collections.abc import Iterator

from anchore_gate.image.filesystem import ContentHit
from anchore_gate.image.needs import Needs
from anchore_gate.model.evaluation import Finding
from anchore_gate.policy.expression import Expression
from anchore_gate.policy.parameter import EXPRESSION, TEXT, choice, parameter
from anchore_gate.policy.settings import AnalyzerSettings
from anchore_gate.policy.trigger import Evidence, Gate, Trigger
from anchore_gate.policy.wording import named_expression
from anchore_gate.typed import ClassVar, Final
from anchore_gate.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentRegexChecks(Trigger):
    """Fires for each file and expression that matched in it, or once where nothing did."""

    GATE: ClassVar[str] = "secret_scans"
    NAME: ClassVar[str] = "content_regex_checks"

    content_regex_name: str | None = parameter(
        TEXT,
        description="Only these expressions: names of the analyzer configuration, separated by commas",
        example="AWS_ACCESS_KEY",
        default=None,
    )
    filename_regex: Expression | None = parameter(
        EXPRESSION,
        description="Only files whose absolute path it matches from the start",
        example="/etc/.*",
        default=None,
    )
    match_type: str = parameter(
        choice("found", "notfound"), description="What fires", example="found", default="found"
    )

    def needs(self, settings: AnalyzerSettings) -> Needs:
        """See `Trigger.needs`."""
        return Needs(
            searches=tuple(one for one in settings.secret_searches() if self._names(one.name, one.regex))
        )

    def unseen(self, settings: AnalyzerSettings) -> str:
        """See `Trigger.unseen`."""
        if self.match_type == "notfound" or self.needs(settings).searches:
            return ""
        named = f" by the name {self.content_regex_name!r}" if self.content_regex_name else ""
        return f"no secret expression{named} is configured (--analyzer-config)"

    def fire(self, evidence: Evidence) -> Iterator[Finding]:
        """See `Trigger.fire`."""
        hits = self._hits(evidence)
        if self.match_type == "notfound":
            if not hits:
                path = (self.filename_regex.text if self.filename_regex else "") or "*"
                yield self.found(
                    "Secret content search analyzer did not find regexp match in container: "
                    f"filename_regex={path} content_regex_name={self.content_regex_name or 'all'}"
                )
            return
        for hit in hits:
            yield self.found(
                "Secret content search analyzer found regexp match in container: "
                f"file={hit.path} regexp={named_expression(hit.name, hit.regex)}",
                path=hit.path,
                line=hit.lines[0] if hit.lines else None,
                layer=hit.layer,
                fix="take the secret out of every layer, and replace it: it is known now",
            )

    def _hits(self, evidence: Evidence) -> list[ContentHit]:
        named = [
            hit
            for hit in evidence.filesystem.hits
            if hit.kind == "secret" and self._names(hit.name, hit.regex)
        ]
        if self.filename_regex is None:
            return named
        matched = self.filename_regex.matching([hit.path for hit in named])
        return [hit for hit, fits in zip(named, matched, strict=True) if fits]

    def _names(self, name: str, regex: str) -> bool:
        if not self.content_regex_name:
            return True
        if self.content_regex_name in {regex, named_expression(name, regex)}:
            return True
        # Engine looks for the name anywhere in the text, so that lists of all kinds have come to work
        whole = rf"(?<!\w){re.escape(name)}(?!\w)"
        return bool(name) and re.search(whole, self.content_regex_name) is not None


GATE: Final = Gate("secret_scans", "Secrets in the image's files.", (ContentRegexChecks,))
