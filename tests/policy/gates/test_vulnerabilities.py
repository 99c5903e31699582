"""Gate `vulnerabilities`: ids and messages as Anchore Engine writes them, and rules that cannot see."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from anchore_gate.model.evaluation import Action
from anchore_gate.model.inventory import Distro, Inventory, Package
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
from tests.policy.support import NOW, bundle, enterprise, evidence, findings, judge, messages, rule

LINK = "https://security-tracker.debian.org/tracker/"
SYSTEMD = Package(type="deb", name="libsystemd0", version="247.3-6")
WEBP = Package(type="deb", name="libwebp6", version="0.6.1-2")
LDAP = Package(
    type="binary", name="libldap-2.4-2", version="2.4.47+dfsg-3+deb10u6", locations=("/bin/libldap",)
)
SEEN_ON = datetime(2021, 6, 4, tzinfo=timezone.utc)


def made(package: Package, id: str, severity: Severity, **more: Any) -> Match:
    fields = ("cvss", "epss", "epss_percentile", "known_exploited", "published")
    said = {name: more.pop(name) for name in fields if name in more}
    vulnerability = Vulnerability(
        id=id, namespace="debian:distro:debian:11", severity=severity, link=f"{LINK}{id}", **said
    )
    return Match(package=package, vulnerability=vulnerability, **more)


LOW = made(
    SYSTEMD,
    "CVE-2020-13529",
    Severity.LOW,
    detected_at=SEEN_ON,
    cvss=(Cvss(version="3.1", vector="", base_score=6.1), Cvss(version="2.0", vector="", base_score=9.9)),
)
MEDIUM = made(
    WEBP,
    "CVE-2018-25013",
    Severity.MEDIUM,
    fix=Fix(state="fixed", versions=("0.6.1-3",), available=SEEN_ON),
    detected_at=SEEN_ON,
)
NEGLIGIBLE = made(LDAP, "CVE-2020-15719", Severity.NEGLIGIBLE)
DATA = DatabaseIdentity(
    source="grype", built_at=NOW - timedelta(days=1), providers=(("epss", ""), ("kev", ""), ("nvd", ""))
)


def seen(*matches: Match, **more: Any) -> Any:
    packages = tuple(dict.fromkeys(match.package for match in matches))
    inventory = Inventory(distro=Distro(id="debian", version_id="11"), packages=packages)
    given = {"inventory": inventory, "matches": matches, "database": DATA, "distro_has_data": True}
    return evidence(**{**given, **more})


def asked(trigger: str, *matches: Match, **params: Any) -> list[str]:
    return messages(bundle(rule("vulnerabilities", trigger, **params)), seen(*matches))


@pytest.mark.parametrize(
    ("match", "params", "id", "message"),
    [
        (
            LOW,
            {},
            "CVE-2020-13529+libsystemd0",
            "LOW Vulnerability found in os package type (dpkg) - libsystemd0 "
            f"(CVE-2020-13529 - {LINK}CVE-2020-13529)",
        ),
        (
            LOW,
            {"cvss_v3_base_score": "6", "max_days_since_creation": "1"},
            "CVE-2020-13529+libsystemd0",
            "LOW Vulnerability found in os package type (dpkg) - libsystemd0 (cvss_v3_base_score=6.1)"
            f"(max_days_since_creation=2021-06-04)(CVE-2020-13529 - {LINK}CVE-2020-13529)",
        ),
        (
            LOW,
            {"vendor_cvss_v3_base_score": "1", "vendor_cvss_v3_base_score_comparison": "<"},
            "CVE-2020-13529+libsystemd0",
            "LOW Vulnerability found in os package type (dpkg) - libsystemd0 (vendor_cvss_v3_base_score=-1.0)"
            f"(CVE-2020-13529 - {LINK}CVE-2020-13529)",
        ),
        (
            MEDIUM,
            {"fix_available": "true", "max_days_since_fix": "1"},
            "CVE-2018-25013+libwebp6",
            "MEDIUM Vulnerability found in os package type (dpkg) - libwebp6 (fixed in: 0.6.1-3)"
            f"(max_days_since_fix=2021-06-04)(CVE-2018-25013 - {LINK}CVE-2018-25013)",
        ),
        (
            NEGLIGIBLE,
            {},
            "CVE-2020-15719+libldap-2.4-2-2.4.47+dfsg-3+deb10u6",
            "NEGLIGIBLE Vulnerability found in non-os package type (binary) - /bin/libldap "
            f"(CVE-2020-15719 - {LINK}CVE-2020-15719)",
        ),
    ],
)
def test_ids_and_messages_are_engines(match: Match, params: dict[str, str], id: str, message: str) -> None:
    found = findings(bundle(rule("vulnerabilities", "package", package_type="all", **params)), seen(match))
    assert [(one.trigger_id, one.message) for one in found] == [(id, message)]


@pytest.mark.parametrize(
    ("type", "location", "suffix"),
    [
        ("java-archive", "/app/lib/log4j-core-2.14.1.jar", "log4j-core-2.14.1.jar"),
        ("gem", "/usr/specifications/rake-13.gemspec", "rake-13.gemspec"),
        ("npm", "/app/node_modules/lodash/package.json", "lodash"),
        ("npm", "package.json", "a-1"),
        ("python", "/usr/lib/python3/site-packages/a/METADATA", "a-1"),
        ("java-archive", "", "a-1"),
    ],
)
def test_the_id_of_other_packages_rests_on_their_place(type: str, location: str, suffix: str) -> None:
    package = Package(type=type, name="a", version="1", locations=(location,) if location else ())
    found = findings(
        bundle(rule("vulnerabilities", "package", package_type="non-os")),
        seen(made(package, "X-1", Severity.LOW)),
    )
    assert found[0].trigger_id == f"X-1+{suffix}"


@pytest.mark.parametrize(
    ("package", "engines", "todays"),
    [
        (
            Package(type="python", name="pyyaml", version="5.3", spelling="PyYAML"),
            "X-1+PyYAML-5.3",
            "X-1+pyyaml-5.3",
        ),
        (
            Package(
                type="java-archive", name="w", version="1", group_id="com.a", locations=("/a/x.jar:com.a:w",)
            ),
            "X-1+x.jar:w",
            "X-1+x.jar:com.a:w",
        ),
    ],
)
def test_a_package_is_allowed_by_the_name_that_either_product_gives_it(
    package: Package, engines: str, todays: str
) -> None:
    match = made(package, "X-1", Severity.LOW)
    question = rule("vulnerabilities", "package", package_type="all")
    for make, mine in ((bundle, engines), (enterprise, todays)):
        assert [one.trigger_id for one in findings(make(question), seen(match))] == [mine]
        for named in (engines, todays):
            item = {"id": "i", "gate": "vulnerabilities", "trigger_id": named}
            assert judge(make(question, items=[item]), seen(match)).policy_action is Action.GO


EXPLOITED = made(SYSTEMD, "CVE-7", Severity.LOW, known_exploited=True)
UNKNOWN = made(SYSTEMD, "CVE-9", Severity.UNKNOWN)
WONT_FIX = made(SYSTEMD, "CVE-8", Severity.HIGH, fix=Fix(state="wont-fix"))


@pytest.mark.parametrize(
    ("match", "params", "count"),
    [
        (LOW, {"severity": "low"}, 0),
        (LOW, {"severity": "low", "severity_comparison": ">="}, 1),
        (LOW, {"severity": "low", "severity_comparison": "!="}, 0),
        (MEDIUM, {"severity": "medium", "severity_comparison": "="}, 1),
        (UNKNOWN, {}, 0),
        (UNKNOWN, {"severity_comparison": ">="}, 1),
        (LOW, {"package_type": "non-os"}, 0),
        (NEGLIGIBLE, {"package_type": "os"}, 0),
        (NEGLIGIBLE, {"package_path_exclude": "/bin"}, 0),
        (NEGLIGIBLE, {"package_path_exclude": "bin"}, 1),
        (LOW, {"package_path_exclude": ".*"}, 1),
        (NEGLIGIBLE, {"package_path_exclude": ""}, 1),
        (LOW, {"cvss_v3_base_score": "6.2"}, 0),
        (LOW, {"cvss_v3_impact_score": "0"}, 0),
        (LOW, {"cvss_v3_impact_score": "5", "cvss_v3_impact_score_comparison": "<"}, 1),
        (EXPLOITED, {"known_exploited_vulnerability": "true"}, 1),
        (LOW, {"known_exploited_vulnerability": "true"}, 0),
        (LOW, {"known_exploited_vulnerability": "false"}, 1),
        (LOW, {"fix_available": "true"}, 0),
        (LOW, {"fix_available": "false"}, 1),
        (MEDIUM, {"fix_available": "false"}, 0),
        (WONT_FIX, {}, 0),
        (WONT_FIX, {"vendor_only": "false"}, 1),
        (replace(LOW, detected_at=NOW - timedelta(days=2)), {"max_days_since_creation": "3"}, 0),
        (replace(LOW, detected_at=NOW - timedelta(days=3)), {"max_days_since_creation": "3"}, 1),
        (replace(LOW, detected_at=None), {"max_days_since_creation": "3"}, 1),
        (MEDIUM, {"fix_available": "true", "max_days_since_fix": "100000000000000000"}, 0),
        (
            replace(MEDIUM, fix=Fix(state="fixed", versions=("1",))),
            {"fix_available": "true", "max_days_since_fix": "9"},
            1,
        ),
        (replace(MEDIUM, fix=replace(MEDIUM.fix, available=NOW)), {"max_days_since_fix": "9"}, 1),
    ],
)
def test_every_condition_must_hold(match: Match, params: dict[str, str], count: int) -> None:
    assert len(asked("package", match, **{"package_type": "all", **params})) == count


def test_a_match_that_was_set_aside_stays_visible_and_does_not_count() -> None:
    aside = replace(LOW, suppressed=Suppression(kind="vex", reason="component_not_present"))
    outcome = judge(bundle(rule("vulnerabilities", "package", package_type="all")), seen(aside)).outcomes[0]
    assert outcome.findings[0].suppressed == aside.suppressed
    assert outcome.effective_action is Action.GO


def test_an_allowlist_names_the_vulnerability_and_the_package() -> None:
    item = {"id": "i", "gate": "vulnerabilities", "trigger_id": "CVE-2020-13529+libsystemd0"}
    raw = bundle(rule("vulnerabilities", "package", package_type="all"), items=[item])
    assert judge(raw, seen(LOW)).policy_action is Action.GO


@pytest.mark.parametrize(("made_by", "action"), [(enterprise, Action.GO), (bundle, Action.STOP)])
def test_enterprise_lets_an_item_name_the_vulnerability_alone(made_by: Any, action: Action) -> None:
    item = {"id": "i", "gate": "vulnerabilities", "trigger_id": "CVE-2020-13529"}
    raw = made_by(rule("vulnerabilities", "package", package_type="all"), items=[item])
    assert judge(raw, seen(LOW)).policy_action is action


def test_the_denylist_names_what_it_finds_in_the_order_it_was_given() -> None:
    said = asked("blacklist", LOW, MEDIUM, vulnerability_ids="CVE-2018-25013, CVE-1, CVE-2020-13529")
    assert said == ["Blacklisted vulnerabilities detected: ['CVE-2018-25013', 'CVE-2020-13529']"]
    one = made(SYSTEMD, "CVE-2019-1234", Severity.LOW)
    found = findings(
        bundle(rule("vulnerabilities", "blacklist", vulnerability_ids="CVE-2019-1234")), seen(one)
    )
    assert found[0].trigger_id == "47c3aa9f2129b43d906cfb185a6cb450"


def test_the_denylist_leaves_out_what_the_vendor_will_not_fix_unless_asked() -> None:
    assert asked("denylist", WONT_FIX, vulnerability_ids="CVE-8") == []
    assert len(asked("denylist", WONT_FIX, vulnerability_ids="CVE-8", vendor_only="false")) == 1


def test_a_vulnerability_in_cisas_list_is_found() -> None:
    kev = made(SYSTEMD, "CVE-7", Severity.LOW, known_exploited=True)
    assert len(asked("kev_list", LOW, kev)) == 1


@pytest.mark.parametrize(("epss", "count"), [(0.5, 1), (0.1, 1), (0.09, 0), (None, 0)])
def test_a_likely_exploit_is_found(epss: float | None, count: int) -> None:
    assert len(asked("epss", made(SYSTEMD, "CVE-7", Severity.LOW, epss=epss), score="0.1")) == count


@pytest.mark.parametrize(
    ("trigger", "params"),
    [
        ("epss", {"score": "10"}),
    ],
)
def test_a_probability_is_at_most_one(trigger: str, params: dict[str, str]) -> None:
    assert judge(bundle(rule("vulnerabilities", trigger, **params)), seen(LOW)).has_error


@pytest.mark.parametrize(
    ("built_at", "count"), [(NOW - timedelta(days=1), 0), (NOW - timedelta(days=3), 1), (None, 1)]
)
def test_old_data_is_found(built_at: datetime | None, count: int) -> None:
    raw = bundle(rule("vulnerabilities", "stale_feed_data", max_days_since_sync="2"))
    found = findings(raw, seen(database=DatabaseIdentity(source="grype", built_at=built_at)))
    assert [one.trigger_id for one in found] == ["deb3f1afb4ea0ddf587e6c62c341c6fa"] * count


def test_a_number_of_days_that_no_calendar_has_is_only_many() -> None:
    raw = bundle(rule("vulnerabilities", "stale_feed_data", max_days_since_sync="9" * 18))
    built_at = NOW - timedelta(days=300_000)
    assert findings(raw, seen(database=DatabaseIdentity(source="grype", built_at=built_at))) == []


def test_a_distribution_without_data_is_found() -> None:
    raw = bundle(rule("vulnerabilities", "vulnerability_data_unavailable"))
    centos = Inventory(distro=Distro(id="centos", version_id="9"))
    found = findings(raw, seen(inventory=centos, distro_has_data=False))
    assert [one.trigger_id for one in found] == ["f58e2620a2b766d87f0365d30bbcbeb1"]
    assert findings(raw, seen(LOW)) == []
    for distro, name in (
        (Distro(id="debian", version_id=""), "debian:0"),
        (Distro(id="debian", version_codename="trixie"), "debian:unstable"),
        (Distro(id="busybox", version_id="1.36.1"), "busybox:v1.36.1"),
        (None, "Unknown:0"),
    ):
        said = messages(raw, seen(inventory=Inventory(distro=distro), distro_has_data=False))
        assert f"namespace: {name}. " in said[0]


def problem_of(raw: dict[str, Any], evidence: Any, **more: Any) -> tuple[str | None, Action]:
    outcome = judge(raw, evidence, **more).outcomes[0]
    return outcome.problem, outcome.effective_action


def test_packages_of_a_distribution_without_data_are_not_waved_through() -> None:
    raw = bundle(rule("vulnerabilities", "package", "WARN", package_type="all"))
    problem, action = problem_of(raw, seen(LOW, distro_has_data=False))
    assert problem is not None
    assert "debian 11" in problem
    assert action is Action.STOP


def test_a_distribution_whose_packages_nobody_reads_is_not_waved_through() -> None:
    raw = bundle(rule("vulnerabilities", "package", "WARN", package_type="all"))
    arch = Inventory(distro=Distro(id="arch"))
    problem, action = problem_of(raw, seen(inventory=arch, distro_has_data=False))
    assert problem == "the package database of arch cannot be read: no package was judged"
    assert action is Action.STOP


def test_a_version_nobody_can_compare_stops_unless_the_user_wants_a_warning() -> None:
    raw = bundle(rule("vulnerabilities", "package", "GO", package_type="os"))
    odd = Incomparable(package=SYSTEMD, vulnerability_id="CVE-5", reason="not a version")
    problem, action = problem_of(raw, seen(incomparable=(odd,)))
    assert problem == "cannot say whether libsystemd0 247.3-6 has CVE-5: not a version"
    assert action is Action.STOP
    assert problem_of(raw, seen(incomparable=(odd,)), incomparable=Action.WARN)[1] is Action.WARN
    other = bundle(rule("vulnerabilities", "package", "GO", package_type="non-os"))
    assert problem_of(other, seen(incomparable=(odd,)))[0] is None


@pytest.mark.parametrize(
    ("trigger", "params", "lacks"),
    [
        ("kev_list", {}, "the list of known exploited vulnerabilities (kev)"),
        ("epss", {"score": "0.1"}, "the probabilities of being exploited (epss)"),
        (
            "package",
            {"package_type": "all", "severity": "high", "known_exploited_vulnerability": "true"},
            "the list of known exploited vulnerabilities (kev)",
        ),
    ],
)
def test_data_of_advisories_alone_does_not_say_what_is_exploited(
    trigger: str, params: dict[str, str], lacks: str
) -> None:
    raw = bundle(rule("vulnerabilities", trigger, "GO", **params))
    advisories = seen(LOW, database=replace(DATA, providers=(("osv", ""),)))
    assert problem_of(raw, advisories) == (f"the vulnerability data lacks {lacks}", Action.STOP)
    assert problem_of(raw, advisories, unsupported=Action.WARN)[1] is Action.WARN


@pytest.mark.parametrize("trigger", ["package", "kev_list", "denylist", "epss"])
def test_without_data_a_rule_has_a_problem(trigger: str) -> None:
    params = {
        "package": {"package_type": "all"},
        "denylist": {"vulnerability_ids": "X"},
        "epss": {"score": "1"},
    }.get(trigger, {})
    raw = bundle(rule("vulnerabilities", trigger, **params))
    assert problem_of(raw, seen(database=None)) == (
        "no vulnerability data is at hand (anchore-gate db update, or db import FILE)",
        Action.STOP,
    )
