"""Lists in pages: every way to say that there is another, and none is left out."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from anchore_gate.api import gate
from anchore_gate.engine.remote import RemoteEngine
from anchore_gate.errors import RemoteError
from anchore_gate.remote import pages
from anchore_gate.remote.client import Client
from anchore_gate.remote.settings import ServiceSettings
from tests.support.anchore import reply
from tests.support.enterprise import DIGEST, FLAW, Enterprise, enterprise
from tests.support.web import Asked, Reply, serve


def listed(answers: list[Any], query: dict[str, str] | None = None) -> tuple[list[Any], list[str]]:
    """What is read of a list, and which pages were asked for."""
    asked: list[str] = []

    def respond(one: Asked) -> Reply:
        asked.append(parse_qs(urlsplit(one.path).query).get("page", [""])[0])
        return reply(answers.pop(0))

    with serve(respond) as site, Client(ServiceSettings(url=site.url), timeout=10) as client:
        return list(pages.rows(client, "/v2/list", query)), asked


@pytest.mark.parametrize("more", [True, "true", "2", 2, "next"])
@pytest.mark.parametrize("end", [False, None, "", "false", "None", 0])
def test_a_page_after_this_one_is_asked_for(more: Any, end: Any) -> None:
    first = {"items": ["a"], "page": 1, "next_page": more}
    last = {"items": ["b"], "page": 2, "next_page": end}
    assert listed([first, last]) == (["a", "b"], ["", "2"])


@pytest.mark.parametrize("place", ["items", "results", "images", "vulnerabilities", "content"])
def test_entries_are_found_wherever_the_envelope_keeps_them(place: str) -> None:
    assert listed([{place: ["a"]}]) == (["a"], [""])


def test_a_bare_array_is_all_there_is() -> None:
    assert listed([["a", "b"]]) == (["a", "b"], [""])


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"items": None},
        {"items": {}},
        "x",
        None,
        {"items": [], "next_page": 1},
        {"items": [], "next_page": "1"},
    ],
    ids=["empty", "null", "object", "text", "nothing", "same-page", "same-page-text"],
)
def test_a_list_that_cannot_be_understood_is_an_error(answer: Any) -> None:
    with pytest.raises(RemoteError):
        listed([answer])


def test_pages_without_an_end_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "MAX_PAGES", 3)
    with pytest.raises(RemoteError, match="more than 3 pages"):
        listed([{"items": ["a"], "next_page": True}] * 3)


def test_vulnerabilities_on_a_later_page_are_not_missed() -> None:
    other = {**FLAW, "vuln": "CVE-2022-2"}

    def vulnerabilities(_: Asked, query: dict[str, str]) -> Any:
        assert query["vendor_only"] == "false"
        return {"vulnerabilities": [other]} if query.get("page") == "2" else first

    first = {"vulnerabilities": [FLAW], "next_page": "2"}
    service = Enterprise(answers={f"/v2/images/{DIGEST}/vuln/all": vulnerabilities})
    with enterprise(service):
        result = gate("team/app:1.2", engine=RemoteEngine(url=service.url, token="key", poll=0.01))
    assert [one.vulnerability.id for one in result.matches] == ["CVE-2022-1", "CVE-2022-2"]
