"""Runs to report on, built by hand: every kind of outcome, and hostile text."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

from anchore_gate.model.digest import Digest
from anchore_gate.model.evaluation import (
    Action,
    Evaluation,
    ExpiringItem,
    Finding,
    MatchedRule,
    Problem,
    RuleOutcome,
)
from anchore_gate.model.image import Dockerfile, HistoryEntry, Image, ImageConfig, Instruction, Layer
from anchore_gate.model.inventory import Distro, Inventory, Package, Unknown
from anchore_gate.model.result import GateResult, GateRun, NoVerdict
from anchore_gate.model.suppression import Suppression
from anchore_gate.model.vulnerability import (
    Cvss,
    DatabaseIdentity,
    Fix,
    Incomparable,
    Match,
    Severity,
    Vulnerability,
)

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=timezone.utc)
SOON = NOW + timedelta(days=9)
HOSTILE = (
    "]]>\x00\x1b[31m\u202egpj.exe\u200f<script>alert(1)</script><img src=x onerror=alert(2)>"
    "|`x`|[a](javascript:alert(3))\r\n::error::owned%0A=cmd|'/C calc'!A0 \ud800\ufffe --> \" ' & @everyone"
)
MAPPING = MatchedRule(
    id="m1",
    name="everything",
    registry="*",
    repository="*",
    image_value="*",
    rule_set_ids=("p1",),
    allowlist_ids=("a1",),
)


def package(
    name: str = "openssl", version: str = "3.0.11-1~deb12u1", *, type: str = "deb", layer: int = 1
) -> Package:
    return Package(
        type=type,
        name=name,
        version=version,
        purl=f"pkg:{type}/{name}@{version}",
        architecture="amd64",
        licenses=("Apache-2.0",),
        locations=("/var/lib/dpkg/status",),
        layer=layer,
        found_by=type,
    )


def vulnerability(id: str = "CVE-2024-0001", severity: Severity = Severity.HIGH) -> Vulnerability:
    return Vulnerability(
        id=id,
        namespace="debian:distro:debian:12",
        severity=severity,
        description="A buffer over-read in the parser.",
        link=f"https://security-tracker.debian.org/tracker/{id}",
        aliases=("GHSA-aaaa-bbbb-cccc",),
        cvss=(
            Cvss(
                version="3.1",
                vector="CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
                base_score=9.8,
                source="nvd",
            ),
        ),
        cwes=("CWE-126",),
        epss=0.42,
        epss_percentile=0.97,
        known_exploited=True,
        published=NOW - timedelta(days=90),
    )


def match(of: Package | None = None, by: Vulnerability | None = None, *fixed: str) -> Match:
    versions = fixed or ("3.0.11-1~deb12u2",)
    return Match(
        package=of or package(),
        vulnerability=by or vulnerability(),
        fix=Fix(state="fixed", versions=versions, available=NOW - timedelta(days=30)),
        matcher="deb",
        reason="3.0.11-1~deb12u1 < 3.0.11-1~deb12u2",
        detected_at=NOW,
    )


def outcome(gate: str, trigger: str, action: Action, *findings: Finding, **more: object) -> RuleOutcome:
    rule = RuleOutcome(
        rule_id=f"{gate}-{trigger}",
        rule_set_id="p1",
        rule_set_name="production",
        gate=gate,
        trigger=trigger,
        action=action,
        findings=findings,
    )
    return replace(rule, **more)  # type: ignore[arg-type]  # fields of RuleOutcome


def finding(message: str = "User root found as effective user", **more: object) -> Finding:
    return replace(Finding(trigger_id="b2605c2ddbdb02b8e2365c9248dada5a", message=message), **more)  # type: ignore[arg-type]  # fields of Finding


def image(name: str = "registry.example:5000/team/app:1.2") -> Image:
    made = ("ADD file:1 in /", "RUN apt-get install -y openssl", 'COPY app /srv # "app"')
    return Image(
        name=name,
        source="registry",
        tag=name,
        digest=Digest.of(name.encode(errors="replace")),
        config_digest=Digest.of(b"config" + name.encode(errors="replace")),
        config=ImageConfig(
            user="root",
            env=("PATH=/usr/bin", "DB_PASSWORD=hunter2"),
            exposed_ports=("22/tcp",),
            labels=(("a", "b"),),
            history=tuple(HistoryEntry(created_by=step) for step in made),
        ),
        layers=tuple(
            Layer(index=n, diff_id=Digest.of(step.encode()), size=1000 * n, created_by=step)
            for n, step in enumerate(made)
        ),
        size=3000,
    )


def result(
    *outcomes: RuleOutcome, name: str = "registry.example:5000/team/app:1.2", **more: object
) -> GateResult:
    built = GateResult(
        image=image(name),
        evaluation=Evaluation(
            bundle_id="b1",
            bundle_name="Production",
            bundle_digest="sha256:" + "ab" * 32,
            bundle_source="policy.json",
            outcomes=outcomes,
            mapping=MAPPING,
        ),
        inventory=Inventory(
            distro=Distro(id="debian", version_id="12", name="Debian GNU/Linux"),
            packages=(package(), package("bash", "5.2.15-2", layer=0)),
        ),
        matches=(),
        dockerfile=Dockerfile(
            mode="Actual",
            path="docker/Dockerfile",
            instructions=(Instruction(keyword="FROM", value="debian:12", line=1),),
        ),
        database=DatabaseIdentity(
            source="grype",
            schema="6.1",
            built_at=NOW - timedelta(hours=8),
            digest="sha256:" + "cd" * 32,
            providers=(("debian", "2026-03-01T00:00:00Z"),),
        ),
        engine="local",
        engine_version="0.1.0",
        decided_at=NOW,
    )
    return replace(built, **more)  # type: ignore[arg-type]  # fields of GateResult


def run_of(*results: GateResult | NoVerdict) -> GateRun:
    return GateRun(results=results, version="0.1.0", started_at=NOW - timedelta(seconds=3))


def allowlisted() -> Suppression:
    return Suppression(
        kind="allowlist",
        id="a1",
        name="accepted",
        item_id="i1",
        reason="not reachable",
        owner="ann@example.com",
        expires_on=SOON,
    )


def rich_result() -> GateResult:
    """Stop, warn, allowlisted, expired, a rule that passed, one that could not say, and what is not known."""
    hit, other = (
        match(),
        match(package("zlib1g", "1.2.13", layer=0), vulnerability("CVE-2023-0002", Severity.LOW)),
    )
    ended = replace(allowlisted(), expires_on=NOW - timedelta(days=2))
    rules = (
        outcome(
            "vulnerabilities",
            "package",
            Action.STOP,
            finding(
                "HIGH Vulnerability found in os package type (deb) - openssl",
                trigger_id="CVE-2024-0001+openssl",
                package=hit.package,
                match=hit,
                fix="upgrade openssl to 3.0.11-1~deb12u2",
            ),
            finding(
                "LOW Vulnerability found in os package type (deb) - zlib1g",
                trigger_id="CVE-2023-0002+zlib1g",
                match=other,
                suppressed=allowlisted(),
            ),
            controls=("NIST-800-190:4.1.1",),
            params=(("package_type", "all"), ("severity", "high")),
        ),
        outcome(
            "dockerfile",
            "effective_user",
            Action.STOP,
            finding(layer=2, expired=ended),
            params=(("users", "root"), ("type", "denylist")),
            recommendation="create a user and say USER app",
        ),
        outcome(
            "dockerfile",
            "instruction",
            Action.WARN,
            finding(
                "Dockerfile directive 'HEALTHCHECK' not found",
                trigger_id="41cb7cdf04850e33a11f80c42bf660b3",
                line=1,
            ),
            params=(("instruction", "HEALTHCHECK"),),
        ),
        outcome(
            "secret_scans",
            "content_regex_checks",
            Action.STOP,
            params=(("content_regex_name", "AWS_SECRET_KEY"),),
        ),
        outcome("malware", "scans", Action.STOP, problem="no malware scan was run"),
    )
    built = result(*rules)
    return replace(
        built,
        matches=(hit, other),
        inventory=replace(built.inventory, unknowns=(Unknown("/opt/x.jar", "java", "not a zip"),)),
        incomparable=(
            Incomparable(package=package("odd", "???"), vulnerability_id="CVE-2020-1", reason="no order"),
        ),
        notes=("secrets: files over 1 MiB not read",),
        evaluation=replace(
            built.evaluation,
            problems=(
                Problem(
                    severity="warn",
                    type="DeprecationWarning",
                    message="trigger is old",
                    path="policies[0].rules[1]",
                ),
            ),
            expiring=(
                ExpiringItem(
                    allowlist_id="a1",
                    item_id="i1",
                    gate="vulnerabilities",
                    trigger_id="CVE-2023-0002+*",
                    expires_on=SOON,
                    reason="not reachable",
                ),
            ),
        ),
    )


def unanswered_result(number: int = 2) -> GateResult:
    """No finding, and so many rules that lack the same."""
    asked = (
        outcome("malware", "scans", Action.STOP, problem="no malware scan was run", rule_id=f"m{n}")
        for n in range(number)
    )
    return result(*asked, name="docker.io/library/unanswered:1")


def clean_result() -> GateResult:
    return result(outcome("dockerfile", "effective_user", Action.STOP), name="docker.io/library/clean:1")


def warned_result() -> GateResult:
    return result(
        outcome("dockerfile", "instruction", Action.WARN, finding("no HEALTHCHECK")),
        name="docker.io/library/warned:1",
    )


def denied_result() -> GateResult:
    built = result(outcome("dockerfile", "effective_user", Action.STOP), name="docker.io/library/denied:1")
    return replace(
        built, evaluation=replace(built.evaluation, denylisted_image=MatchedRule(id="d", name="never these"))
    )


def unmapped_result() -> GateResult:
    built = result(name="docker.io/library/unmapped:1")
    return replace(built, evaluation=replace(built.evaluation, mapping=None))


def excused_result(*, with_problem: bool = False) -> GateResult:
    built = replace(rich_result(), image=image("docker.io/library/excused:1"))
    asked = built.evaluation.outcomes
    outcomes = asked if with_problem else tuple(one for one in asked if one.problem is None)
    listed = MatchedRule(id="w", name="ours")
    return replace(built, evaluation=replace(built.evaluation, outcomes=outcomes, allowlisted_image=listed))


def hostile_result() -> GateResult:
    of = package(HOSTILE, "=1+1", type="npm")
    hit = match(of, replace(vulnerability(HOSTILE), link="javascript:alert(4)"), HOSTILE)
    found = finding(HOSTILE, trigger_id=HOSTILE, path="/" + HOSTILE, package=of, match=hit)
    long = finding("x" * 1_000_000, trigger_id="long")
    built = result(
        outcome(
            "files",
            "content_regex_match",
            Action.STOP,
            found,
            long,
            description=HOSTILE,
            recommendation=HOSTILE,
        ),
        name=HOSTILE,
    )
    return replace(built, notes=(HOSTILE,), matches=(hit,))


def no_verdict(category: str = "timeout") -> NoVerdict:
    return NoVerdict(
        name="ghcr.io/acme/slow:2", category=category, message="the deadline of 600 s passed", decided_at=NOW
    )


def every_kind() -> GateRun:
    return run_of(
        rich_result(),
        clean_result(),
        warned_result(),
        denied_result(),
        unmapped_result(),
        excused_result(),
        no_verdict(),
    )


def many(count: int) -> GateRun:
    """One image with `count` vulnerability findings on a tenth as many packages."""
    packages = [package(f"pkg{n}", f"1.{n}") for n in range(max(1, count // 10))]
    matches = tuple(
        match(packages[n % len(packages)], vulnerability(f"CVE-2025-{n}", Severity(n % 6)))
        for n in range(count)
    )
    found = tuple(
        finding(
            f"Vulnerability found in os package type (deb) - {m.package.name}",
            trigger_id=f"{m.vulnerability.id}+{m.package.name}",
            package=m.package,
            match=m,
        )
        for m in matches
    )
    built = result(outcome("vulnerabilities", "package", Action.STOP, *found))
    return run_of(
        replace(built, matches=matches, inventory=replace(built.inventory, packages=tuple(packages)))
    )
