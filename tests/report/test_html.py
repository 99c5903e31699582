"""The page as a parser and a browser see it."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from anchore_gate.model.result import GateRun
from anchore_gate.report import reporter
from anchore_gate.report.reporter import ReportOptions
from tests.support import runs
from tests.support.browser import Tab, tab

VOID = {"meta", "input", "wbr", "br", "hr", "link", "img"}
LOADS = {"src", "srcset", "data", "poster", "background", "action", "formaction", "ping"}


def rendered(run: GateRun) -> str:
    return "".join(reporter("html").render(run, ReportOptions()))


class Page(HTMLParser):
    """Every element, attribute and text; fails on a tag that is not closed where it should be."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in {"style", "script"}:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.tags if name == tag]


def test_the_verdict_comes_first_and_every_finding_has_a_row() -> None:
    page = Page(rendered(runs.run_of(runs.rich_result())))
    assert page.text.index("fail") < page.text.index("Do first") < page.text.index("Findings")
    for told in ("CVE-2024-0001 in openssl", "CVE-2023-0002 in zlib1g", "User root found", "HEALTHCHECK"):
        assert told in page.text
    assert sum("data-c" in row for row in page.all("tr")) == 4


@pytest.mark.parametrize(
    "told",
    [
        "allowlisted (accepted); not reachable; owner ann@example.com; expires 2026-03-10",
        "RUN apt-get install -y openssl",
        "no malware scan was run",
        "secrets: files over 1 MiB not read",
        "/opt/x.jar (java): not a zip",
        "odd ??? against CVE-2020-1: no order",
        "trigger is old",
        "sha256:" + "ab" * 32,
        "sha256:" + "cd" * 32,
        "NIST SP 800-190",
        "not met",
        "not assessed",
    ],
)
def test_the_page_tells(told: str) -> None:
    assert told in Page(rendered(runs.run_of(runs.rich_result()))).text


def test_several_images_have_a_section_each_and_no_verdict_is_an_error() -> None:
    run = runs.every_kind()
    page = Page(rendered(run))
    sections = [one["id"] for one in page.all("section")]
    assert sections == [f"image-{n}" for n in range(1, len(run.results) + 1)]
    assert {"href": "#image-7"} in page.all("a")
    assert "no verdict (timeout): the deadline of 600 s passed" in page.text
    assert "No verdict is never a pass." in page.text


def test_a_run_without_images_is_an_error() -> None:
    assert "error" in Page(rendered(runs.run_of())).text


def test_anchors_are_unique_and_links_within_the_page_arrive() -> None:
    page = Page(rendered(runs.every_kind()))
    anchors = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(anchors) == len(set(anchors))
    inner = {one["href"][1:] for one in page.all("a") if one["href"].startswith("#")}
    assert inner <= set(anchors)


def test_the_page_loads_nothing() -> None:
    page = Page(rendered(runs.every_kind()))
    assert not page.all("link")
    assert not page.all("img")
    assert not [attributes for _, attributes in page.tags if LOADS & attributes.keys()]
    style = (Path(str(runs.__file__)).parents[2] / "anchore_gate/report/templates/report.css").read_text()
    assert "url(" not in style
    assert "@import" not in style


def test_only_the_report_s_own_style_and_script_are_let_in() -> None:
    (policy,) = (
        one["content"]
        for one in Page(rendered(runs.every_kind())).all("meta")
        if one.get("http-equiv") == "Content-Security-Policy"
    )
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy


def test_hostile_text_is_text() -> None:
    text = rendered(runs.run_of(runs.hostile_result(), runs.no_verdict()))
    page = Page(text)
    assert len(page.all("script")) == 1
    assert not [name for _, attributes in page.tags for name in attributes if name.startswith("on")]
    assert not [one for one in page.all("a") if one["href"].startswith("javascript")]
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200f\u202e\ud800-\udfff\ufffe]", text)
    assert "<script>alert(1)</script>" in page.text
    assert len(text) < 100_000


def test_the_same_run_gives_the_same_bytes() -> None:
    assert rendered(runs.every_kind()) == rendered(runs.every_kind())


def test_many_findings_come_in_pieces() -> None:
    pieces = list(reporter("html").render(runs.many(2_000), ReportOptions()))
    assert max(map(len, pieces)) < 1_000_000
    assert "".join(pieces).count("<tr role=") == 2_001


def test_beyond_five_thousand_findings_the_rows_go_on_and_the_caption_says_what_is_left_out() -> None:
    page = Page(rendered(runs.many(5_002)))
    rows = [row for row in page.all("tr") if "data-c" in row]
    assert len(rows) == 5_002
    assert len(page.all("summary")) < 5_020
    assert "The first 5000 can be opened to read why; the JSON report tells it of all." in page.text


def test_tables_are_told_to_a_screen_reader() -> None:
    text = rendered(runs.every_kind())
    page = Page(text)
    assert len(page.all("caption")) == len(page.all("table"))
    assert all("scope" in head for head in page.all("th"))
    assert page.all("html") == [{"lang": "en"}]
    assert len(page.all("h1")) == len(page.all("main")) == 1
    assert 'role="status" aria-live="polite"' in text


