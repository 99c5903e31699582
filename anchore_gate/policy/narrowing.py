"""What the user sets aside beside allowlists: known findings, inherited ones, those without a fix."""

from __future__ import annotations

from anchore_gate.errors import ConfigError
from anchore_gate.model.digest import Digest
from anchore_gate.model.evaluation import Evaluation, Finding, RuleOutcome
from anchore_gate.model.image import Image
from anchore_gate.model.suppression import Suppression
from anchore_gate.values import dataclass, replace

FindingKey = tuple[str, str, str]  # gate, trigger, trigger id


@dataclass(frozen=True, slots=True, kw_only=True)
class Narrowing:
    """Which findings do not count. They stay in every report, with the reason."""

    known: frozenset[FindingKey] = frozenset()  # of the baseline
    baseline: str = ""  # where they are known from
    base_image: str = ""
    base_layers: tuple[Digest, ...] = ()  # diff_ids of the base image; () = nothing is inherited
    without_inherited: bool = False  # what a service saw in the base image too does not count
    only_fixed: bool = False  # vulnerabilities without a fix do not count

    def apply(self, evaluation: Evaluation, image: Image) -> Evaluation:
        """
        The evaluation with what does not count set aside.

        Raises `ConfigError` when the image was not built on the base image that is named.
        """
        if self == Narrowing():
            return evaluation
        if self.base_layers and self.base_layers != tuple(
            layer.diff_id for layer in image.layers[: len(self.base_layers)]
        ):
            raise ConfigError(f"{image.display_name} was not built on {self.base_image}: its layers differ")
        return replace(evaluation, outcomes=tuple(self._narrowed(one) for one in evaluation.outcomes))

    def _narrowed(self, outcome: RuleOutcome) -> RuleOutcome:
        findings = tuple(self._judged(outcome, finding) for finding in outcome.findings)
        return outcome if findings == outcome.findings else replace(outcome, findings=findings)

    def _judged(self, outcome: RuleOutcome, finding: Finding) -> Finding:
        if not finding.stands:
            return finding
        why = self._reason(outcome, finding)
        return finding if why is None else replace(finding, suppressed=why)

    def _reason(self, outcome: RuleOutcome, finding: Finding) -> Suppression | None:
        if (outcome.gate, outcome.trigger, finding.trigger_id) in self.known:
            return Suppression(kind="baseline", id=self.baseline, reason="known from the baseline")
        layer = (
            finding.layer if finding.layer is not None or finding.package is None else finding.package.layer
        )
        is_inherited = self.without_inherited and finding.inherited is True
        if is_inherited or (layer is not None and layer < len(self.base_layers)):
            return Suppression(kind="base_image", id=self.base_image, reason="inherited from the base image")
        if self.only_fixed and finding.match is not None and finding.match.fix.state != "fixed":
            return Suppression(kind="only_fixed", reason=f"no fix ({finding.match.fix.state})")
        return None


def keys_of(evaluation: Evaluation) -> frozenset[FindingKey]:
    """The findings of an evaluation as a baseline knows them: those that an allowlist set aside too."""
    return frozenset(
        (outcome.gate, outcome.trigger, finding.trigger_id)
        for outcome in evaluation.outcomes
        for finding in outcome.findings
    )
