"""Gate `retrieved_files`: contents of single files, which the rules themselves name."""

from __future__ import annotations

from collections.abc import Iterator

from anchore_gate.image.needs import Needs, Want
from anchore_gate.model.evaluation import Finding
from anchore_gate.policy.expression import Expression
from anchore_gate.policy.parameter import EXPRESSION, TEXT, choice, parameter
from anchore_gate.policy.settings import AnalyzerSettings
from anchore_gate.policy.trigger import Evidence, Gate, Trigger, absolute
from anchore_gate.typed import ClassVar, Final
from anchore_gate.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentNotAvailable(Trigger):
    """Fires when the file is not there, is a link or too large, or is not among those to be retrieved."""

    GATE: ClassVar[str] = "retrieved_files"
    NAME: ClassVar[str] = "content_not_available"

    path: str = parameter(TEXT, description="The absolute path", example="/etc/httpd.conf")

    def needs(self, settings: AnalyzerSettings) -> Needs:
        """See `Trigger.needs`."""
        return Needs(wants=(Want.exact(absolute(self.path), limit=settings.retrieve_max_size),))

    def fire(self, evidence: Evidence) -> Iterator[Finding]:
        """See `Trigger.fire`."""
        if not evidence.is_retrieved(self.path):
            yield self.found("Cannot locate file in the image analysis", path=self.path)


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentRegex(Trigger):
    """Fires when an expression matches a line or a word of the file at its start, or where none does."""

    GATE: ClassVar[str] = "retrieved_files"
    NAME: ClassVar[str] = "content_regex"

    path: str = parameter(TEXT, description="The absolute path", example="/etc/httpd.conf")
    regex: Expression = parameter(EXPRESSION, description="The expression", example=".*SSLEnabled.*")
    check: str = parameter(choice("match", "no_match"), description="What fires", example="match")

    @property
    def reads(self) -> str:
        """See `Trigger.reads`."""
        return self.path

    def needs(self, settings: AnalyzerSettings) -> Needs:
        """See `Trigger.needs`."""
        return Needs(wants=(Want.exact(absolute(self.path), limit=settings.retrieve_max_size),))

    def fire(self, evidence: Evidence) -> Iterator[Finding]:
        """See `Trigger.fire`."""
        text = evidence.text_of(self.path)
        if text is None:
            return
        # Engine tries words only: an expression with a blank in it needs the line
        parts = [*text.splitlines(), *text.split()]
        if any(self.regex.matching(parts)) is (self.check == "match"):
            yield self.found(
                f"Content regex '{self.regex.text}' check '{self.check}' "
                f"found in retrieved file '{self.path}'",
                trigger_id=f"{self.rule_id}+file://{self.path}",
                path=self.path,
            )


GATE: Final = Gate("retrieved_files", "Contents of single files.", (ContentNotAvailable, ContentRegex))
