"""A vulnerability as Enterprise tells it: nothing that reports show is lost."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from anchore_gate.api import gate
from anchore_gate.cli import main
from anchore_gate.engine.remote import RemoteEngine
from anchore_gate.errors import RemoteError
from anchore_gate.model.vulnerability import Cvss, Severity
from anchore_gate.remote.naming import joined
from anchore_gate.remote.vulnerabilities import match_of
from tests.support.anchore import recorded
from tests.support.enterprise import DIGEST, Enterprise, enterprise

FULL: dict[str, Any] = {
    "vuln": "CVE-2024-3094",
    "severity": "Critical",
    "url": "https://security.example/CVE-2024-3094",
    "description": "A backdoor",
    "fix": "5.6.1+really5.4.5-1, 5.8.0-1",
    "suggested_fix_version": "5.8.0-1",
    "fix_observed_at": "2024-03-30T10:00:00Z",
    "detected_at": "2024-04-01T00:00:00Z",
    "package": "liblzma5-5.6.0-0.2",
    "package_name": "liblzma5",
    "package_version": "5.6.0-0.2",
    "package_type": "dpkg",
    "package_path": "pkgdb",
    "package_cpe23": "cpe:2.3:a:tukaani:xz:5.6.0:*:*:*:*:*:*:*",
    "purl": "pkg:deb/debian/liblzma5@5.6.0-0.2?arch=amd64&distro=debian-13",
    "feed": "vulnerabilities",
    "feed_group": "debian:13",
    "will_not_fix": False,
    "is_kev": True,
    "epss": [{"epss": 0.85, "percentile": 0.99}],
    "nvd_data": [
        {
            "id": "CVE-2024-3094",
            "cvss_v2": {"base_score": -1.0, "exploitability_score": -1.0, "impact_score": -1.0},
            "cvss_v3": {"base_score": 10.0, "exploitability_score": 3.9, "impact_score": 6.0},
        }
    ],
    "vendor_data": [{"id": "RHSA-1", "cvss_v2": None, "cvss_v3": {"base_score": 9.8}}],
    "annotation_status": "affected",
    "annotation_uuid": "u-1",
}


def test_all_that_is_known_comes_along() -> None:
    match = match_of(FULL, "debian")
    flaw = match.vulnerability
    assert (flaw.id, flaw.severity, flaw.namespace) == ("CVE-2024-3094", Severity.CRITICAL, "debian:13")
    assert (flaw.description, flaw.link) == ("A backdoor", FULL["url"])
    assert (flaw.known_exploited, flaw.epss, flaw.epss_percentile) == (True, 0.85, 0.99)
    assert match.package.purl == FULL["purl"]
    assert match.package.cpes == (FULL["package_cpe23"],)
    assert match.detected_at == datetime(2024, 4, 1, tzinfo=timezone.utc)


def test_the_suggested_fix_comes_first() -> None:
    fix = match_of(FULL, "debian").fix
    assert (fix.state, fix.versions) == ("fixed", ("5.8.0-1", "5.6.1+really5.4.5-1"))
    assert fix.available == datetime(2024, 3, 30, 10, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("told", "state"),
    [
        ({"fix": "None", "suggested_fix_version": None}, "not-fixed"),
        ({"fix": None, "suggested_fix_version": None}, "not-fixed"),
        ({"fix": "None", "suggested_fix_version": None, "will_not_fix": True}, "wont-fix"),
        ({"fix": "1.2", "will_not_fix": True}, "fixed"),
    ],
    ids=["none", "null", "wont", "both"],
)
def test_a_fix_is_told_by_its_state(told: dict[str, Any], state: str) -> None:
    assert match_of({**FULL, **told}, "debian").fix.state == state


def test_ratings_keep_their_source_and_a_missing_score_is_none() -> None:
    assert match_of(FULL, "debian").vulnerability.cvss == (
        Cvss(
            version="3.0",
            vector="",
            base_score=10.0,
            exploitability_score=3.9,
            impact_score=6.0,
            source="nvd",
        ),
        Cvss(version="3.0", vector="", base_score=9.8, source="vendor", is_vendor=True),
    )


@pytest.mark.parametrize(
    ("status", "stands"),
    [
        ("not_affected", False),
        ("fixed", False),
        ("affected", True),
        ("under_investigation", True),
        (None, True),
    ],
)
def test_an_annotation_says_what_does_not_hold(status: str | None, stands: bool) -> None:
    match = match_of({**FULL, "annotation_status": status}, "debian")
    assert (match.suppressed is None) is stands
    if match.suppressed is not None:
        assert (match.suppressed.kind, match.suppressed.id) == ("vex", "u-1")


@pytest.mark.parametrize(
    "epss",
    [None, [], [{}], [{"epss": "high"}], [{"epss": 2}], [{"epss": float("nan")}], [{"epss": True}]],
)
def test_a_share_that_is_none_is_not_known(epss: Any) -> None:
    assert match_of({**FULL, "epss": epss}, "debian").vulnerability.epss is None


@pytest.mark.parametrize("score", [float("inf"), float("nan"), 10**400, 11, -1.0, "x", "1e9", None])
def test_a_score_that_is_none_is_left_out(score: Any) -> None:
    told = {**FULL, "nvd_data": [{"cvss_v3": {"base_score": score}}], "vendor_data": []}
    assert match_of(told, "debian").vulnerability.cvss == ()


def test_numbers_and_answers_may_be_texts() -> None:
    told = {
        **FULL,
        "nvd_data": [{"cvss_v3": {"base_score": "7.5"}}],
        "vendor_data": [],
        "epss": [{"epss": "0.25", "percentile": "0.5"}],
        "is_kev": "True",
        "will_not_fix": "true",
        "fix": None,
        "suggested_fix_version": None,
    }
    match = match_of(told, "debian")
    found = match.vulnerability
    assert [one.base_score for one in found.cvss] == [7.5]
    assert (found.epss, found.epss_percentile, found.known_exploited) == (0.25, 0.5, True)
    assert match.fix.state == "wont-fix"


@pytest.mark.parametrize(
    "told", [{"vuln": None}, {"package_name": None, "package": None}, {"nvd_data": "x"}, {"epss": ["x"]}]
)
def test_a_vulnerability_that_cannot_be_understood_is_an_error(told: dict[str, Any]) -> None:
    with pytest.raises(RemoteError):
        match_of({**FULL, **told}, "debian")


def test_what_engine_recorded_is_understood() -> None:
    told = recorded("050_GET_vuln_all_vendor_only_false")["response"]["body"]["vulnerabilities"]
    found = [match_of(one, "alpine") for one in told]
    assert {one.fix.state for one in found} == {"fixed", "not-fixed", "wont-fix"}
    assert {one.package.type for one in found} == {"apk"}


def test_a_match_is_of_the_package_in_the_inventory() -> None:
    match = match_of(FULL, "debian")
    listed = match_of({**FULL, "package_cpe23": None}, "debian").package
    other = match_of({**FULL, "package_version": "1"}, "debian").package
    assert joined([match], [other, listed])[0].package is listed
    assert joined([match], [other])[0].package is match.package


@pytest.mark.parametrize(("version", "asked"), [("5.2.0", False), ("5.3.0", True)])
def test_descriptions_are_asked_of_a_service_that_has_them(version: str, asked: bool) -> None:
    with enterprise(Enterprise(version=version)) as service:
        gate("team/app:1.2", engine=RemoteEngine(url=service.url, token="key", poll=0.01))
        (sent,) = service.sent("GET", f"/v2/images/{DIGEST}/vuln/all")
    assert ("include_vuln_description=true" in sent.path) is asked


def test_reports_show_what_the_service_knows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ANCHORE_GATE_TOKEN", "key")
    flaw = {**FULL, "vuln": "CVE-2022-1", "package_name": "libssl", "package_version": "3.0"}
    service = Enterprise(flaws={"vulnerabilities": [flaw]})
    with enterprise(service):
        words = ["--url", service.url, "--format", "html=r.html", "--format", "json=r.json"]
        main(["check", "team/app:1.2", *words])
    page, document = (tmp_path / "r.html").read_text(), (tmp_path / "r.json").read_text()
    assert "EPSS 85.0%" in page
    assert "A backdoor" in document
    assert "5.8.0-1" in page
