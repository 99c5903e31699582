"""Logging in for a token: once for all images, renewed when it expires, and never again when it is refused."""

from __future__ import annotations

import json
import pickle
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from anchore_gate.api import gate, gate_all
from anchore_gate.cli import main
from anchore_gate.engine.remote import RemoteEngine
from anchore_gate.errors import ConfigError, RemoteAuthError, RemoteError
from anchore_gate.model.result import NoVerdict
from tests.support.anchore import ALPINE, Engine, reply
from tests.support.enterprise import Enterprise, enterprise
from tests.support.web import Asked, Reply, serve

PASSWORD = "s3cret-password"
LOGIN = "/v2/oauth/token"


@dataclass
class Guard:
    """Lets requests through that carry a token it gave; each is good for `uses` requests."""

    uses: int = 10_000
    refreshes: bool = True
    answers: list[Reply] = field(default_factory=list)  # to logins, before all others
    forms: list[dict[str, str]] = field(default_factory=list)
    _left: dict[str, int] = field(default_factory=dict)

    def __call__(self, asked: Asked, service: Enterprise) -> Reply:
        path = urlsplit(asked.path).path
        if path == LOGIN:
            return self._login(asked)
        if path != "/version":
            token = asked.headers.get("authorization", "").removeprefix("Bearer ")
            if self._left.get(token, 0) <= 0:
                return reply({"message": f"token {token} expired", "httpcode": 401}, 401)
            self._left[token] -= 1
        return service.respond(asked)

    def _login(self, asked: Asked) -> Reply:
        assert asked.headers["content-type"] == "application/x-www-form-urlencoded"
        assert "authorization" not in asked.headers
        form = {name: values[0] for name, values in parse_qs(asked.body.decode()).items()}
        self.forms.append(form)
        if self.answers:
            return self.answers.pop(0)
        if form["grant_type"] == "refresh_token" and not self.refreshes:
            return reply({"message": "invalid refresh token"}, 401)
        token = f"token-{len(self.forms)}"
        self._left[token] = self.uses
        refresh = {"refresh_token": f"refresh-{len(self.forms)}"}
        return reply({"access_token": token, "expires_in": 60, "token_type": "Bearer", **refresh})


def judged(guard: Guard, image: str = "team/app:1.2", **more: Any) -> Any:
    service = Enterprise()
    with serve(lambda asked: guard(asked, service)) as site:
        settings = {"username": "admin", "password": PASSWORD, "login": "oauth", "poll": 0.01, **more}
        return gate(image, engine=RemoteEngine(url=site.url, **settings))


def test_a_login_is_a_form_as_the_reference_has_it() -> None:
    guard = Guard()
    judged(guard)
    assert guard.forms == [
        {"grant_type": "password", "username": "admin", "password": PASSWORD, "client_id": "anonymous"}
    ]


def test_an_expired_token_is_renewed_with_what_came_with_it() -> None:
    guard = Guard(uses=3)
    assert judged(guard).verdict == "fail"
    assert [one["grant_type"] for one in guard.forms][:2] == ["password", "refresh_token"]
    assert guard.forms[1]["refresh_token"] == "refresh-1"


def test_where_renewing_is_refused_the_user_logs_in_again() -> None:
    guard = Guard(uses=3, refreshes=False)
    assert judged(guard).verdict == "fail"
    assert [one["grant_type"] for one in guard.forms][:3] == ["password", "refresh_token", "password"]


def test_a_token_that_is_refused_at_once_is_renewed_once() -> None:
    guard = Guard(uses=0)
    with pytest.raises(RemoteAuthError, match="401") as caught:
        judged(guard)
    assert [one["grant_type"] for one in guard.forms] == ["password", "refresh_token"]
    assert "token-" not in str(caught.value)
    assert PASSWORD not in str(caught.value)


@pytest.mark.parametrize("status", [400, 401, 403])
def test_a_refused_login_is_never_tried_again(status: int) -> None:
    guard = Guard(answers=[reply({"message": f"wrong: {PASSWORD}"}, status)])
    with pytest.raises(RemoteAuthError, match="refuses the login") as caught:
        judged(guard)
    assert len(guard.forms) == 1
    assert PASSWORD not in str(caught.value)


def test_many_images_log_in_once() -> None:
    guard, service = Guard(), Enterprise()
    with serve(lambda asked: guard(asked, service)) as site, ThreadPoolExecutor(8) as executor:
        engine = RemoteEngine(url=site.url, username="admin", password=PASSWORD, login="oauth", poll=0.01)
        names = [f"team/app:{number}" for number in range(20)]
        results = gate_all(names, engine=engine, executor=executor)
    assert {one.verdict for one in results} == {"fail"}
    assert len(guard.forms) == 1


