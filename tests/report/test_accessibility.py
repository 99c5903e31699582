"""What axe-core says of the pages, in light and dark, on a wide and on a narrow screen."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from anchore_gate.model.result import GateRun
from anchore_gate.report import reporter
from anchore_gate.report.reporter import ReportOptions
from tests.support import runs
from tests.support.browser import Tab, tab
from tests.support.tools import MODULES, needs_module

pytestmark = needs_module("axe-core", "npm install axe-core@4.14.1")
AUDIT = """
axe.run(document, {resultTypes: ["violations"]}).then(found => JSON.stringify(
  found.violations.flatMap(one => one.nodes.map(node => `${one.id}: ${node.html.slice(0, 120)}`))))
"""
PAGES = {
    "report": ("html", "report.html", runs.run_of(runs.rich_result(), runs.no_verdict())),
    "hostile report": ("html", "report.html", runs.run_of(runs.hostile_result())),
    "report of nothing": ("html", "report.html", runs.run_of()),
    "evidence": ("nist", "evidence.html", runs.run_of(runs.rich_result(), runs.no_verdict())),
    "hostile evidence": ("nist", "evidence.html", runs.run_of(runs.hostile_result())),
}


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tab]:
    with tab(tmp_path_factory.mktemp("profile")) as page:
        yield page


@pytest.fixture
def audited(browser: Tab) -> Iterator[Tab]:
    yield browser
    browser.call("Emulation.clearDeviceMetricsOverride")
    browser.call("Emulation.setEmulatedMedia", features=[])


def violations(page: Tab, address: str, *, scheme: str, width: int, before: str = "") -> list[str]:
    """Each element that breaks a rule, with everything opened."""
    seen = [{"name": "prefers-color-scheme", "value": scheme}]
    page.call("Emulation.setEmulatedMedia", features=seen)
    page.call(
        "Emulation.setDeviceMetricsOverride", width=width, height=4000, deviceScaleFactor=1, mobile=False
    )
    page.open(address)
    page.run(f"document.querySelectorAll('details').forEach(one => one.open = true);{before}")
    page.run((MODULES / "axe-core/axe.min.js").read_text(encoding="utf-8"))
    found: list[str] = json.loads(page.run(AUDIT))
    return found


def written(folder: Path, format: str, name: str, run: GateRun) -> str:
    file = folder / name
    file.write_text(
        "".join(reporter(format).render(run, ReportOptions(path=name))), encoding="utf-8", errors="replace"
    )
    return file.as_uri()


@pytest.mark.parametrize(("scheme", "width"), [("light", 400), ("dark", 1280)])
@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_nothing_is_found(
    audited: Tab, tmp_path: Path, page: tuple[str, str, GateRun], scheme: str, width: int
) -> None:
    assert violations(audited, written(tmp_path, *page), scheme=scheme, width=width) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_found_where_findings_are_grouped_and_sorted(
    audited: Tab, tmp_path: Path, scheme: str
) -> None:
    before = (
        "document.querySelectorAll('.findings thead button')[1].click();"
        "{const tool = document.querySelector('.tools .group'); tool.value = 'control';"
        "tool.dispatchEvent(new Event('change'))}"
    )
    address = written(tmp_path, "html", "report.html", runs.run_of(runs.rich_result()))
    assert violations(audited, address, scheme=scheme, width=1280, before=before) == []


def test_faint_text_would_be_found(audited: Tab, tmp_path: Path) -> None:
    address = written(tmp_path, "html", "report.html", runs.run_of(runs.rich_result()))
    before = "document.querySelector('.why').style.color = '#ccc';"
    assert any(
        told.startswith("color-contrast: ")
        for told in violations(audited, address, scheme="light", width=1280, before=before)
    )