SHOWN = """
[...document.querySelectorAll(".findings tbody:not([hidden]) tr")].map(row =>
  row.className === "heading" ? `[${row.textContent}]` : row.querySelector("summary").textContent.split(" ")[0])
"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tab]:
    with tab(tmp_path_factory.mktemp("profile")) as page:
        yield page


@pytest.fixture
def opened(browser: Tab, tmp_path: Path) -> Iterator[Tab]:
    file = tmp_path / "report.html"
    file.write_text(rendered(runs.run_of(runs.rich_result())), encoding="utf-8")
    browser.open(file.as_uri())
    yield browser
    browser.run("0")  # what was complained of until now has arrived with the answer
    assert not browser.seen("Log.entryAdded")
    assert not browser.seen("Runtime.exceptionThrown")
    asked = {event["request"]["url"] for event in browser.seen("Network.requestWillBeSent")}
    assert asked == {file.as_uri()}


def test_a_browser_shows_all_and_then_what_is_searched_for(opened: Tab) -> None:
    assert len(opened.run(SHOWN)) == 4
    opened.run("document.querySelector('.tools .text').focus()")
    opened.call("Input.insertText", text="OPENSSL high")
    opened.run("new Promise(done => setTimeout(done, 400))")
    assert opened.run(SHOWN) == ["CVE-2024-0001"]
    assert opened.run("document.querySelector('.count').textContent") == "1 of 4 findings shown"


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("state", "set aside", ["CVE-2023-0002"]),
        ("gate", "vulnerabilities", ["CVE-2024-0001", "CVE-2023-0002"]),
        (
            "group",
            "package",
            [
                *("[openssl (1)]", "CVE-2024-0001", "[no package (2)]", "User", "Dockerfile"),
                *("[zlib1g (1)]", "CVE-2023-0002"),
            ],
        ),
    ],
)
def test_a_browser_filters_and_groups(opened: Tab, name: str, value: str, shown: list[str]) -> None:
    opened.run(
        f"{{const tool = document.querySelector('.tools .{name}'); tool.value = '{value}';"
        "tool.dispatchEvent(new Event('change'))}"
    )
    assert opened.run(SHOWN) == shown


def test_a_click_on_a_heading_sorts_and_says_so(opened: Tab) -> None:
    for direction, first in (("ascending", "CVE-2024-0001"), ("descending", "User")):
        opened.run("document.querySelectorAll('.findings thead button')[1].click()")
        head = "document.querySelectorAll('.findings thead th')[1].getAttribute('aria-sort')"
        assert opened.run(head) == direction
        assert opened.run(SHOWN)[0] == first


def test_the_address_presets_the_filter(browser: Tab, tmp_path: Path) -> None:
    file = tmp_path / "preset.html"
    file.write_text(rendered(runs.run_of(runs.rich_result(), runs.hostile_result())), encoding="utf-8")
    browser.open(f"{file.as_uri()}#q=apt-get&state=stop&group=layer")
    assert browser.run(SHOWN)[:2] == ["[1: RUN apt-get install -y openssl (1)]", "CVE-2024-0001"]


def test_a_link_opens_its_finding_even_when_it_is_filtered_out(opened: Tab) -> None:
    opened.run(
        "{const tool = document.querySelector('.tools .state'); tool.value = 'stop';"
        "tool.dispatchEvent(new Event('change'))}"
    )
    opened.run("location.hash = '#f1-4'; new Promise(done => setTimeout(done, 200))")
    assert opened.run("document.querySelector('#f1-4 details').open")
    assert len(opened.run(SHOWN)) == 4


def test_hostile_text_runs_nothing_in_a_browser(browser: Tab, tmp_path: Path) -> None:
    file = tmp_path / "hostile.html"
    file.write_text(rendered(runs.run_of(runs.hostile_result())), encoding="utf-8")
    browser.open(file.as_uri())
    assert browser.run("document.scripts.length") == 1
    assert not browser.seen("Page.javascriptDialogOpening")
    assert not browser.seen("Log.entryAdded")


def test_the_page_fits_a_narrow_screen(opened: Tab) -> None:
    opened.call(
        "Emulation.setDeviceMetricsOverride", width=360, height=700, deviceScaleFactor=1, mobile=False
    )
    try:
        assert opened.run("document.documentElement.scrollWidth") <= 360
    finally:
        opened.call("Emulation.clearDeviceMetricsOverride")


def told_by(browser: Tab) -> tuple[list[dict[str, Any]], str]:
    """The accessibility tree's nodes, and all their names."""
    tree = browser.call("Accessibility.getFullAXTree")["nodes"]
    told = [node for node in tree if not node.get("ignored")]
    return told, " ".join(str(node.get("name", {}).get("value", "")) for node in told)


def test_without_its_script_every_finding_is_there_and_no_tool_pretends(browser: Tab, tmp_path: Path) -> None:
    file = tmp_path / "plain.html"
    file.write_text(rendered(runs.run_of(runs.rich_result())), encoding="utf-8")
    # A screen that holds the whole page: only what is on screen is laid out, and only that has names.
    browser.call(
        "Emulation.setDeviceMetricsOverride", width=1200, height=8000, deviceScaleFactor=1, mobile=False
    )
    browser.call("Emulation.setScriptExecutionDisabled", value=True)
    try:
        browser.open(file.as_uri())
        told, names = told_by(browser)
        for _ in range(40):
            if "CVE-2024-0001 in openssl" in names:
                break
            time.sleep(0.1)
            told, names = told_by(browser)
    finally:
        browser.call("Emulation.setScriptExecutionDisabled", value=False)
        browser.call("Emulation.clearDeviceMetricsOverride")
    assert "CVE-2024-0001 in openssl" in names
    roles = {node["role"]["value"] for node in told}
    assert {"table", "row", "cell", "columnheader", "heading", "navigation", "main"} <= roles
    assert not {"searchbox", "search"} & roles
