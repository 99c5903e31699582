"""A finding with its grounds around it: what every report says about it, said once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from anchore_gate.model.evaluation import Action, Finding, RuleOutcome
from anchore_gate.model.inventory import Package
from anchore_gate.model.result import GateResult, GateRun
from anchore_gate.model.suppression import Suppression
from anchore_gate.model.vulnerability import Severity, Vulnerability
from anchore_gate.report.cleaning import fit, line
from anchore_gate.report.once import kept, once
from anchore_gate.report.titles import title_of
from anchore_gate.values import dataclass

_SET_ASIDE = {
    "allowlist": "allowlisted",
    "baseline": "in the baseline",
    "base_image": "inherited from the base image",
    "only_fixed": "no fix yet",
    "vex": "set aside by VEX",
    "owned": "owned by another package",
    "not_meant": "known not to be meant",
}


@dataclass(frozen=True, eq=False)  # without slots: what was worked out is kept with it
class Entry:
    """One finding, the rule that asked, and the result it belongs to."""

    result: GateResult
    outcome: RuleOutcome
    finding: Finding

    @kept
    def state(self) -> str:
        """`stop`, `warn`, `go`, or `set aside` for what does not count."""
        return self.outcome.action.word if self.finding.stands else "set aside"

    @property
    def blocks(self) -> bool:
        """Whether it fails the image: it counts, is bad enough, and no image list lets the image through."""
        limit = Action.STOP if self.result.fail_on is None else self.result.fail_on
        return self.finding.stands and self.outcome.action >= limit and not self.excused

    @property
    def excused(self) -> bool:
        """Whether an image list of the policy lets the image through, whatever was found."""
        return _is_excused(self.result)

    @kept
    def package(self) -> Package | None:
        """The package it is about, None where it is about something else."""
        match = self.finding.match
        return self.finding.package or (match.package if match else None)

    @kept
    def vulnerability(self) -> Vulnerability | None:
        """The vulnerability it is about, None where it is about something else."""
        return self.finding.match.vulnerability if self.finding.match else None

    @property
    def severity(self) -> Severity | None:
        """How bad the vulnerability is, None where there is none."""
        return self.vulnerability.severity if self.vulnerability else None

    @property
    def fixed_in(self) -> tuple[str, ...]:
        """The versions that mend it."""
        return self.finding.match.fix.versions if self.finding.match else ()

    @property
    def layer(self) -> int | None:
        """The index of the layer that brought it, None where nobody knows."""
        if self.finding.layer is not None:
            return self.finding.layer
        return self.package.layer if self.package else None

    @kept
    def instruction(self) -> str:
        """The build instruction that brought it, "" where nobody knows."""
        index = self.layer
        layers = self.result.image.layers
        if index is None or not 0 <= index < len(layers):
            return ""
        return line(layers[index].created_by)

    @kept
    def title(self) -> str:
        """What was found, in a few words."""
        vulnerability, package = self.vulnerability, self.package
        if vulnerability and package:
            return line(f"{vulnerability.id} in {package.name} {package.version} ({package.type})", limit=180)
        return line(title_of(self.finding.message) or self.finding.trigger_id, limit=180)

    @kept
    def remedy(self) -> str:
        """
        What to do about it, never empty: the rule's recommendation, or else our own words.

        What names a version of a package is said before it: no recommendation can know it.
        """
        fix = line(self.finding.fix)
        if not fix and self.fixed_in and self.package:
            fix = line(f"upgrade {self.package.name} to {' or '.join(self.fixed_in)}")
        advice = line(self.outcome.recommendation, limit=1_000)
        if self.package is None:
            return advice or fix or self._advice()
        return "; ".join(part for part in (fix, advice) if part) or self._advice()

    @property
    def task(self) -> str:
        """What to do, said where the finding does not stand beside it."""
        is_its_own = self.finding.fix or self.fixed_in or self.outcome.recommendation
        return self.remedy if is_its_own else f"{self.outcome.gate}/{self.outcome.trigger}: {self.remedy}"

    def _advice(self) -> str:
        if self.finding.match:
            return "no fix is known: remove the package, or allowlist it with a reason and an expiry"
        return "change the image so that the rule no longer finds it, or allowlist it with a reason"

    @property
    def set_aside(self) -> str:
        """Why it does not count: cause, reason, owner and expiry; "" where it counts."""
        suppressed = self.finding.suppressed
        return why(suppressed) if suppressed else ""

    @property
    def lapsed(self) -> str:
        """The expired acceptance that is the reason it counts again; "" for none."""
        expired = self.finding.expired
        return f"no longer {why(expired, ended=True)}" if expired and self.finding.stands else ""

    @kept
    def place(self) -> str:
        """Package, file and line in one line, "" for a finding about the whole image."""
        package, path = self.package, self.finding.path
        parts = [f"{package.name} {package.version} ({package.type})"] if package else []
        spot = path or (package.locations[0] if package and package.locations else "")
        if spot:
            parts.append(f"{spot}:{self.finding.line}" if self.finding.line and path else spot)
        elif self.finding.line:
            parts.append(f"{self.result.dockerfile.path or 'Dockerfile'}:{self.finding.line}")
        return line(", ".join(parts))

    def more(self) -> Iterator[tuple[str, str]]:
        """What the title leaves open, as (word, text)."""
        return (told for told in self.explanation() if told != ("what", self.title))

    def explanation(self) -> Iterator[tuple[str, str]]:
        """What, where, why and what to do, as (word, text)."""
        yield "what", fit(self.finding.message, limit=2_000) or self.title
        if self.place:
            yield "where", self.place
        if self.layer is not None:
            brought = f", brought by: {self.instruction}" if self.instruction else ""
            yield "layer", f"{self.layer}{brought}"
        yield "why", self.grounds
        if self.set_aside:
            yield "set aside", self.set_aside
        if self.finding.expired:
            yield "expired", why(self.finding.expired, ended=True)
        yield "do", self.remedy
        yield "id", line(self.finding.trigger_id)

    @property
    def grounds(self) -> str:
        """The rule and policy that asked, and why it matched."""
        outcome = self.outcome
        rule = f"rule {outcome.rule_id} ({outcome.gate}/{outcome.trigger}: {outcome.action.word})"
        policy = f"policy {outcome.rule_set_name or outcome.rule_set_id}"
        controls = f", controls {', '.join(outcome.controls)}" if outcome.controls else ""
        because = f"; {self.finding.match.reason}" if self.finding.match and self.finding.match.reason else ""
        return line(f"{rule} of {policy}{controls}{because}", limit=600)


@once
def _is_excused(result: GateResult) -> bool:
    return result.evaluation.excuses_findings


@once
def entries(result: GateResult) -> tuple[Entry, ...]:
    """Every finding of a result, in the policy's order."""
    outcomes = result.evaluation.outcomes
    return tuple(Entry(result, outcome, finding) for outcome in outcomes for finding in outcome.findings)


