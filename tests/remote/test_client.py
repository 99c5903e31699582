"""How a service is asked: its address, credentials, errors, TLS, and the one deadline."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from anchore_gate.errors import ConfigError, NetworkError, RemoteAuthError, RemoteError, TimedOut
from anchore_gate.net.retry import Clock
from anchore_gate.remote.client import Client
from anchore_gate.remote.messages import message_of
from anchore_gate.remote.settings import ServiceSettings
from tests.support.certificates import make_authority
from tests.support.web import Reply, serve

HURRIED = Clock(sleep=lambda _: None)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ('{"message": "no", "httpcode": 400, "detail": {"error_codes": ["A", "B"]}}', "no (A, B)"),
        ('{"title": "Bad Request", "status": 400, "detail": "tag is missing"}', "tag is missing"),
        ('{"title": "Bad Request", "status": 400}', "Bad Request"),
        ('"just words"', "just words"),
        ("plain", "plain"),
        ("<!DOCTYPE html><p>502", "an HTML page instead of JSON (is a proxy in between?)"),
        ("[" * 100_000, "[" * 100_000),
        (
            '{"message": "Bundle failed validation", "detail": {"validation_details": '
            '[{"severity": "error", "details": "no trigger x"}, {"details": 1}, "y"]}}',
            "Bundle failed validation (no trigger x)",
        ),
        ("[]", ""),
    ],
    ids=["native", "problem", "title", "text", "plain", "page", "deep", "policy", "array"],
)
def test_every_shape_of_error_gives_its_words(body: str, said: str) -> None:
    assert message_of(body) == said


@pytest.mark.parametrize(
    ("settings", "header"),
    [
        (ServiceSettings(url="http://h", username="u", password="p"), "Basic dTpw"),
        (ServiceSettings(url="http://h", token="key"), "Basic X2FwaV9rZXk6a2V5"),
        (ServiceSettings(url="http://h", token="eyJh.b.c"), "Bearer eyJh.b.c"),
        (ServiceSettings(url="http://h"), ""),
    ],
    ids=["basic", "api-key", "token", "nobody"],
)
def test_credentials_become_their_header(settings: ServiceSettings, header: str) -> None:
    assert settings.authorization == header


@pytest.mark.parametrize(
    ("url", "root", "version"),
    [
        ("http://h:8228/v1", "http://h:8228", "v1"),
        ("https://h/anchore/v2/", "https://h/anchore", "v2"),
        ("https://h/", "https://h", ""),
    ],
)
def test_the_api_version_may_end_the_url(url: str, root: str, version: str) -> None:
    settings = ServiceSettings(url=url)
    assert (settings.root, settings.named_version) == (root, version)


@pytest.mark.parametrize("status", [400, 401, 403])
def test_what_is_refused_is_not_asked_again(status: int) -> None:
    with (
        serve(lambda _: Reply(status, b'{"message": "p4ssword is wrong"}')) as site,
        Client(ServiceSettings(url=site.url, username="u", password="p4ssword"), timeout=5) as client,
    ):
        with pytest.raises(RemoteError) as caught:
            client.get("/v1/images")
        assert len(site.asked) == 1
    assert "p4ssword" not in str(caught.value)
    assert isinstance(caught.value, RemoteAuthError) is (status != 400)


def test_no_wait_goes_beyond_the_deadline() -> None:
    with (
        serve(lambda _: Reply(503, b"", {"Retry-After": "30"})) as site,
        Client(ServiceSettings(url=site.url), timeout=0.5) as client,
        pytest.raises(RemoteError, match="503"),
    ):
        client.get("/v1/images")


def test_after_the_deadline_nothing_is_asked() -> None:
    with (
        serve(lambda _: Reply(200, b"[]")) as site,
        Client(ServiceSettings(url=site.url), timeout=0) as client,
    ):
        with pytest.raises(TimedOut):
            client.get("/v1/images")
        assert site.asked == []


def test_a_certificate_is_verified_unless_that_is_refused(tmp_path: Path) -> None:
    authority = make_authority(tmp_path)
    with serve(lambda _: Reply(200, json.dumps(["x"]).encode()), certificate=authority.server) as site:
        with (
            Client(ServiceSettings(url=site.url), timeout=5) as client,
            pytest.raises(NetworkError, match="--ca"),
        ):
            client.get("/v1/images")
        with Client(ServiceSettings(url=site.url, ca=authority.ca), timeout=5) as client:
            assert client.get("/v1/images") == ["x"]


def test_a_body_that_drips_ends_with_the_deadline() -> None:
    with (
        serve(lambda _: Reply(200, b"[" * 200, drip=0.05)) as site,
        Client(ServiceSettings(url=site.url), timeout=0.4, about="team/app:1") as client,
        pytest.raises(TimedOut, match="team/app:1: the service did not come to the end of its answer"),
    ):
        client.get("/v1/images")


def test_a_connection_that_is_dropped_again_and_again_is_no_answer() -> None:
    with (
        serve(lambda _: Reply(200, b"[]", {"Content-Length": "100"}, cut=1)) as site,
        Client(ServiceSettings(url=site.url), timeout=60, clock=HURRIED) as client,
    ):
        with pytest.raises(NetworkError, match="was cut"):
            client.get("/v1/images")
        assert len(site.asked) == 4


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_service_is_asked_again_when_it_wants(status: int) -> None:
    waits: list[float] = []
    clock = Clock(sleep=waits.append)
    answers = [Reply(status, b"", {"Retry-After": "7"}), Reply(200, b"[]")]
    with (
        serve(lambda _: answers.pop(0)) as site,
        Client(ServiceSettings(url=site.url), timeout=60, clock=clock) as client,
    ):
        assert client.get("/v1/images") == []
    assert waits == [7.0]


def test_what_changes_something_is_not_sent_again_for_a_500() -> None:
    with (
        serve(lambda _: Reply(500, b'{"message": "subscription already exists in DB"}')) as site,
        Client(ServiceSettings(url=site.url), timeout=60, clock=HURRIED) as client,
    ):
        with pytest.raises(RemoteError, match="already exists"):
            client.send("POST", "/v1/subscriptions", {})
        assert len(site.asked) == 1


def test_a_client_certificate_is_shown_where_one_is_wanted(tmp_path: Path) -> None:
    authority = make_authority(tmp_path)
    with serve(lambda _: Reply(200, b"[]"), certificate=authority.server, client_ca=authority.ca) as site:
        named = ServiceSettings(url=site.url, ca=authority.ca, cert=authority.certificate, key=authority.key)
        with Client(named, timeout=10) as client:
            assert client.get("/v1/images") == []
        with (
            Client(ServiceSettings(url=site.url, ca=authority.ca), timeout=3, clock=HURRIED) as client,
            pytest.raises(NetworkError),
        ):
            client.get("/v1/images")


def test_a_client_certificate_that_cannot_be_read_is_a_wrong_setting(tmp_path: Path) -> None:
    (tmp_path / "client.pem").write_text("nothing")
    with pytest.raises(ConfigError, match="client certificate"):
        Client(ServiceSettings(url="https://127.0.0.1:1", cert=tmp_path / "client.pem"), timeout=3)


@pytest.mark.parametrize(
    "given",
    [
        {"account": "team\r\nx-other: 1"},
        {"account": "команда"},
        {"token": "eyJ.a\nb.c"},
        {"token": "ключ"},
        {"username": "an:admin", "password": "s3cret"},
    ],
    ids=["account-line", "account-unicode", "token-line", "token-unicode", "colon"],
)
def test_what_no_header_may_hold_is_a_wrong_setting(given: dict[str, Any]) -> None:
    with pytest.raises(ConfigError) as caught:
        ServiceSettings(url="http://h", **given)
    assert not any(value in str(caught.value) for value in given.values())


def test_a_token_may_end_as_a_line_of_a_file_does() -> None:
    assert ServiceSettings(url="http://h", token="eyJh.b.c\n").authorization == "Bearer eyJh.b.c"
