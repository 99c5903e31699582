"""Sessions: limits, redirects, TLS, and errors in one line."""

from __future__ import annotations

import gzip
import socket
from pathlib import Path

import pytest

from anchore_gate.errors import ConfigError, NetworkError
from anchore_gate.net.session import Session, SessionSettings
from tests.support.certificates import Authority, make_authority
from tests.support.web import Asked, Reply, serve


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return make_authority(tmp_path_factory.mktemp("ca"))


def test_a_body_over_the_limit_is_refused() -> None:
    with (
        serve(lambda _: Reply(body=b"x" * 101)) as site,
        Session() as session,
        session.request("GET", site.url) as answer,
        pytest.raises(NetworkError, match="longer than 100"),
    ):
        answer.read(100)


def test_a_gzip_bomb_stops_at_the_limit() -> None:
    bomb = gzip.compress(bytes(50_000_000))
    with (
        serve(lambda _: Reply(body=bomb, headers={"Content-Encoding": "gzip"})) as site,
        Session() as session,
        session.request("GET", site.url) as answer,
        pytest.raises(NetworkError, match="longer than"),
    ):
        answer.read(1_000_000)


def test_an_endless_body_stops_at_the_limit() -> None:
    with (
        serve(lambda _: Reply(endless=True)) as site,
        Session() as session,
        session.request("GET", site.url) as answer,
        pytest.raises(NetworkError, match="longer than"),
    ):
        answer.read(1_000_000)


@pytest.mark.parametrize("body", [b"<html>", b"[" * 60_000, b"\xff\xfe\x00"], ids=["html", "deep", "binary"])
def test_what_is_not_json_is_an_error(body: bytes) -> None:
    with (
        serve(lambda _: Reply(body=body)) as site,
        Session() as session,
        session.request("GET", site.url) as answer,
        pytest.raises(NetworkError, match="not JSON"),
    ):
        answer.json(100_000)


def test_a_cut_transfer_is_transient() -> None:
    with (
        serve(lambda _: Reply(body=b"x" * 1000, cut=10)) as site,
        Session() as session,
        session.request("GET", site.url) as answer,
        pytest.raises(NetworkError, match="was cut") as caught,
    ):
        answer.read(2000)
    assert caught.value.transient


def test_a_redirect_to_another_origin_gets_no_credentials() -> None:
    headers = {"Authorization": "Bearer known-secret", "Cookie": "known-secret", "Accept": "a/b"}
    with (
        serve(lambda _: Reply(body=b"there")) as other,
        serve(lambda _: Reply(307, headers={"Location": other.url + "/blob"})) as site,
        Session() as session,
        session.request("GET", site.url, headers=headers, redirects=3) as answer,
    ):
        assert answer.read(100) == b"there"
    assert "known-secret" not in str(other.asked[0].headers)
    assert other.asked[0].headers["accept"] == "a/b"


def test_a_redirect_to_the_same_origin_keeps_them() -> None:
    def respond(asked: Asked) -> Reply:
        return Reply(302, headers={"Location": "/b"}) if asked.path == "/a" else Reply(body=b"b")

    with (
        serve(respond) as site,
        Session() as session,
        session.request("GET", site.url + "/a", headers={"Authorization": "X"}, redirects=1) as answer,
    ):
        assert answer.status == 200
    assert site.asked[1].headers["authorization"] == "X"


def test_redirects_in_a_circle_end() -> None:
    with (
        serve(lambda _: Reply(302, headers={"Location": "/"})) as site,
        Session() as session,
        pytest.raises(NetworkError, match="more than 5 redirects"),
    ):
        session.request("GET", site.url, redirects=5)
    assert len(site.asked) == 6


def test_a_redirect_to_a_file_is_refused() -> None:
    with (
        serve(lambda _: Reply(302, headers={"Location": "file:///etc/passwd"})) as site,
        Session() as session,
        pytest.raises(NetworkError, match=r"not http\(s\)"),
    ):
        session.request("GET", site.url, redirects=5)


@pytest.mark.parametrize("redirects", [0, 5])
def test_a_redirect_to_no_url_is_no_crash(redirects: int) -> None:
    with (
        serve(lambda _: Reply(302, headers={"Location": "http://[bad"})) as site,
        Session() as session,
        pytest.raises(NetworkError, match="headers that cannot be read"),
    ):
        session.request("GET", site.url, redirects=redirects)


def test_an_unknown_authority_names_the_option_that_trusts_it(authority: Authority) -> None:
    settings = SessionSettings(ca_option="--registry-ca")
    with (
        serve(lambda _: Reply(), certificate=authority.server) as site,
        Session(settings) as session,
        pytest.raises(NetworkError, match=r"not trusted: .*--registry-ca") as caught,
    ):
        session.request("GET", site.url)
    assert not caught.value.transient
    assert "\n" not in str(caught.value)


def test_a_given_authority_is_trusted_although_the_environment_names_another(
    authority: Authority, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    other = make_authority(tmp_path / "other")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(other.ca))
    with (
        serve(lambda _: Reply(body=b"yes"), certificate=authority.server) as site,
        Session(SessionSettings(ca_bundle=authority.ca)) as session,
        session.request("GET", site.url) as answer,
    ):
        assert answer.read(10) == b"yes"


def test_insecure_accepts_any_certificate_without_a_warning(authority: Authority) -> None:
    with (
        serve(lambda _: Reply(body=b"yes"), certificate=authority.server) as site,
        Session(SessionSettings(insecure=True)) as session,
        session.request("GET", site.url) as answer,
    ):
        assert answer.read(10) == b"yes"


def test_a_ca_file_that_holds_none_is_a_configuration_error(tmp_path: Path) -> None:
    (tmp_path / "ca").write_text("no certificate")
    with pytest.raises(ConfigError, match="cannot read certificates"):
        Session(SessionSettings(ca_bundle=tmp_path / "ca"))


def test_a_refused_connection_is_named() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with Session() as session, pytest.raises(NetworkError, match=f"127.0.0.1:{port}: Connection refused"):
        session.request("GET", f"http://user:known-secret@127.0.0.1:{port}/x?sig=known-secret")


def test_an_unknown_host_is_named() -> None:
    with (
        Session(SessionSettings(trust_env=False)) as session,
        pytest.raises(NetworkError, match=r"unknown host: nowhere\.invalid"),
    ):
        session.request("GET", "http://nowhere.invalid/")


def test_netrc_does_not_replace_an_authorization(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login a password b\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    with serve(lambda _: Reply()) as site, Session() as session:
        session.request("GET", site.url, headers={"Authorization": "Bearer mine"}).close()
    assert site.asked[0].headers["authorization"] == "Bearer mine"


def test_loopback_needs_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    with serve(lambda _: Reply()) as site, Session() as session:
        assert session.request("GET", site.url).status == 200


def test_other_hosts_go_through_the_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    with serve(lambda _: Reply(body=b"proxied")) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("http_proxy", proxy.url)
        with Session() as session, session.request("GET", "http://registry.invalid/v2/") as answer:
            assert answer.read(100) == b"proxied"


def test_a_silent_server_times_out() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        with (
            Session(SessionSettings(read_timeout=0.2)) as session,
            pytest.raises(NetworkError, match=r"fell silent for 0\.2 s"),
        ):
            session.request("GET", url)