@pytest.mark.parametrize("login", ["basic", "oauth"])
def test_many_images_with_wrong_credentials_are_refused_once(login: str) -> None:
    refused = reply({"message": "no"}, 401)
    asked: list[Asked] = []

    def respond(one: Asked) -> Reply:
        if one.path == "/version":
            return Enterprise().respond(one)
        asked.append(one)
        return refused

    with serve(respond) as site:
        engine = RemoteEngine(url=site.url, username="admin", password="wrong", login=login)
        results = gate_all([f"team/app:{number}" for number in range(5)], engine=engine)
    assert [one.category for one in results if isinstance(one, NoVerdict)] == ["auth"] * 5
    assert len(asked) == 1


@pytest.mark.parametrize(
    "status",
    [
        reply({"message": "no"}, 403),
        reply({}, 404),
        reply({}, 500),
        Reply(200, b"<html>"),
        Reply(200, b"[]", {"Content-Length": "100"}, cut=1),
    ],
    ids=["no-permission", "no-path", "broken", "page", "cut"],
)
def test_only_a_refusal_is_learnt_from_the_status(status: Reply) -> None:
    with enterprise(Enterprise(answers={"/v2/status": status})) as service:
        engine = RemoteEngine(url=service.url, token="key", poll=0.01)
        assert gate("team/app:1.2", engine=engine).verdict == "fail"
        assert len(service.sent("GET", "/v2/status")) == 1


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Reply(404, b"{}"), "gives no tokens.*--login basic"),
        (Reply(405, b"{}"), "gives no tokens"),
        (Reply(500, b'{"message": "broken"}'), "answers 500: broken"),
        (reply({}), "no token in the login"),
        (reply({"access_token": "a\nb"}), "no token in the login"),
        (reply({"access_token": 7}), "no token in the login"),
        (reply(["x"]), "is no object"),
        (Reply(200, b"<html>"), "not JSON"),
    ],
    ids=["no-path", "no-method", "broken", "empty", "control", "number", "array", "page"],
)
def test_a_login_that_gives_no_token_is_no_verdict(answer: Reply, said: str) -> None:
    with pytest.raises(RemoteError, match=said):
        judged(Guard(answers=[answer]))


def test_a_busy_login_is_tried_again() -> None:
    guard = Guard(answers=[Reply(503, b"", {"Retry-After": "0"})])
    assert judged(guard).verdict == "fail"


def test_engine_gives_its_token_by_another_name() -> None:
    service = Engine(states=["analyzed"])
    headers: set[str] = set()

    def respond(asked: Asked) -> Reply:
        if asked.path == "/v1/oauth/token":
            return reply({"token": "abc"})
        if asked.path.startswith("/v1/") and asked.path != "/v1/version":
            headers.add(asked.headers.get("authorization", ""))
            basic = "Basic YWRtaW46d29uZGVyZnVsLXNlY3JldA=="  # what the recorded service knows
            return service.respond(Asked(asked.method, asked.path, {"authorization": basic}, asked.body))
        return service.respond(asked)

    with serve(respond) as site:
        engine = RemoteEngine(url=site.url, username="admin", password=PASSWORD, login="oauth", poll=0.01)
        assert gate(ALPINE, engine=engine).verdict == "pass"
    assert headers == {"Bearer abc"}


@pytest.mark.parametrize(
    "settings",
    [{"username": "admin"}, {"password": "x"}, {"username": "a", "password": "b", "token": "c"}],
    ids=["no-password", "no-user", "token"],
)
def test_a_login_needs_user_and_password(settings: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="--login oauth"):
        gate(ALPINE, engine=RemoteEngine(url="http://127.0.0.1:1", login="oauth", **settings))


def test_another_process_is_given_no_token() -> None:
    engine = RemoteEngine(url="http://127.0.0.1:1", username="a", password="b", login="oauth")
    assert pickle.loads(pickle.dumps(engine)) == engine


def test_the_command_line_logs_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ANCHORE_GATE_PASSWORD", PASSWORD)
    guard, service = Guard(), Enterprise()
    service.answers["/v2/policies"] = [{"policy_id": "p1", "active": True}]
    with serve(lambda asked: guard(asked, service)) as site:
        words = ["--url", site.url, "--username", "admin", "--login", "oauth", "--json"]
        assert main(["remote", "policies", *words]) == 0
    assert json.loads(capsys.readouterr().out)[0]["id"] == "p1"
    assert len(guard.forms) == 1
