"""Which API is there: by the end of the URL, by what `/version` says, by which tree answers."""

from __future__ import annotations

import re
from typing import Any

import pytest

from anchore_gate.engine.remote import RemoteEngine
from anchore_gate.errors import GateError
from anchore_gate.remote.settings import ServiceSettings
from tests.support.anchore import answer, reply
from tests.support.web import Asked, Reply, serve

ENGINE = answer("003_GET_version")  # 1.1.0, and no version of its API
OLD = reply({"service": {"version": "4.9.1"}, "api": {}, "db": {}})  # Enterprise 4 says none either
NEW = reply({"service": {"version": "5.21.0"}, "api": {"version": "2.13.0"}})
NONE = Reply(404, b"<html>no such page</html>", {"Content-Type": "text/html"})
PAGE = Reply(200, b"<html>log in</html>", {"Content-Type": "text/html"})
GUARDED = reply("Unauthorized", 401)


def found(url: str, pages: dict[str, Reply], **more: Any) -> tuple[str, str]:
    """The API and version that are found where only these pages are."""

    def respond(asked: Asked) -> Reply:
        return pages.get(asked.path, NONE)

    with serve(respond) as site, RemoteEngine(url=site.url + url, timeout=5, **more).open() as service:
        return service.api.PREFIX, service.version


@pytest.mark.parametrize(
    ("pages", "api"),
    [
        ({"/version": NEW}, ("/v2", "5.21.0")),
        ({"/version": NEW, "/v2/version": NEW}, ("/v2", "5.21.0")),
        ({"/version": reply({"service": {"version": "5"}, "api": {"version": "2"}})}, ("/v2", "5")),
        ({"/version": reply({"service": {"version": 5.8}, "api": {"version": 2}})}, ("/v2", "5.8")),
        ({"/version": OLD, "/v2/version": OLD, "/v1/version": OLD}, ("/v2", "4.9.1")),
        ({"/version": OLD, "/v1/version": OLD}, ("/v1", "4.9.1")),
        ({"/version": ENGINE, "/v1/version": ENGINE}, ("/v1", "1.1.0")),
        ({"/v1/version": ENGINE}, ("/v1", "1.1.0")),
        ({"/version": PAGE, "/v2/version": PAGE, "/v1/version": ENGINE}, ("/v1", "1.1.0")),
        ({"/version": GUARDED, "/v2/version": GUARDED, "/v1/version": ENGINE}, ("/v1", "1.1.0")),
        ({"/v1/": answer("001_GET_")}, ("/v1", "")),
        ({"/v2/": reply("2.13.0"), "/v1/": reply("v1")}, ("/v2", "")),
        ({"/v2/": GUARDED, "/v1/": reply("v1")}, ("/v1", "")),
        ({"/v2/": GUARDED}, ("/v2", "")),
        ({"/version": OLD, "/v2/": reply("v2"), "/v1/": reply("v1")}, ("/v2", "")),
    ],
    ids=[
        "v2-root",
        "v2",
        "v2-short",
        "v2-numbers",
        "enterprise-4.9",
        "enterprise-4.8",
        "engine",
        "engine-v1-only",
        "pages-of-a-proxy",
        "guarded-versions",
        "v1-ping",
        "v2-ping",
        "one-guarded",
        "guarded",
        "old-root-pings",
    ],
)
def test_the_api_is_found(pages: dict[str, Reply], api: tuple[str, str]) -> None:
    assert found("", pages) == api


BOTH = {"/version": OLD, "/v2/version": OLD, "/v1/version": OLD}


@pytest.mark.parametrize("end", ["", "/"])
@pytest.mark.parametrize("prefix", ["", "/enterprise", "/tools/anchore"])
@pytest.mark.parametrize(
    ("version", "api"), [("", "/v2"), ("/v1", "/v1"), ("/v2", "/v2"), ("/v1/enterprise", "/v1")]
)
def test_a_path_before_the_api_stays_and_the_version_after_it_decides(
    prefix: str, version: str, end: str, api: str
) -> None:
    pages = {prefix + path: page for path, page in BOTH.items()}
    assert found(prefix + version + end, pages) == (api, "4.9.1")


def test_a_service_that_was_upgraded_is_found_behind_its_old_address() -> None:
    assert found("/v1", {"/version": NEW, "/v2/version": NEW}) == ("/v2", "5.21.0")


@pytest.mark.parametrize(
    ("url", "root"),
    [
        ("http://h//v1//", "http://h"),
        ("http://h/v1v1", "http://h/v1v1"),
        ("http://h/v1/v2", "http://h/v1"),
        ("http://h/enterprise", "http://h/enterprise"),
        ("http://h/v2/enterprise", "http://h/v2/enterprise"),
        (" https://h:8443/a/v1 ", "https://h:8443/a"),
    ],
)
def test_only_the_version_is_taken_from_the_address(url: str, root: str) -> None:
    assert ServiceSettings(url=url).root == root


@pytest.mark.parametrize(
    ("pages", "category"),
    [
        ({}, "service"),
        ({"/version": PAGE, "/v2/": PAGE, "/v1/": PAGE}, "service"),
        ({"/version": reply([]), "/v2/version": reply(None), "/v1/version": reply("1")}, "service"),
        ({"/version": reply({"service": [], "api": 3})}, "service"),
        ({"/v1/version": reply("forbidden", 403)}, "auth"),
    ],
    ids=["nothing", "pages", "odd", "odd-fields", "forbidden"],
)
def test_where_no_api_answers_that_is_said(pages: dict[str, Reply], category: str) -> None:
    with pytest.raises(GateError) as caught:
        found("", pages)
    assert (caught.value.category, caught.value.exit_code) == (category, 3)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("location", "said"),
    [
        ("https://anchore.example/version?t=s3cret", "it redirects to https://anchore.example/version"),
        ("/login", "it redirects to http://127.0.0.1"),
        ("http://[bad", "sent headers that cannot be read"),
        ("", "it redirects to http://127.0.0.1"),
    ],
)
def test_where_it_redirects_is_said(location: str, said: str) -> None:
    moved = Reply(301, b"", {"Location": location})
    with pytest.raises(GateError, match=re.escape(said)) as caught:
        found("", {"/version": moved, "/v2/version": moved, "/v1/version": moved})
    assert caught.value.exit_code == 3
    assert "s3cret" not in str(caught.value)


def test_a_guarded_tree_refuses_wrong_credentials_in_the_end() -> None:
    with pytest.raises(GateError, match="refuses the credentials") as caught:
        found("", {"/v2/": GUARDED, "/v2/status": GUARDED}, username="admin", password="wr0ng")
    assert caught.value.category == "auth"
