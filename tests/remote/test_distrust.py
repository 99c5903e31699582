"""A service, a proxy or a network that does not behave: one clear line, the right exit code, no secret."""

from __future__ import annotations

import base64
import json
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from anchore_gate.api import gate
from anchore_gate.cli import main
from anchore_gate.engine.remote import RemoteEngine
from anchore_gate.errors import GateError, RemoteError
from anchore_gate.model.result import GateResult
from anchore_gate.net.retry import Clock
from tests.support.anchore import (
    ALPINE,
    IMPORTED,
    IMPORTED_DIGEST,
    PASSWORD,
    Engine,
    anchore,
    recorded,
    reply,
)
from tests.support.web import Reply, serve

BASIC = base64.b64encode(f"admin:{PASSWORD}".encode()).decode()
PAGE = b"<!DOCTYPE html><html><h1>Bad gateway</h1></html>"
IMAGE = f"/v1/images/{IMPORTED_DIGEST}"
CHECK = f"{IMAGE}/check"
PATIENT = Clock(sleep=lambda _: None)


def judged(service: Engine, image: str = IMPORTED, **more: Any) -> GateResult:
    settings: dict[str, Any] = {"username": "admin", "password": PASSWORD, "poll": 0.01, "timeout": 20.0}
    return gate(image, engine=RemoteEngine(url=service.url, **{**settings, **more}))


# What is never asked again, wherever it is answered.


@pytest.mark.parametrize("status", [400, 401, 403])
@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/v1/images"), ("GET", IMAGE), ("GET", CHECK)], ids=["add", "get", "check"]
)
def test_what_is_refused_is_asked_once(method: str, path: str, status: int) -> None:
    with anchore(Engine(states=["analyzed"])) as service:
        service.instead[method, path] = [reply({"message": "no", "httpcode": status}, status)] * 5
        with pytest.raises(RemoteError) as caught:
            judged(service)
        assert len(service.sent(method, path)) == 1
    assert caught.value.category == ("service" if status == 400 else "auth")


# What is asked again, and when.


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("is_date", [False, True], ids=["seconds", "date"])
def test_a_busy_service_says_when_to_come_again(status: int, is_date: bool) -> None:
    now, slept = datetime(2026, 1, 1, tzinfo=timezone.utc), list[float]()
    after = format_datetime(now + timedelta(seconds=7), usegmt=True) if is_date else "7"
    busy = Reply(status, b"busy", {"Retry-After": after})
    with anchore(Engine(states=["analyzed"])) as service:
        for path in ("/v1/images", IMAGE, CHECK):
            service.instead["POST" if path == "/v1/images" else "GET", path] = [busy]
        result = judged(service, clock=Clock(sleep=slept.append, now=lambda: now))
    assert result.verdict == "fail"
    assert [seconds for seconds in slept if seconds > 1] == [7.0] * 3


@pytest.mark.parametrize(("seconds", "is_waited_for"), [(120, True), (900, False)])
def test_patience_that_is_asked_for_ends_with_the_time(seconds: int, is_waited_for: bool) -> None:
    slept = list[float]()
    clock = Clock(sleep=slept.append, monotonic=lambda: sum(slept))
    with anchore(Engine(states=["analyzed"])) as service:
        service.instead["POST", "/v1/images"] = [Reply(429, b"", {"Retry-After": str(seconds)})] * 1
        if is_waited_for:
            assert judged(service, clock=clock, timeout=600.0).verdict == "fail"
        else:
            with pytest.raises(RemoteError, match="answers 429"):
                judged(service, clock=clock, timeout=600.0)
    assert (seconds in slept) is is_waited_for


@pytest.mark.parametrize(
    "trouble",
    [
        Reply(502, PAGE, {"Content-Type": "text/html"}),
        Reply(200, b"[" * 100, {"Content-Length": "200"}, cut=100),
        Reply(504, b""),
        reply("", 500),
    ],
    ids=["502-page", "cut-in-the-body", "504", "500"],
)
@pytest.mark.parametrize("path", [IMAGE, CHECK], ids=["get", "check"])
def test_trouble_that_passes_is_survived(trouble: Reply, path: str) -> None:
    with anchore(Engine(states=["analyzed"])) as service:
        service.instead["GET", path] = [trouble] * 3
        assert judged(service, clock=PATIENT).verdict == "fail"


def test_states_may_move_backwards_and_be_unknown_words() -> None:
    states = ["analyzing", "not_analyzed", "analysis_queued", "a new word", "analyzing", "analyzed"]
    with anchore(Engine(states=states)) as service:
        assert judged(service, clock=PATIENT).verdict == "fail"


# What is no answer.


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (Reply(200, PAGE, {"Content-Type": "text/html"}), "is not JSON"),
        (Reply(502, PAGE, {"Content-Type": "text/html"}), "502: an HTML page instead of JSON"),
        (reply("plain words", 418), "418: plain words"),
        (reply({"detail": "too old", "title": "Bad Request", "status": 400, "type": "x"}, 400), "too old"),
        (reply({"code": 409, "error_type": "x", "message": "in use", "detail": {}}, 409), "in use"),
        (Reply(302, b"", {"Location": "https://elsewhere.example/?code=s3cret"}), "redirects to https://els"),
        (Reply(200, b""), "cannot be understood"),
    ],
    ids=["page-200", "page-502", "text", "problem+json", "swagger", "redirect", "empty"],
)
@pytest.mark.parametrize("place", ["add", "get", "check"])
def test_what_is_no_answer_is_no_verdict(place: str, bad: Reply, said: str) -> None:
    method, path = {"add": ("POST", "/v1/images"), "get": ("GET", IMAGE), "check": ("GET", CHECK)}[place]
    with anchore(Engine(states=["analyzed"])) as service:
        service.instead[method, path] = [bad] * 60
        with pytest.raises(GateError, match=said) as caught:
            judged(service, clock=PATIENT)
    assert (caught.value.category, caught.value.exit_code) == ("service", 3)
    assert "s3cret" not in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_takes_credentials_elsewhere(status: int) -> None:
    with serve(lambda _: reply({})) as elsewhere, anchore(Engine(states=["analyzed"])) as service:
        to = {"Location": f"{elsewhere.url}/v1/images"}
        for method, path in (("POST", "/v1/images"), ("GET", IMAGE), ("GET", "/v1/status")):
            service.instead[method, path] = [Reply(status, b"", to)] * 9
        with pytest.raises(RemoteError, match="redirects to"):
            judged(service)
        assert elsewhere.asked == []


