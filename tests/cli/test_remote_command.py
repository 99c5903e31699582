"""`anchore-gate remote`: what a service is doing, on one screen or as JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from anchore_gate.cli import main
from tests.support.anchore import PASSWORD, Engine, anchore, reply
from tests.support.certificates import make_authority
from tests.support.enterprise import IMAGE, Enterprise, enterprise
from tests.support.web import Reply, serve

FIRST: dict[str, dict[str, object]] = {
    "status": {"name": "anchore-engine", "state": "API v1", "version": "1.1.0"},
    "policies": {"id": "2c53a13c-1765-11e8-82ef-23527761d060", "name": "Default bundle", "active": True},
    "images": {"state": "analyzed"},
    "feeds": {"name": "vulnerabilities", "group": "alpine:3.18", "records": 5},
    "subscriptions": {"key": "localhost:15000/traces/alpine:3.18"},
    "registries": {"registry": "localhost:15000", "user": "u", "verified": False},
}


@pytest.fixture(autouse=True)
def a_clean_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ANCHORE_GATE_PASSWORD", PASSWORD)


@pytest.mark.parametrize("action", FIRST)
def test_each_list_says_what_the_service_recorded(action: str, capsys: pytest.CaptureFixture[str]) -> None:
    with anchore() as service:
        code = main(["remote", action, "--url", service.url, "--username", "admin", "--json"])
    found = json.loads(capsys.readouterr().out)
    assert code == 0
    assert FIRST[action].items() <= found[0].items()


_V2: dict[str, tuple[str, object, dict[str, object]]] = {
    "status": (
        "/v2/system/services",
        [{"service_name": "apiext", "status_message": "available", "service_detail": {"version": "5.8.0"}}],
        {"name": "apiext", "state": "available", "version": "5.8.0"},
    ),
    "policies": (
        "/v2/policies",
        [{"policy_id": "p1", "name": "ours", "active": True, "last_updated": "2026-01-01", "policy": None}],
        {"id": "p1", "name": "ours", "active": True, "updated": "2026-01-01"},
    ),
    "images": (
        "/v2/images",
        {"items": [{**IMAGE, "analyzed_at": "2026-01-01"}]},
        {"tag": "docker.io/team/app:1.2", "digest": IMAGE["image_digest"], "state": "analyzed"},
    ),
    "subscriptions": (
        "/v2/subscriptions",
        [{"subscription_key": "k", "subscription_type": "tag_update", "active": False}],
        {"key": "k", "type": "tag_update", "active": False},
    ),
    "registries": (
        "/v2/registries",
        [{"registry": "r", "registry_type": "docker_v2", "registry_user": "u", "registry_verify": True}],
        {"registry": "r", "type": "docker_v2", "user": "u", "verified": True},
    ),
}


@pytest.mark.parametrize("action", _V2)
def test_each_list_of_an_enterprise_says_the_same(action: str, capsys: pytest.CaptureFixture[str]) -> None:
    place, answer, expected = _V2[action]
    with enterprise(Enterprise(answers={place: answer})) as service:
        assert main(["remote", action, "--url", service.url, "--username", "admin", "--json"]) == 0
    assert expected.items() <= json.loads(capsys.readouterr().out)[-1].items()


def test_a_table_is_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    with anchore() as service:
        main(["remote", "policies", "--url", service.url, "--username", "admin"])
    said = capsys.readouterr().out
    assert "Default bundle" in said
    assert PASSWORD not in said


def test_without_an_address_it_says_how_to_give_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["remote", "status"]) == 2
    assert "--url" in capsys.readouterr().err


def test_wrong_credentials_end_with_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with anchore() as service:
        assert main(["remote", "status", "--url", service.url, "--username", "nobody"]) == 3
    said = capsys.readouterr().err
    assert "refuses the credentials (401)" in said
    assert said.count("\n") == 1


@pytest.mark.parametrize("detail", [None, [], True, "x", ["x"]])
def test_an_image_without_its_details_is_listed(detail: object, capsys: pytest.CaptureFixture[str]) -> None:
    image = {"imageDigest": "sha256:0", "analysis_status": "analyzing", "image_detail": detail}
    with anchore() as service:
        service.instead["GET", "/v1/images"] = [reply([image])]
        assert main(["remote", "images", "--url", service.url, "--username", "admin", "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)
    assert (found["tag"], found["state"]) == ("", "analyzing")


def test_a_client_certificate_and_a_private_authority_open_the_door(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    authority, service = make_authority(tmp_path / "ca"), Engine()
    with serve(service.respond, certificate=authority.server, client_ca=authority.ca) as site:
        words = ["remote", "status", "--json", "--url", site.url, "--username", "admin"]
        shown = ["--ca", str(authority.ca), "--cert", str(authority.certificate), "--key", str(authority.key)]
        assert main([*words, *shown]) == 0
        assert json.loads(capsys.readouterr().out)[0]["name"] == "anchore-engine"
        assert main([*words, "--cert", str(authority.certificate), "--key", str(authority.key)]) == 3
        said = capsys.readouterr().err
    assert "is not trusted" in said
    assert "--ca" in said
    assert said.count("\n") == 1


def test_what_anchores_own_variables_say_is_shown_with_their_names(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("ANCHORE_GATE_PASSWORD")
    monkeypatch.setenv("ANCHORE_CLI_URL", f"https://admin:{PASSWORD}@anchore.example.com/v1")
    monkeypatch.setenv("ANCHORE_CLI_USER", "admin")
    monkeypatch.setenv("ANCHORE_CLI_PASS", PASSWORD)
    assert main(["config", "show"]) == 0
    said = capsys.readouterr().out
    rows = [line.split() for line in said.splitlines()]
    assert ["url", "https://***@anchore.example.com/v1", "ANCHORE_CLI_URL"] in rows
    assert ["username", "admin", "ANCHORE_CLI_USER"] in rows
    assert ["password", "(set)", "ANCHORE_CLI_PASS"] in rows
    assert PASSWORD not in said


def test_a_setting_of_ours_goes_before_anchores_variables(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ANCHORE_URL", "https://old.example.com")
    monkeypatch.setenv("ANCHORE_USERNAME", "somebody")
    monkeypatch.setenv("ANCHORE_GATE_URL", "https://new.example.com")
    assert main(["config", "show"]) == 0
    said = capsys.readouterr().out
    assert "https://new.example.com" in said
    assert "old.example.com" not in said
    assert "somebody" not in said


ODD = {
    "null": reply(None),
    "object": reply({}),
    "null-list": reply({"items": None}),
    "null-entry": reply([None]),
    "text": reply("x"),
    "page": Reply(200, b"<html>log in</html>"),
    "forbidden": reply({"message": "no"}, 403),
    "refused": reply("no", 400),
    "moved": Reply(302, b"", {"Location": "https://elsewhere.example/login?token=s3cret"}),
}
PLACES = {
    "status": "/v1/system/services",
    "policies": "/v1/policies",
    "images": "/v1/images",
    "feeds": "/v1/system/feeds",
    "subscriptions": "/v1/subscriptions",
    "registries": "/v1/registries",
}


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("action", PLACES)
def test_a_list_that_cannot_be_had_is_one_clear_line(
    action: str, odd: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with anchore() as service:
        service.instead["GET", PLACES[action]] = [ODD[odd]]
        code = main(["remote", action, "--json", "--url", service.url, "--username", "admin"])
    said = capsys.readouterr()
    assert (code, said.out) == (3, "")
    (line,) = said.err.splitlines()
    assert line.startswith("anchore-gate: error: ")
    assert "s3cret" not in line


@pytest.mark.parametrize("entry", [{}, {"name": None, "active": 1, "image_detail": {"a": 1}, "groups": None}])
@pytest.mark.parametrize("action", PLACES)
def test_an_entry_that_says_nothing_is_listed(
    action: str, entry: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    with anchore() as service:
        service.instead["GET", PLACES[action]] = [reply([entry])]
        assert main(["remote", action, "--json", "--url", service.url, "--username", "admin"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert len(found) == (2 if action == "status" else 1)
    assert found[-1].get("active", False) is False


def test_a_name_that_commands_a_terminal_or_a_ci_system_is_text(capsys: pytest.CaptureFixture[str]) -> None:
    hostile = "::error::x\x1b[31m\u202e\n::set-output::y\r##vso[z"
    with anchore() as service:
        told = reply([{"policyId": hostile, "name": hostile, "active": True}])
        service.instead["GET", PLACES["policies"]] = [told]
        assert main(["remote", "policies", "--url", service.url, "--username", "admin"]) == 0
    header, row = capsys.readouterr().out.splitlines()
    assert header.startswith("ID")
    assert row.startswith("| ::error::x")
    assert not {"\x1b", "\u202e", "\r"} & set(row)
    assert "##vso[" not in row