def why(suppressed: Suppression, *, ended: bool = False) -> str:
    """The cause that set something aside, with reason, owner and expiry."""
    cause = _SET_ASIDE.get(suppressed.kind, suppressed.kind)
    source = suppressed.name or suppressed.id
    parts = [f"{cause} ({source})" if source else cause]
    if suppressed.reason:
        parts.append(suppressed.reason)
    if suppressed.owner:
        parts.append(f"owner {suppressed.owner}")
    if suppressed.expires_on:
        parts.append(f"{'expired' if ended else 'expires'} {suppressed.expires_on:%Y-%m-%d}")
    return line("; ".join(parts), limit=500)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How many of what, over one result or a run."""

    rules: int = 0
    stop: int = 0
    warn: int = 0
    go: int = 0
    set_aside: int = 0
    allowlisted: int = 0
    problems: int = 0
    unknowns: int = 0
    incomparable: int = 0
    packages: int = 0
    matches: int = 0
    expiring: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(**{name: getattr(self, name) + getattr(other, name) for name in Counts.__slots__})

    def as_pairs(self) -> tuple[tuple[str, int], ...]:
        """Each name with its number."""
        return tuple((name, getattr(self, name)) for name in Counts.__slots__)


@once
def counts(result: GateResult) -> Counts:
    """What a result holds, counted."""
    evaluation, inventory = result.evaluation, result.inventory
    seen: Counter[str] = Counter()
    for outcome in evaluation.outcomes:
        for finding in outcome.findings:
            seen[outcome.action.word if finding.suppressed is None else finding.suppressed.kind] += 1
    standing = seen["stop"] + seen["warn"] + seen["go"]
    return Counts(
        rules=len(evaluation.outcomes),
        stop=seen["stop"],
        warn=seen["warn"],
        go=seen["go"],
        set_aside=sum(seen.values()) - standing,
        allowlisted=seen["allowlist"],
        problems=len(evaluation.problems) + sum(o.problem is not None for o in evaluation.outcomes),
        unknowns=len(inventory.unknowns),
        incomparable=len(result.incomparable),
        packages=len(inventory.packages),
        matches=len(result.matches),
        expiring=len(evaluation.expiring),
    )


def total(run: GateRun) -> Counts:
    """What a whole run holds, counted."""
    return sum((counts(result) for result in run.results if isinstance(result, GateResult)), Counts())