# Policies of ours never stay.


@pytest.mark.parametrize(
    "trouble",
    [
        reply({"message": "could not find any evaluations for input images"}, 404),
        reply({"message": "no"}, 403),
        Reply(200, PAGE),
        reply([]),
        Reply(302, b"", {"Location": "/login"}),
    ],
    ids=["crash", "forbidden", "page", "nothing", "redirect"],
)
def test_a_policy_is_taken_away_when_its_evaluation_fails(trouble: Reply, tmp_path: Path) -> None:
    policy = tmp_path / "policy.json"
    policy.write_text(json.dumps(recorded("057_POST_policy_add")["request"]["body"]))
    with anchore(Engine(states=["analyzed"])) as service:
        service.instead["GET", CHECK] = [trouble] * 9
        engine = RemoteEngine(url=service.url, username="admin", password=PASSWORD, clock=PATIENT)
        with pytest.raises(RemoteError):
            gate(IMPORTED, policy=policy, engine=engine)
        assert len(service.sent("POST", "/v1/policies")) == 1
        assert service.policies == {}


# Nobody hears a secret.


def told(code: int, message: str) -> Reply:
    """An error that repeats what it was sent."""
    return reply({"message": f"{message}: Basic {BASIC} password={PASSWORD} admin:{PASSWORD}"}, code)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/status"),
        ("POST", "/v1/images"),
        ("GET", IMAGE),
        ("GET", CHECK),
        ("GET", "/v1/system/feeds"),
        ("GET", f"{IMAGE}/vuln/all"),
        ("GET", f"{IMAGE}/content"),
    ],
)
@pytest.mark.parametrize("status", [400, 401])
def test_no_secret_is_in_any_word_or_report(
    method: str,
    path: str,
    status: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ANCHORE_GATE_PASSWORD", PASSWORD)
    with anchore(Engine(states=["analyzed"])) as service, caplog.at_level("DEBUG"):
        service.instead[method, path] = [told(status, "you sent")] * 60
        words = ["--url", service.url, "--username", "admin", "--verbose", "--report-dir", "out"]
        main(["check", IMPORTED, *words])
    said = capsys.readouterr()
    written = "".join(one.read_text() for one in Path("out").iterdir())
    for secret in (PASSWORD, BASIC):
        assert secret not in said.out + said.err + written + caplog.text
    assert "GET http://127.0.0.1" in caplog.text


# Settings, names and notes.


def test_a_bundle_of_authorities_that_is_not_there_is_a_wrong_setting(tmp_path: Path) -> None:
    with pytest.raises(GateError, match=r"cannot read certificates.*--ca") as caught:
        gate(ALPINE, engine=RemoteEngine(url="https://127.0.0.1:1", ca=tmp_path / "none.pem"))
    assert caught.value.exit_code == 2


def test_a_proxy_of_the_environment_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    with serve(lambda _: Reply(502, b"no way there")) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        with pytest.raises(RemoteError, match="answers 502"):
            gate(ALPINE, engine=RemoteEngine(url="http://anchore.invalid:8228/v1", clock=PATIENT))
    assert proxy.asked[0].path == "http://anchore.invalid:8228/v1/version"


HOSTILE = "x\" '; \\ </script>\x1b[31m\u202e{{7*7}} ::error::"


def test_annotations_arrive_as_they_are_and_do_no_harm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ANCHORE_GATE_PASSWORD", PASSWORD)
    with anchore(Engine(states=["analyzed"])) as service:
        words = ["--url", service.url, "--username", "admin", "--report-dir", "out"]
        assert main(["check", IMPORTED, *words, "--annotation", f"note={HOSTILE}"]) == 1
        (sent,) = service.sent("POST", "/v1/images")
    assert json.loads(sent.body)["annotations"] == {"note": HOSTILE}
    said = capsys.readouterr()
    assert "\x1b[31m" not in said.out + said.err + "".join(one.read_text() for one in Path("out").iterdir())


@pytest.mark.parametrize(
    "name", ["приложение/веб:1", "app:тег", "a/b:c d", "app\x00", "APP:1", "http://h/a:1"]
)
def test_a_name_that_no_registry_has_is_a_wrong_use(name: str) -> None:
    with serve(lambda _: reply({})) as site, pytest.raises(GateError) as caught:
        gate(name, engine=RemoteEngine(url=site.url))
    assert caught.value.exit_code == 2
    assert site.asked == []


def test_nobody_at_the_address_is_no_verdict() -> None:
    with serve(lambda _: reply({})) as site:
        url = site.url
    with pytest.raises(GateError, match="no connection to 127") as caught:
        gate(ALPINE, engine=RemoteEngine(url=url, clock=PATIENT))
    assert (caught.value.category, caught.value.exit_code) == ("network", 3)
