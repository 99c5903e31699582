"""Gate `vulnerabilities`: what is known against the installed packages."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from anchore_gate.model.evaluation import Finding
from anchore_gate.model.inventory import Package
from anchore_gate.model.vulnerability import Match, Severity
from anchore_gate.policy.exploited import EXPLOITED, Epss, KevList
from anchore_gate.policy.expression import Expression
from anchore_gate.policy.matched import TYPE, VENDOR, MatchTrigger, comparison
from anchore_gate.policy.parameter import (
    BOOLEAN,
    COMPARISONS,
    DECIMAL,
    EXPRESSION,
    INTEGER,
    WORDS,
    choice,
    parameter,
)
from anchore_gate.policy.sight import check_data, check_list, check_versions
from anchore_gate.policy.trigger import Evidence, Gate
from anchore_gate.policy.wording import compared, distro_words, message, score_groups, scores_hold
from anchore_gate.typed import Any, ClassVar, Final
from anchore_gate.values import dataclass


def _score(what: str) -> Any:
    return parameter(DECIMAL, description=what, default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageTrigger(MatchTrigger):
    """Fires for each vulnerability of an installed package that fulfils every condition given."""

    NAME: ClassVar[str] = "package"

    package_type: str = parameter(choice("all", "os", "non-os"), description=TYPE, example="all")
    severity_comparison: str = parameter(
        choice(*COMPARISONS), description="How the found severity compares with the one given", default=">"
    )
    severity: str = parameter(
        choice("unknown", "negligible", "low", "medium", "high", "critical"),
        description="Severity to compare with",
        example="high",
        default="unknown",
    )
    cvss_v3_base_score: float | None = _score("NVD's CVSS v3 base score")
    cvss_v3_base_score_comparison: str = comparison()
    cvss_v3_exploitability_score: float | None = _score("NVD's CVSS v3 exploitability score")
    cvss_v3_exploitability_score_comparison: str = comparison()
    cvss_v3_impact_score: float | None = _score("NVD's CVSS v3 impact score")
    cvss_v3_impact_score_comparison: str = comparison()
    vendor_cvss_v3_base_score: float | None = _score("The vendor's CVSS v3 base score")
    vendor_cvss_v3_base_score_comparison: str = comparison()
    vendor_cvss_v3_exploitability_score: float | None = _score("The vendor's CVSS v3 exploitability score")
    vendor_cvss_v3_exploitability_score_comparison: str = comparison()
    vendor_cvss_v3_impact_score: float | None = _score("The vendor's CVSS v3 impact score")
    vendor_cvss_v3_impact_score_comparison: str = comparison()
    fix_available: bool | None = parameter(
        BOOLEAN, description="Whether there must be a fix, or must be none", example="true", default=None
    )
    vendor_only: bool = parameter(BOOLEAN, description=VENDOR, default=True)
    max_days_since_creation: int | None = parameter(
        INTEGER, description="Grace: days since it was found, or published", example="7", default=None
    )
    max_days_since_fix: int | None = parameter(
        INTEGER, description="Grace: days since the fix was seen", example="30", default=None
    )
    package_path_exclude: Expression | None = parameter(
        EXPRESSION, description="Leave out other packages at these paths", example=".*/test/.*", default=None
    )
    known_exploited_vulnerability: bool = parameter(
        BOOLEAN,
        description="Only what is known to be exploited (Enterprise)",
        example="true",
        default=False,
    )

    def fire(self, evidence: Evidence) -> Iterator[Finding]:
        """See `Trigger.fire`."""
        check_data(evidence)
        for match in evidence.matches:
            if self._asks_for(match.package) and self._holds(match, evidence.now):
                yield self.finding(match, message(match, self._groups(match)))
        if self.known_exploited_vulnerability:
            check_list(evidence, "kev", "the list of known exploited vulnerabilities")
        check_versions(evidence, self._asks_for)

    def _asks_for(self, package: Package) -> bool:
        if self.package_type != "all" and package.is_os is not (self.package_type == "os"):
            return False
        if self.package_path_exclude is None or not self.package_path_exclude.text or package.is_os:
            return True
        return not self.package_path_exclude.matches(next(iter(package.locations), ""))

    def _holds(self, match: Match, now: datetime) -> bool:
        wanted = Severity.parse(self.severity)
        return (
            not (self.vendor_only and match.fix.state == "wont-fix")
            and compared(match.vulnerability.severity, self.severity_comparison, wanted)
            and (self.fix_available is None or self.fix_available is bool(match.fix.versions))
            and not _is_younger(_found_at(match), self.max_days_since_creation, now)
            and not (
                self.fix_available is True and _is_younger(match.fix.available, self.max_days_since_fix, now)
            )
            and scores_hold(self, match)
            and (match.vulnerability.known_exploited or not self.known_exploited_vulnerability)
        )

    def _groups(self, match: Match) -> Iterator[str]:
        if match.fix.versions:
            yield f"fixed in: {', '.join(match.fix.versions)}"
        yield score_groups(self, match, "cvss_v3")
        dates = (
            ("max_days_since_creation", self.max_days_since_creation, _found_at(match)),
            (
                "max_days_since_fix",
                self.max_days_since_fix if self.fix_available else None,
                match.fix.available,
            ),
        )
        yield " ".join(f"{name}={day:%Y-%m-%d}" for name, days, day in dates if days is not None and day)
        yield score_groups(self, match, "vendor_cvss_v3")
        yield EXPLOITED if self.known_exploited_vulnerability else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Denylist(MatchTrigger):
    """Fires once, naming those of the listed vulnerabilities that the image has."""

    NAME: ClassVar[str] = "denylist"

    vulnerability_ids: tuple[str, ...] = parameter(
        WORDS, description="Ids, exactly as the data has them", example="CVE-2021-44228,CVE-2014-0160"
    )
    vendor_only: bool = parameter(BOOLEAN, description=VENDOR, default=True)

    def fire(self, evidence: Evidence) -> Iterator[Finding]:
        """See `Trigger.fire`."""
        check_data(evidence)
        seen = {
            match.vulnerability.id
            for match in evidence.matches
            if match.suppressed is None and not (self.vendor_only and match.fix.state == "wont-fix")
        }
        if hits := [one for one in self.vulnerability_ids if one in seen]:
            yield self.found(f"Denylisted vulnerabilities detected: {hits!r}")
        check_versions(evidence, lambda _: True, only=frozenset(self.vulnerability_ids))


@dataclass(frozen=True, slots=True, kw_only=True)
class StaleFeedData(MatchTrigger):
    """Fires when the vulnerability data was built too many days ago, or nobody knows when."""

    NAME: ClassVar[str] = "stale_feed_data"

    max_days_since_sync: int = parameter(INTEGER, description="Days since the data was built", example="2")

    def fire(self, evidence: Evidence) -> Iterator[Finding]:
        """See `Trigger.fire`."""
        built = None if evidence.database is None else evidence.database.built_at
        days = self.max_days_since_sync
        if built is None or _age(built, evidence.now) > _days(days):
            yield self.found(
                f"The vulnerability feed for this image distro is older than MAXAGE ({days}) days"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class VulnerabilityDataUnavailable(MatchTrigger):
    """Fires when the data knows nothing of the image's distribution."""

    NAME: ClassVar[str] = "vulnerability_data_unavailable"

    def fire(self, evidence: Evidence) -> Iterator[Finding]:
        """See `Trigger.fire`."""
        if evidence.distro_has_data is not True:
            name = ":".join(distro_words(evidence.inventory.distro))
            yield self.found(
                f"Distro-specific feed data not found for distro namespace: {name}. "
                "Cannot perform CVE scan OS/distro packages"
            )


def _found_at(match: Match) -> datetime | None:
    # a run keeps no history: where nobody says when it was first seen, the day it was published stands
    return match.detected_at or match.vulnerability.published


def _is_younger(day: datetime | None, days: int | None, now: datetime) -> bool:
    return day is not None and days is not None and _age(day, now) < _days(days)


def _days(number: int) -> timedelta:
    return timedelta(days=min(number, 3_650_000))  # ten thousand years, and no more than can be counted


def _age(day: datetime, now: datetime) -> timedelta:
    return now - (day if day.tzinfo else day.replace(tzinfo=now.tzinfo))


GATE: Final = Gate(
    "vulnerabilities",
    "What is known against installed packages.",
    (PackageTrigger, Denylist, KevList, Epss, StaleFeedData, VulnerabilityDataUnavailable),
)
