from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from anchore_gate.model.result import GateRun
from anchore_gate.report import reporter
from anchore_gate.report.markdown import escaped
from anchore_gate.report.reporter import ReportOptions
from tests.support import runs


def rendered(run: GateRun) -> str:
    return "".join(reporter("markdown").render(run, ReportOptions()))


def test_the_summary_starts_with_its_marker_and_fits_a_comment() -> None:
    text = rendered(runs.run_of(*[runs.many(200).results[0]] * 20))
    assert text.startswith("<!-- anchore-gate:summary -->")
    assert len(text.encode()) < 65_536
    assert "More was found than fits" in text


def test_hostile_text_is_shown_as_written() -> None:
    text = rendered(runs.run_of(runs.hostile_result()))
    for bad in ("<script", "<img", "](javascript", "@everyone", "::error", "`x`", "\u202e"):
        assert bad not in text


class Shown(HTMLParser):
    def __init__(self, source: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.tags: set[str] = set()
        self.feed(MarkdownIt("commonmark").enable(["table", "strikethrough"]).render(source))
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # the parser's
        self.tags.add(tag)

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def shown(source: str) -> tuple[str, set[str]]:
    """What a reader sees of Markdown, and with which elements."""
    page = Shown(source)
    return " ".join("".join(page.words).split()), page.tags


AROUND = {
    "paragraph": ("{}\n", {"p"}),
    "heading": ("### {}\n", {"h3"}),
    "item": ("- {}\n", {"ul", "li"}),
    "step": ("1. {}\n", {"ol", "li"}),
    "cell": ("| a |\n|---|\n| {} |\n", {"table", "thead", "tbody", "tr", "th", "td"}),
}
SAID = st.text(st.sampled_from(list("\\`*_{}[]<>&|~@#!$%-+=.:/()\"'ab1 \t\n\u00e9")), min_size=1, max_size=24)


@pytest.mark.parametrize(("frame", "tags"), AROUND.values(), ids=AROUND)
@given(said=SAID)
@example(said="\n::")
@example(said=" -")
@settings(max_examples=80, deadline=None)
def test_whatever_is_said_is_shown_as_it_is_written(frame: str, tags: set[str], said: str) -> None:
    text, seen = shown(frame.format(f"{escaped(said)} end"))
    assert text.removeprefix("a " if "---" in frame else "") == f"{' '.join(said.split())} end".strip()
    assert seen <= tags


@pytest.mark.parametrize(
    "plain",
    ["registry.example:5000/team/app-1:1.2", "dockerfile/effective_user", "openssl 3.0.11-1+deb12u1 (deb)"],
)
def test_what_is_no_markup_stays_readable_in_the_source(plain: str) -> None:
    assert escaped(plain) == plain


@pytest.mark.parametrize(
    "said",
    [
        "https://evil.example",
        "www.evil.example",
        "WWW.evil.example",
        ":bug:",
        "GH-12",
        "#12",
        "!12",
        "a@b.example",
        "$x$",
    ],
)
def test_no_address_mention_emoji_or_reference_is_made(said: str) -> None:
    assert said not in escaped(said)
    assert shown(escaped(said)) == (said, {"p"})
