"""The policies that ship, on small Dockerfiles, files and packages."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from anchore_gate.image.dockerfile import parse_dockerfile
from anchore_gate.image.filesystem import ContentHit, FileEntry
from anchore_gate.model.image import Dockerfile
from anchore_gate.model.inventory import Distro, Inventory, Package, PackageFile
from anchore_gate.model.vulnerability import Fix, Match, Severity, Vulnerability
from anchore_gate.policy.bundle import load_bundle
from anchore_gate.policy.document import shipped_names
from anchore_gate.policy.evaluate import evaluate
from anchore_gate.policy.review import review
from anchore_gate.policy.target import Target
from anchore_gate.policy.trigger import Evidence, MalwareFinding
from anchore_gate.values import replace
from tests.policy.shipped import DATA, GOOD, HARDENING, fired, seen
from tests.policy.support import NOW, files


@pytest.mark.parametrize("name", shipped_names())
def test_a_shipped_policy_is_without_fault(name: str) -> None:
    assert list(review(load_bundle(name), now=NOW)) == []


@pytest.mark.parametrize("name", HARDENING)
def test_each_rule_names_its_control_and_what_to_do(name: str) -> None:
    [rule_set] = load_bundle(name).rule_sets
    prefix = {"cis-docker-4": "CIS-Docker:4.", "nist-sp-800-190": "NIST-800-190:4."}[name]

    assert len({rule.id for rule in rule_set.rules}) == len(rule_set.rules)
    for rule in rule_set.rules:
        assert "" not in {rule.description, rule.recommendation}, rule.id
        assert {one.startswith(prefix) for one in rule.controls} == {True}, rule.id


@pytest.mark.parametrize("name", HARDENING)
def test_a_clean_image_passes(name: str) -> None:
    assert fired(name, seen()) == set()


def test_packages_and_files_are_judged() -> None:
    packages = (
        Package(type="deb", name="openssh-server", version="1"),
        Package(type="deb", name="openssh-client", version="1"),
        Package(type="deb", name="gcc", version="1"),
    )
    entries = (
        FileEntry(path="/root/.ssh/id_rsa", type="file", mode=0o100600, size=1),
        FileEntry(path="/usr/bin/su", type="file", mode=0o104755, size=1),
    )
    found = seen(GOOD, *entries, inventory=Inventory(packages=packages), malware=None)

    assert fired("nist-sp-800-190", found) == {
        "nist-remote-administration",
        "nist-setuid",
        "nist-secret-file",
        "nist-malware-not-scanned",
    }
    assert fired("cis-docker-4", found) == {
        "cis-4.3-remote-administration",
        "cis-4.3-tools",
        "cis-4.8-setuid",
        "cis-4.10-secret-file",
    }


@pytest.mark.parametrize(
    ("severity", "is_fixed", "rule"),
    [
        (Severity.CRITICAL, True, "vulnerability-fixable-high"),
        (Severity.HIGH, True, "vulnerability-fixable-high"),
        (Severity.MEDIUM, True, "vulnerability-fixable-medium"),
        (Severity.LOW, True, ""),
        (Severity.CRITICAL, False, "vulnerability-critical"),
        (Severity.HIGH, False, "vulnerability-high"),
        (Severity.MEDIUM, False, ""),
    ],
)
def test_vulnerabilities_are_judged_by_severity_and_fix(
    severity: Severity, is_fixed: bool, rule: str
) -> None:
    match = match_of(severity, is_fixed=is_fixed)

    assert fired("nist-sp-800-190", seen(matches=(match,))) == ({f"nist-{rule}"} if rule else set())
    assert fired("cis-docker-4", seen(matches=(match,))) == ({f"cis-4.4-{rule}"} if rule else set())


@pytest.mark.parametrize("name", HARDENING)
def test_data_that_is_old_or_missing_is_told(name: str) -> None:
    old = replace(DATA, built_at=NOW - timedelta(days=6))

    found = fired(name, seen(database=old, distro_has_data=False))

    assert {one.partition("vulnerability-")[2] for one in found} == {"data-stale", "data-missing"}


def match_of(severity: Severity, *, is_fixed: bool, **more: Any) -> Match:
    return Match(
        package=Package(type="deb", name="openssl", version="1"),
        vulnerability=Vulnerability(
            id="CVE-2026-1", namespace="debian:distro:debian:12", severity=severity, **more
        ),
        fix=Fix(state="fixed", versions=("2",)) if is_fixed else Fix(state="not-fixed"),
    )


def built(*lines: str, without: str = "-") -> Evidence:
    kept = [line for line in GOOD.splitlines() if not line.startswith(without)]
    return seen("\n".join([*kept, *lines]))


def matched(severity: Severity, *, is_fixed: bool, **more: Any) -> Evidence:
    return seen(matches=(match_of(severity, is_fixed=is_fixed, **more),))


def installed(name: str, *files: PackageFile) -> Inventory:
    package = Package(type="deb", name=name, version="1")
    return Inventory(
        distro=Distro(id="debian", version_id="12"), packages=(package,), files=((package, files),)
    )


SUID = FileEntry(path="/usr/bin/su", type="file", mode=0o104755, size=1)
KEY = FileEntry(path="/root/.ssh/id_rsa", type="file", mode=0o100600, size=1)
OLD = replace(DATA, built_at=NOW - timedelta(days=6))
HIT = ContentHit(kind="secret", name="PRIV_KEY", regex="-+", path="/k", lines=(1,))
CLAM = (MalwareFinding(scanner="clamav", path="/a", signature="Eicar"),)
CHANGED = installed("su", PackageFile(path="/usr/bin/su", digest="0" * 32, algorithm="md5", size=9))
# What each rule is for, by the end of its id: an image that breaks it.
BROKEN = {
    "vulnerability-fixable-high": matched(Severity.HIGH, is_fixed=True),
    "vulnerability-exploited": matched(Severity.LOW, is_fixed=False, known_exploited=True),
    "vulnerability-critical": matched(Severity.CRITICAL, is_fixed=False),
    "vulnerability-high": matched(Severity.HIGH, is_fixed=False),
    "vulnerability-fixable-medium": matched(Severity.MEDIUM, is_fixed=True),
    "vulnerability-data-stale": seen(database=OLD),
    "vulnerability-data-missing": seen(distro_has_data=False),
    "root-user": built(without="USER"),
    "4.1-user": built("USER 0:0"),
    "ssh-port": built("EXPOSE 80 22"),
    "remote-administration": seen(inventory=installed("dropbear-bin")),
    "setuid": seen(GOOD, SUID),
    "sudo-package": seen(inventory=installed("sudo")),
    "sudo-used": built("RUN sudo -E make"),
    "healthcheck": built(without="HEALTHCHECK"),
    "healthcheck-off": built("HEALTHCHECK none", without="HEALTHCHECK"),
    "add": built("ADD https://example.org/a.tar /"),
    "lone-update": built("RUN apt-get -q update"),
    "nist-malware": seen(malware=CLAM),
    "malware-not-scanned": seen(malware=None),
    "secret-content": replace(seen(), files=files(hits=(HIT,))),
    "secret-file": seen(GOOD, KEY),
    "secret-env": built("ENV DB_PASSWORD=hunter2"),
    "secret-arg": built("ARG NPM_TOKEN=abc"),
    "base-image": built("FROM quay.io/x/y:1"),
    "tag-latest": built("FROM debian:latest"),
    "tag-missing": built("FROM debian"),
    "no-dockerfile": seen(dockerfile=Dockerfile(instructions=parse_dockerfile(GOOD).instructions)),
    "4.3-tools": seen(inventory=installed("netcat-openbsd")),
    "4.5-digest": built("FROM debian:12"),
    "4.11-unverified": built("RUN apk add --allow-untrusted x.apk"),
    "4.11-piped": built("RUN wget -qO- https://example.org/x | bash"),
    "4.11-changed": seen(GOOD, SUID, inventory=CHANGED),
}
RULES = [(name, one.id) for name in HARDENING for one in load_bundle(name).rule_sets[0].rules]


@pytest.mark.parametrize(("name", "rule_id"), RULES, ids=[rule_id for _, rule_id in RULES])
def test_each_rule_fires_on_an_image_that_breaks_it(name: str, rule_id: str) -> None:
    [broken] = [image for end, image in BROKEN.items() if rule_id.endswith(end)]

    assert rule_id in fired(name, broken)


def test_no_rule_is_broken_by_an_image_that_none_is_for() -> None:
    ends = {end for end in BROKEN for _, rule_id in RULES if rule_id.endswith(end)}

    assert ends == BROKEN.keys()


def test_the_default_policy_asks_what_engines_does() -> None:
    old = seen("FROM a\nEXPOSE 22\n", database=OLD, distro_has_data=False)
    high, medium, low = (
        matched(one, is_fixed=False) for one in (Severity.HIGH, Severity.MEDIUM, Severity.LOW)
    )

    def actions(evidence: Evidence) -> list[tuple[str, str, str]]:
        result = evaluate(load_bundle("anchore-default"), evidence, target=Target.parse("app:1"))
        return [(one.gate, one.trigger, one.action.name) for one in result.outcomes if one.findings]

    assert actions(old) == [
        ("dockerfile", "exposed_ports", "STOP"),
        ("dockerfile", "instruction", "WARN"),
        ("vulnerabilities", "stale_feed_data", "WARN"),
        ("vulnerabilities", "vulnerability_data_unavailable", "WARN"),
    ]
    assert actions(high) == [("vulnerabilities", "package", "STOP")]
    assert actions(medium) == [("vulnerabilities", "package", "WARN")]
    assert actions(low) == []
