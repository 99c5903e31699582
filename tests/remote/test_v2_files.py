"""Secrets, contents and files of an image on this machine, as Enterprise's import takes them."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from pathlib import Path
from typing import Any

import pytest

from anchore_gate.api import gate
from anchore_gate.engine.remote import RemoteEngine
from anchore_gate.model.result import GateResult
from anchore_gate.policy.settings import AnalyzerSettings, NamedExpression
from tests.support import images
from tests.support.anchore import reply
from tests.support.enterprise import POLICY, Enterprise, enterprise, evaluation, finding
from tests.support.web import Reply

KEY = "aws_access_key_id = AKIAIOSFODNN7EXAMPLE"
PASSWD = "root:x:0:0:root:/root:/bin/sh\n"
FILES = {
    "etc/os-release": "ID=debian\nVERSION_ID=12\n",
    "etc/passwd": PASSWD,
    "etc/app.conf": "debug = yes\n",
    "root/.aws/credentials": f"[default]\n{KEY}\n",
}
SETTINGS = AnalyzerSettings(contents=(NamedExpression("DEBUG", "debug *= *yes"),))
SECRET = {"gate": "secret_scans", "trigger": "content_regex_checks"}
CONTENT = {"gate": "files", "trigger": "content_regex_match"}
PATH = [{"name": "path", "value": "/etc/app.conf"}]
RETRIEVED = {"gate": "retrieved_files", "trigger": "content_not_available", "params": PATH}
ACCOUNTS = {"gate": "passwd_file", "trigger": "content_not_available"}
OPERATION = "/v2/imports/images/0a1b-2c3d"


def policy_of(*rules: dict[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(json.dumps(POLICY))
    made["rule_sets"][0]["rules"] = [
        {"id": f"r{number}", "action": "STOP", "params": [], **rule} for number, rule in enumerate(rules)
    ]
    return made


def service_of(policy: dict[str, Any], *found: dict[str, Any], **more: Any) -> Enterprise:
    """Judges by a policy, and finds what it is told to find."""
    verdict = ("fail", "stop") if found else ("pass", "go")
    checked = evaluation(
        status=verdict[0], final_action=verdict[1], details={"policy": policy, "findings": list(found)}
    )
    record = {"policy_id": "p1", "active": True, "policy": policy}
    answers = {"/v2/policies": [{"policy_id": "p0", "active": False, "policy": {}}, record], **more}
    return Enterprise(checked=checked, answers=answers)


def found_by(rule: dict[str, Any], rule_id: str = "r0") -> dict[str, Any]:
    return finding(rule_id, trigger_id="0" * 32, gate=rule["gate"], trigger=rule["trigger"])


@pytest.fixture
def archive(tmp_path: Path) -> str:
    layers = (images.make_layer({**FILES}),)
    return f"docker-archive:{images.docker_archive(tmp_path / 'app.tar', layers, tag='team/app:1.2')}"


def judged(service: Enterprise, image: str, *, settings: AnalyzerSettings = SETTINGS) -> GateResult:
    engine = RemoteEngine(url=service.url, token="key", poll=0.01, settings=settings)
    return gate(image, engine=engine)


def problems(result: GateResult) -> list[str]:
    return [str(one.problem) for one in result.evaluation.outcomes if one.problem]


def test_what_the_policy_asks_for_goes_with_the_import(archive: str) -> None:
    with enterprise(service_of(policy_of(SECRET, CONTENT, RETRIEVED, ACCOUNTS), found_by(SECRET))) as service:
        judged(service, archive)
    bodies = {
        name: json.loads(service.uploads[name].body)
        for name in ("secret-searches", "content-searches", "file-contents")
    }
    nowhere = {"line_offset": 0, "seek_position": 0, "length": 0}
    assert bodies["secret-searches"] == [
        {
            "location": {"path": "/root/.aws/credentials"},
            "content_searches": [{"classification": "AWS_ACCESS_KEY", "line_number": 2, **nowhere}],
        }
    ]
    assert bodies["content-searches"] == [
        {
            "location": {"path": "/etc/app.conf"},
            "content_searches": [{"classification": "DEBUG", "line_number": 1, **nowhere}],
        }
    ]
    assert [(one["location"]["path"], b64decode(one["contents"])) for one in bodies["file-contents"]] == [
        ("/etc/app.conf", b"debug = yes\n"),
        ("/etc/passwd", PASSWD.encode()),
    ]


def test_the_submission_names_what_was_uploaded(archive: str) -> None:
    with enterprise(service_of(policy_of(SECRET, RETRIEVED), found_by(SECRET))) as service:
        judged(service, archive)
        (sent,) = service.sent("POST", "/v2/images")
    contents = json.loads(sent.body)["source"]["import"]["contents"]
    assert set(contents) == {"packages", "manifest", "image_config", "secret_searches", "file_contents"}


def test_no_secret_leaves_this_machine(archive: str) -> None:
    with enterprise(service_of(policy_of(SECRET, CONTENT, RETRIEVED), found_by(SECRET))) as service:
        judged(service, archive)
    sent = b"".join(one.path.encode() + one.body for one in service.asked)
    assert KEY.encode() not in sent
    assert b64encode(KEY.encode())[:20] not in sent


def test_nothing_is_looked_for_that_no_rule_asks_for(archive: str) -> None:
    with enterprise(service_of(policy_of(ACCOUNTS))) as service:
        assert judged(service, archive).verdict == "pass"
    assert set(service.uploads) == {"packages", "manifest", "image-config", "file-contents"}


@pytest.mark.parametrize("rule", [SECRET, CONTENT, RETRIEVED, ACCOUNTS], ids=lambda rule: rule["gate"])
def test_the_answer_of_the_service_counts(archive: str, rule: dict[str, Any]) -> None:
    with enterprise(service_of(policy_of(rule), found_by(rule))) as service:
        result = judged(service, archive)
    assert result.verdict == "fail"
    assert problems(result) == []


@pytest.mark.parametrize("rule", [RETRIEVED, ACCOUNTS], ids=lambda rule: rule["gate"])
def test_a_rule_that_found_nothing_passes(archive: str, rule: dict[str, Any]) -> None:
    with enterprise(service_of(policy_of(rule))) as service:
        assert judged(service, archive).verdict == "pass"


@pytest.mark.parametrize("rule", [SECRET, CONTENT], ids=lambda rule: rule["gate"])
def test_a_search_that_found_nothing_there_and_something_here_does_not_pass(
    archive: str, rule: dict[str, Any]
) -> None:
    with enterprise(service_of(policy_of(rule))) as service:
        result = judged(service, archive)
    assert result.verdict == "fail"
    assert "the service found nothing, where" in problems(result)[0]


def test_a_clean_image_passes_a_search(tmp_path: Path) -> None:
    layers = (images.make_layer({"etc/os-release": FILES["etc/os-release"]}),)
    image = images.docker_archive(tmp_path / "clean.tar", layers, tag="team/app:1.2")
    with enterprise(service_of(policy_of(SECRET, CONTENT))) as service:
        assert judged(service, f"docker-archive:{image}").verdict == "pass"
    assert json.loads(service.uploads["secret-searches"].body) == []


@pytest.mark.parametrize("status", [404, 405])
def test_an_older_service_that_takes_no_searches_answers_no_rule_about_them(
    archive: str, status: int
) -> None:
    refused = {f"{OPERATION}/secret-searches": reply({"message": "no such page"}, status)}
    with enterprise(service_of(policy_of(SECRET), **refused)) as service:
        result = judged(service, archive)
    assert problems(result) == [
        "the service was not shown enough: it cannot answer secret_scans/content_regex_checks"
    ]


@pytest.mark.parametrize(
    "rule",
    [
        {"gate": "files", "trigger": "suid_or_guid_set"},
        {"gate": "malware", "trigger": "scans"},
        {**CONTENT, "params": [{"name": "regex_name", "value": "OTHER"}]},
    ],
    ids=["attributes", "malware", "unknown-expression"],
)
def test_what_an_import_cannot_show_stops(archive: str, rule: dict[str, Any]) -> None:
    with enterprise(service_of(policy_of(rule))) as service:
        result = judged(service, archive)
    assert result.verdict == "fail"
    assert "was not shown enough" in problems(result)[0]


@pytest.mark.parametrize(
    "shown",
    [Reply(403, b"{}"), reply({"message": "no"}, 404), reply([]), reply(None), reply([None, {"active": 1}])],
    ids=["no-permission", "no-path", "none", "null", "odd"],
)
def test_a_policy_that_is_not_shown_beforehand_has_no_files_uploaded(archive: str, shown: Reply) -> None:
    with enterprise(service_of(policy_of(SECRET), **{"/v2/policies": shown})) as service:
        result = judged(service, archive)
    assert "was not shown enough" in problems(result)[0]
    assert "secret-searches" not in service.uploads


def test_a_policy_file_of_ours_is_looked_at_here(archive: str, tmp_path: Path) -> None:
    policy = policy_of(SECRET)
    path = tmp_path / "policy.json"
    path.write_text(json.dumps(policy))
    with enterprise(service_of(policy, found_by(SECRET))) as service:
        engine = RemoteEngine(url=service.url, token="key", poll=0.01)
        result = gate(archive, engine=engine, policy=path)
    assert problems(result) == []
    assert "secret-searches" in service.uploads


def test_a_file_that_is_too_long_is_not_sent_and_its_rule_not_answered(archive: str) -> None:
    with enterprise(
        service_of(
            policy_of(
                ACCOUNTS,
                {
                    **RETRIEVED,
                    "trigger": "content_regex",
                    "params": [*PATH, {"name": "regex", "value": "x"}, {"name": "check", "value": "match"}],
                },
            )
        )
    ) as service:
        result = judged(service, archive, settings=AnalyzerSettings(retrieve_max_size=5))
    assert result.verdict == "fail"
    absent, unread = problems(result)
    assert "the service found nothing, where passwd_file/content_not_available" in absent
    assert "was not shown enough: it cannot answer retrieved_files/content_regex" in unread


def test_only_files_that_are_to_be_retrieved_are_sent(archive: str) -> None:
    settings = AnalyzerSettings(retrieve=("/etc/passwd",))
    with enterprise(service_of(policy_of(RETRIEVED, ACCOUNTS), found_by(RETRIEVED))) as service:
        assert judged(service, archive, settings=settings).verdict == "fail"
    sent = json.loads(service.uploads["file-contents"].body)
    assert [one["location"]["path"] for one in sent] == ["/etc/passwd"]
