"""An Anchore service behind `gate`: its recorded answers give its verdict, reason, findings and ids."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from anchore_gate.api import gate, gate_all
from anchore_gate.cli import main
from anchore_gate.engine.remote import RemoteEngine
from anchore_gate.errors import (
    AnalysisFailed,
    GateError,
    NetworkError,
    RemoteAuthError,
    RemoteError,
    TimedOut,
    UsageError,
)
from anchore_gate.model.evaluation import Action
from anchore_gate.model.result import GateResult
from anchore_gate.net.retry import Clock
from tests.support.anchore import (
    ALPINE,
    ALPINE_DIGEST,
    IMPORTED,
    IMPORTED_DIGEST,
    PASSWORD,
    Engine,
    anchore,
    answer,
    record_of,
    recorded,
    reply,
    table_of,
)
from tests.support.web import Reply


def engine_of(service: Engine, **more: Any) -> RemoteEngine:
    settings: dict[str, Any] = {"username": "admin", "password": PASSWORD, "poll": 0.01, "timeout": 20.0}
    return RemoteEngine(url=service.url, **{**settings, **more})


def judged(service: Engine, image: str = IMPORTED, **more: Any) -> GateResult:
    return gate(image, engine=engine_of(service, **more))


def test_a_recorded_stop_is_a_stop_with_the_same_findings() -> None:
    expected = table_of(recorded("129_GET_import_check")["response"]["body"])
    (table,) = [one for one in expected["result"].values() if isinstance(one, dict)]
    with anchore() as service:
        result = judged(service)
    found = [
        (finding.trigger_id, outcome.gate, outcome.trigger, finding.message, outcome.action.word)
        for outcome in result.evaluation.outcomes
        for finding in outcome.findings
    ]
    assert sorted(found) == sorted(tuple(row[2:7]) for row in table["result"]["rows"])
    assert result.evaluation.final_action is Action.STOP
    assert result.evaluation.final_reason == expected["final_action_reason"]
    assert str(result.image.digest) == IMPORTED_DIGEST
    assert result.image.id == expected["image_id"]
    assert result.image.tag == IMPORTED


def test_rules_that_passed_are_listed_too() -> None:
    with anchore() as service:
        outcomes = judged(service).evaluation.outcomes
    assert {(one.rule_id[:8], len(one.findings)) for one in outcomes} == {
        ("ce7b8000", 1),
        ("312d9e41", 1),
        ("6b5c14e7", 0),
        ("3e79ea94", 0),
        ("6063fdde", 1),
        ("b30e8abc", 3),
    }


def test_a_recorded_go_keeps_what_the_allowlist_set_aside() -> None:
    with anchore() as service:
        result = judged(service, ALPINE)
    findings = [finding for one in result.evaluation.outcomes for finding in one.findings]
    assert result.verdict == "pass"
    assert [(one.suppressed.id, one.suppressed.item_id) for one in findings if one.suppressed] == [
        ("w1", "a1"),
        ("w1", "a1"),
    ]


def test_packages_and_vulnerabilities_come_along() -> None:
    with anchore() as service:
        result = judged(service)
    assert {one.vulnerability.id for one in result.matches} >= {"CVE-2099-0001", "CVE-2099-0003"}
    names = {one.name: one for one in result.inventory.packages}
    assert names["busybox"].purl == "pkg:apk/alpine/busybox@1.36.1-r7"
    assert str(result.inventory.distro) == "alpine 3.18.9"
    (finding,) = [
        f for o in result.evaluation.outcomes for f in o.findings if f.trigger_id == "CVE-2099-0001+busybox"
    ]
    assert finding.match is not None
    assert finding.match.fix.versions == ("1.36.1-r8",)


def test_what_is_submitted_is_what_was_recorded(tmp_path: Path) -> None:
    dockerfile = tmp_path / "Dockerfile"
    dockerfile.write_bytes(b"FROM scratch\nEXPOSE 22\n")
    with anchore() as service:
        gate(ALPINE, engine=engine_of(service), dockerfile=dockerfile, annotations=(("team", "x"),))
        (sent,) = service.sent("POST", "/v1/images")
    assert json.loads(sent.body) == recorded("017_POST_images_add_source_tag")["request"]["body"]


def test_a_digest_is_submitted_with_its_tag() -> None:
    with anchore() as service:
        judged(service, f"{ALPINE}@{ALPINE_DIGEST}")
        (sent,) = service.sent("POST", "/v1/images")
    source = json.loads(sent.body)["source"]["digest"]
    assert source["pullstring"] == f"localhost:15000/traces/alpine@{ALPINE_DIGEST}"
    assert source["tag"] == ALPINE


def test_an_image_that_falls_back_is_waited_for_again() -> None:
    with anchore(Engine(states=["analyzing", "not_analyzed", "analyzed"])) as service:
        path = f"/v1/images/{ALPINE_DIGEST}/check"
        service.instead["GET", path] = [answer("018_GET_check_before_analysis")]
        assert judged(service, ALPINE).passed


def test_a_404_right_after_submitting_is_survived() -> None:
    with anchore() as service:
        service.instead["GET", f"/v1/images/{ALPINE_DIGEST}"] = [answer("029_GET_image_get_missing")] * 2
        assert judged(service, ALPINE).passed


def test_failed_analysis_ends_at_once() -> None:
    with (
        anchore(Engine(states=["analyzing", "analysis_failed"])) as service,
        pytest.raises(AnalysisFailed, match=r"alpine:3\.18"),
    ):
        judged(service, ALPINE)


def test_time_out_names_the_image_and_its_last_state() -> None:
    with (
        anchore(Engine(states=["analyzing"])) as service,
        pytest.raises(TimedOut, match=r"alpine:3\.18.*analyzing"),
    ):
        judged(service, ALPINE, timeout=0.5)


def test_the_time_that_was_over_is_the_one_that_was_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ANCHORE_GATE_PASSWORD", PASSWORD)
    with anchore(Engine(states=["analyzing"])) as service:
        words = ["--url", service.url, "--username", "admin", "--timeout", "1"]
        assert main(["check", ALPINE, *words, "--format", "json=result.json"]) == 3
    assert "not analysed (last state: analyzing) within 1 s (--timeout)" in capsys.readouterr().out
    (verdict,) = json.loads((tmp_path / "result.json").read_text())["results"]
    assert verdict["category"] == "timeout"


def test_wrong_credentials_are_asked_about_once_and_never_shown() -> None:
    with anchore() as service:
        with pytest.raises(RemoteAuthError, match="refuses the credentials") as caught:
            judged(service, password="not-the-secret")
        assert len(service.sent("GET", "/v1/status")) == 1
        assert service.sent("POST", "/v1/images") == []
    assert "not-the-secret" not in str(caught.value)


def test_secrets_are_not_in_the_value() -> None:
    shown = repr(RemoteEngine(url="http://127.0.0.1:1", password="hidden-one", token="hidden-two"))
    assert "hidden" not in shown


def test_the_services_own_words_say_why_an_image_is_not_taken() -> None:
    with (
        anchore() as service,
        pytest.raises(RemoteError, match=r"cannot fetch image digest.*REGISTRY_IMAGE_NOT_FOUND"),
    ):
        judged(service, "localhost:15000/traces/none:1")


def test_an_unknown_policy_id_is_named() -> None:
    with anchore() as service, pytest.raises(RemoteError, match=r"'nope'.*not found"):
        judged(service, ALPINE, policy_id="nope")


def test_a_crashed_evaluation_is_no_verdict() -> None:
    crash = reply({"httpcode": 404, "message": "could not find any evaluations for input images"}, 404)
    with anchore() as service:
        service.instead["GET", f"/v1/images/{ALPINE_DIGEST}/check"] = [crash] * 9
        with pytest.raises(RemoteError, match="could not evaluate"):
            judged(service, ALPINE)


def test_a_busy_service_is_asked_again_when_it_says() -> None:
    busy = Reply(429, b"", {"Retry-After": "0"})
    with anchore() as service:
        service.instead["POST", "/v1/images"] = [busy, busy]
        assert judged(service, ALPINE).passed


def test_a_dropped_connection_is_tried_again() -> None:
    with anchore() as service:
        cut = Reply(200, b"[]", {"Content-Length": "100"}, cut=1)
        service.instead["GET", f"/v1/images/{ALPINE_DIGEST}"] = [cut]
        assert judged(service, ALPINE).passed


PATIENT = Clock(sleep=lambda _: None)
AWAY = Reply(503, b'{"message": "starting"}')
CUT = Reply(200, b"[]", {"Content-Length": "100"}, cut=1)


@pytest.mark.parametrize("away", [AWAY, CUT], ids=["503", "cut"])
def test_a_service_that_restarts_while_an_image_waits_is_waited_for(away: Reply) -> None:
    with anchore() as service:
        service.instead["GET", f"/v1/images/{ALPINE_DIGEST}"] = [
            away
        ] * 20  # five polls, each tried four times
        assert judged(service, ALPINE, clock=PATIENT).passed


@pytest.mark.parametrize(("away", "error"), [(AWAY, RemoteError), (CUT, NetworkError)], ids=["503", "cut"])
def test_a_service_that_stays_away_is_no_verdict(away: Reply, error: type[GateError]) -> None:
    with anchore() as service:
        service.instead["GET", f"/v1/images/{ALPINE_DIGEST}"] = [away] * 60
        with pytest.raises(error, match=r"answers 503: starting|was cut"):
            judged(service, ALPINE, clock=PATIENT)


def test_a_service_that_is_away_from_the_start_says_so() -> None:
    with anchore() as service:
        for path in ("/version", "/v1/version", "/v2/version"):
            service.instead["GET", path] = [AWAY] * 4
        with pytest.raises(RemoteError, match="answers 503: starting"):
            judged(service, clock=PATIENT)


@pytest.mark.parametrize("version", ["²", "9" * 5000, "x", "", "2.x"])
def test_any_version_is_read(version: str) -> None:
    with anchore(Engine(states=["analyzed"])) as service:
        told = {"service": {"version": version}, "api": {"version": version}}
        for path in ("/version", "/v1/version"):
            service.instead["GET", path] = [reply(told)]
        (result,) = gate_all([ALPINE], engine=engine_of(service))
    assert result.category in {"", "service"}  # never a crash of ours


def test_a_page_of_a_proxy_is_no_service() -> None:
    page = Reply(200, b"<html>log in</html>", {"Content-Type": "text/html"})
    with anchore() as service:
        for path in ("/version", "/v1/version", "/v2/version"):
            service.instead["GET", path] = [page]
        with pytest.raises(RemoteError, match="no Anchore API"):
            judged(service)


@pytest.mark.parametrize(
    "damage",
    [
        lambda result: result.update(final_action="maybe"),
        lambda result: result.pop("final_action"),
        lambda result: result.update(final_action_reason="because"),
        lambda result: result.update(result={}),
        lambda result: next(one for one in result["result"].values() if one)["result"].update(rows=[]),
        lambda result: next(one for one in result["result"].values() if one)["result"].update(rows=[["x"]]),
        lambda result: next(one for one in result["result"].values() if one)["result"].update(header=[]),
    ],
    ids=["action", "no-action", "reason", "no-table", "no-rows", "short-row", "no-header"],
)
def test_an_answer_that_cannot_be_understood_is_no_verdict(damage: Any) -> None:
    service = Engine(rewrite=lambda body: damage(table_of(body)))
    with anchore(service), pytest.raises(RemoteError):
        judged(service)


NEVER = [{"name": "vulnerabilities", "enabled": True, "groups": [{"name": "alpine:3.18", "record_count": 0}]}]


@pytest.mark.parametrize("feeds", [[], NEVER], ids=["none", "empty"])
@pytest.mark.parametrize("image", [IMPORTED, ALPINE])
def test_feeds_that_never_came_stop_where_the_policy_asks_for_them(image: str, feeds: Any) -> None:
    with anchore() as service:
        service.instead["GET", "/v1/system/feeds"] = [reply(feeds)]
        result = judged(service, image)
    assert [one.type for one in result.evaluation.problems] == ["FeedsNeverSynced"]
    blind = {one.trigger for one in result.evaluation.outcomes if one.problem}
    assert blind == ({"package"} if image == IMPORTED else set())
    assert result.verdict == ("fail" if image == IMPORTED else "pass")


def test_feeds_that_never_came_are_no_fault_of_the_policy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ANCHORE_GATE_PASSWORD", PASSWORD)
    with anchore(Engine(states=["analyzed"])) as service:
        service.instead["GET", "/v1/system/feeds"] = [reply([])]
        assert main(["check", IMPORTED, "--url", service.url, "--username", "admin"]) == 1


def test_without_feeds_and_without_a_policy_to_read_there_is_no_verdict() -> None:
    def hide(body: Any) -> None:
        record_of(body)["detail"]["policy"] = {}
        record_of(body)["status"] = "pass"
        table = next(one for one in table_of(body)["result"].values() if one)
        table["result"] |= {"rows": [], "final_action": "go"}
        table_of(body)["final_action"] = "go"

    with anchore(Engine(states=["analyzed"], rewrite=hide)) as service:
        service.instead["GET", "/v1/system/feeds"] = [reply([])]
        with pytest.raises(RemoteError, match="never synced"):
            judged(service)


@pytest.mark.parametrize("status", [403, 404])
@pytest.mark.parametrize("found", [True, False])
def test_feeds_that_may_not_be_seen_have_come_where_something_was_found(status: int, found: bool) -> None:
    with anchore() as service:
        service.instead["GET", "/v1/system/feeds"] = [reply({"message": "no"}, status)]
        if not found:
            path = f"/v1/images/{IMPORTED_DIGEST}/vuln/all"
            service.instead["GET", path] = [reply({"vulnerabilities": []})]
        result = judged(service)
    assert any(one.problem for one in result.evaluation.outcomes) is not found


def test_a_policy_file_is_uploaded_used_and_taken_away(tmp_path: Path) -> None:
    policy = tmp_path / "policy.json"
    policy.write_text(json.dumps(recorded("057_POST_policy_add")["request"]["body"]))
    with anchore() as service:
        result = gate(ALPINE, policy=policy, engine=engine_of(service))
        (sent,) = service.sent("POST", "/v1/policies")
        assert service.policies == {}
    assert json.loads(sent.body)["id"].startswith("anchore-gate-")
    assert result.evaluation.bundle_id == "trace-b1"


def test_a_policy_is_kept_where_that_is_asked_for(tmp_path: Path) -> None:
    policy = tmp_path / "policy.json"
    policy.write_text(json.dumps(recorded("057_POST_policy_add")["request"]["body"]))
    with anchore() as service:
        gate(ALPINE, policy=policy, engine=engine_of(service, keep_policy=True))
        assert len(service.policies) == 1


def test_a_digest_without_a_tag_is_a_wrong_use() -> None:
    with pytest.raises(UsageError, match="a tag with the digest"):
        gate(f"localhost/app@{ALPINE_DIGEST}", engine=RemoteEngine(url="http://127.0.0.1:1"))


@pytest.mark.parametrize(
    "url", ["ftp://host", "host:8228", "http://user:pw@host", "http://[bad", "http://h?a=b"]
)
def test_a_wrong_url_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(GateError) as caught:
        gate(ALPINE, engine=RemoteEngine(url=url))
    assert caught.value.exit_code == 2
    assert "pw" not in str(caught.value)


def test_check_asks_the_service_that_the_environment_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    with anchore(Engine(states=["analyzed"])) as service:
        monkeypatch.setenv("ANCHORE_CLI_URL", f"{service.url}/v1")
        monkeypatch.setenv("ANCHORE_CLI_USER", "admin")
        monkeypatch.setenv("ANCHORE_CLI_PASS", PASSWORD)
        code = main(["check", IMPORTED, "--format", "json=result.json"])
    said = capsys.readouterr()
    written = (tmp_path / "result.json").read_text()
    assert code == 1
    assert "CVE-2099-0001+busybox" in written
    assert PASSWORD not in said.out + said.err + written
