"""The policies that ship, on small Dockerfiles, files and packages."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from anchore_gate.image.dockerfile import parse_dockerfile
from anchore_gate.image.filesystem import FileEntry
from anchore_gate.model.inventory import Distro, Inventory, Package
from anchore_gate.model.vulnerability import DatabaseIdentity, Fix, Match, Severity, Vulnerability
from anchore_gate.policy.bundle import load_bundle
from anchore_gate.policy.document import shipped_names
from anchore_gate.policy.evaluate import evaluate
from anchore_gate.policy.review import review
from anchore_gate.policy.target import Target
from anchore_gate.policy.trigger import Evidence
from anchore_gate.values import replace
from tests.policy.support import NOW, evidence, files

HARDENING = ("cis-docker-4", "nist-sp-800-190")
GOOD = "FROM debian:12-slim@sha256:" + "a" * 64 + "\nCOPY app /app\nHEALTHCHECK CMD /app ok\nUSER app\n"


LISTS = (("epss", ""), ("kev", ""))
DATA = DatabaseIdentity(source="grype", built_at=NOW - timedelta(days=1), providers=LISTS)


def seen(text: str = GOOD, *entries: FileEntry, **more: Any) -> Evidence:
    debian = Inventory(distro=Distro(id="debian", version_id="12"))
    given = {"inventory": debian, "malware": (), "database": DATA, "distro_has_data": True}
    return evidence(dockerfile=parse_dockerfile(text), files=files(*entries), **{**given, **more})


def fired(name: str, evidence: Evidence) -> set[str]:
    result = evaluate(load_bundle(name), evidence, target=Target.parse("app:1"))
    assert [outcome.problem for outcome in result.outcomes if outcome.problem] == []
    return {outcome.rule_id for outcome in result.outcomes if outcome.findings}


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


@pytest.mark.parametrize(
    ("line", "nist", "cis"),
    [
        ("USER 0", "nist-root-user", "cis-4.1-user"),
        ("EXPOSE 22/tcp", "nist-ssh-port", ""),
        ("ADD a.tar /", "nist-add", "cis-4.9-add"),
        ("RUN apt-get update", "nist-lone-update", "cis-4.7-lone-update"),
        ("RUN set -eux; apk --no-cache update", "nist-lone-update", "cis-4.7-lone-update"),
        ("RUN apt-get update && sudo -u x make", "nist-sudo-used", ""),
        ("ENV A=1 DB_PASSWORD=hunter2", "nist-secret-env", "cis-4.10-secret-env"),
        ('ENV API_TOKEN "abc"', "nist-secret-env", "cis-4.10-secret-env"),
        ("ARG GITHUB_TOKEN=abc", "nist-secret-arg", "cis-4.10-secret-arg"),
        ("RUN apt-get install -y --allow-unauthenticated x", "", "cis-4.11-unverified"),
        ("RUN curl -sSL https://example.org/x | sh", "", "cis-4.11-piped"),
    ],
)
def test_a_bad_line_is_found(line: str, nist: str, cis: str) -> None:
    text = GOOD + line + ("\nUSER app\n" if not line.startswith("USER") else "\n")
    for name, wanted in (("nist-sp-800-190", nist), ("cis-docker-4", cis)):
        assert fired(name, seen(text)) == ({wanted} if wanted else set())


@pytest.mark.parametrize(
    "line",
    [
        "RUN apt-get update && apt-get install -y curl",
        "RUN apt-get install sudoku",
        "ENV DB_PASSWORD_FILE=/run/secrets/db",
        "ENV DB_PASSWORD=",
        "ENV DB_PASSWORD=$DB_PASSWORD",
        "ARG GITHUB_TOKEN",
        "EXPOSE 2222",
        "RUN curl -fsSLo x.sh https://example.org/x && sha256sum -c x.sum",
    ],
)
@pytest.mark.parametrize("name", HARDENING)
def test_a_good_line_is_left_alone(name: str, line: str) -> None:
    assert fired(name, seen(f"{GOOD}{line}\n")) == set()


@pytest.mark.parametrize(
    ("base", "nist", "cis"),
    [
        ("debian:12", set(), {"cis-4.5-digest"}),
        ("--platform=linux/amd64 docker.io/library/debian:12 AS x", set(), {"cis-4.5-digest"}),
        ("debian", {"nist-tag-missing"}, {"cis-4.5-digest"}),
        ("debian:latest", {"nist-tag-latest"}, {"cis-4.5-digest"}),
        ("scratch", set(), set()),
        ("evil.example:5000/debian:12", {"nist-base-image"}, {"cis-4.2-base-image", "cis-4.5-digest"}),
        ("someone/debian:12", {"nist-base-image"}, {"cis-4.2-base-image", "cis-4.5-digest"}),
    ],
)
def test_base_images_are_judged(base: str, nist: set[str], cis: set[str]) -> None:
    text = f"FROM {base}\nHEALTHCHECK CMD x\nUSER app\n"
    assert (fired("nist-sp-800-190", seen(text)), fired("cis-docker-4", seen(text))) == (nist, cis)


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
    match = Match(
        package=Package(type="deb", name="openssl", version="1"),
        vulnerability=Vulnerability(id="CVE-2026-1", namespace="debian:distro:debian:12", severity=severity),
        fix=Fix(state="fixed", versions=("2",)) if is_fixed else Fix(state="not-fixed"),
    )

    assert fired("nist-sp-800-190", seen(matches=(match,))) == ({f"nist-{rule}"} if rule else set())
    assert fired("cis-docker-4", seen(matches=(match,))) == ({f"cis-4.4-{rule}"} if rule else set())


@pytest.mark.parametrize("name", HARDENING)
def test_data_that_is_old_or_missing_is_told(name: str) -> None:
    old = replace(DATA, built_at=NOW - timedelta(days=6))

    found = fired(name, seen(database=old, distro_has_data=False))

    assert {one.partition("vulnerability-")[2] for one in found} == {"data-stale", "data-missing"}
