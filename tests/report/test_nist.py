"""What a run says of each control, in three kinds."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from anchore_gate.cli import main
from anchore_gate.model.result import GateRun
from anchore_gate.report import reporter
from anchore_gate.report.reporter import ReportOptions
from anchore_gate.report.writer import plan_reports
from tests.support import runs

SCHEMA = json.loads((Path(__file__).parents[2] / "docs/schema/nist.schema.json").read_text())
RUNS = {
    "every kind": runs.every_kind(),
    "hostile": runs.run_of(runs.hostile_result()),
    "no image": runs.run_of(),
    "no verdict": runs.run_of(runs.no_verdict()),
    "many": runs.many(1_000),
}


def rendered(run: GateRun, path: str = "") -> str:
    return "".join(reporter("nist").render(run, ReportOptions(path=path)))


def controls(run: GateRun) -> dict[str, Any]:
    (image,) = json.loads(rendered(run, "evidence.json"))["images"]
    return {one["id"]: one for standard in image["standards"] for one in standard["controls"]}


@pytest.mark.parametrize(
    ("path", "start"),
    [
        ("evidence.md", "# Evidence"),
        ("", "# Evidence"),
        ("evidence", "# Evidence"),
        ("-", "# Evidence"),
        ("evidence.html", "<!doctype html>"),
        ("evidence.HTM", "<!doctype html>"),
        ("evidence.json", '{"schema_version":"1.0"'),
    ],
)
def test_the_suffix_of_the_path_says_in_which_kind(path: str, start: str) -> None:
    assert rendered(runs.every_kind(), path).startswith(start)


def test_one_run_writes_all_three_and_the_result_makes_them_again(tmp_path: Path) -> None:
    names = ("a.md", "a.html", "a.json")
    plan_reports(
        [*(("nist", tmp_path / name) for name in names), ("json", tmp_path / "result.json")], None
    ).write(runs.every_kind(), ReportOptions())
    again = tmp_path / "again"
    asked = [part for name in names for part in ("--format", f"nist={again / name}")]
    assert main(["report", str(tmp_path / "result.json"), *asked]) == 0
    assert [(again / name).read_bytes() for name in names] == [
        (tmp_path / name).read_bytes() for name in names
    ]


def test_a_report_folder_holds_the_markdown(tmp_path: Path) -> None:
    plan_reports([], tmp_path).write(runs.every_kind(), ReportOptions())
    assert [path.name for path in tmp_path.glob("nist*")] == ["nist-800-190.md"]


@pytest.mark.parametrize("run", RUNS.values(), ids=RUNS)
def test_the_json_obeys_its_published_schema(run: GateRun) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.Draft202012Validator(SCHEMA).validate(json.loads(rendered(run, "evidence.json")))


def test_the_schema_refuses_a_control_that_is_met_without_a_rule() -> None:
    told = json.loads(rendered(runs.run_of(runs.clean_result()), "evidence.json"))
    quiet = next(
        one
        for standard in told["images"][0]["standards"]
        for one in standard["controls"]
        if one["outcome"] == "not assessed"
    )
    quiet["outcome"] = "met"
    assert not jsonschema.Draft202012Validator(SCHEMA).is_valid(told)


def test_the_outcomes_follow_from_the_rules_that_were_asked() -> None:
    told = controls(runs.run_of(runs.rich_result()))
    outcomes = {
        name: told[f"NIST-800-190:{name}"]["outcome"] for name in ("4.1.1", "4.1.3", "4.1.4", "4.1.5")
    }
    assert outcomes == {"4.1.1": "not met", "4.1.3": "not met", "4.1.4": "met", "4.1.5": "not assessed"}
    assert told["NIST-800-190:4.1.3"]["rules"][0]["problem"] == "no malware scan was run"
    (rule,) = told["NIST-800-190:4.1.1"]["rules"]
    assert [one["state"] for one in rule["evidence"]] == ["stop", "set aside"]
    assert rule["evidence"][1]["set_aside"].endswith("owner ann@example.com; expires 2026-03-10")


@pytest.mark.parametrize(("path", "shown"), [("a.md", 20), ("a.html", 20), ("a.json", 200)])
def test_what_is_not_shown_is_counted(path: str, shown: int) -> None:
    text = rendered(runs.many(1_000), path)
    if path.endswith(".json"):
        (rule,) = controls(runs.many(1_000))["NIST-800-190:4.1.1"]["rules"]
        assert (len(rule["evidence"]), rule["found"]) == (shown, 1_000)
    else:
        assert f"and {1_000 - shown} more" in text


@pytest.mark.parametrize(
    ("path", "told"), [("a.md", "o control was assessed"), ("a.html", "No control was assessed")]
)
@pytest.mark.parametrize(
    "run", [runs.run_of(runs.no_verdict()), runs.run_of()], ids=["no verdict", "no image"]
)
def test_without_a_verdict_or_an_image_no_control_is_assessed(path: str, told: str, run: GateRun) -> None:
    assert told in rendered(run, path)


def test_an_image_without_verdict_has_no_standard_in_the_json() -> None:
    (image,) = json.loads(rendered(runs.run_of(runs.no_verdict()), "a.json"))["images"]
    assert (image["verdict"], image["standards"]) == ("timeout", [])


class Tags(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))


@pytest.mark.parametrize("run", RUNS.values(), ids=RUNS)
def test_the_page_loads_and_runs_nothing_whatever_an_image_says(run: GateRun) -> None:
    tags = Tags(rendered(run, "a.html")).tags
    assert not {"script", "link", "img", "iframe"} & {name for name, _ in tags}
    named = {name for _, attributes in tags for name in attributes}
    assert not {name for name in named if name.startswith("on") or name in {"src", "srcset", "style"}}
    links = [attributes["href"] for name, attributes in tags if name == "a"]
    anchors = [attributes["id"] for _, attributes in tags if "id" in attributes]
    assert all(link.startswith("#") and link[1:] in anchors for link in links)
    assert len(anchors) == len(set(anchors))


def test_hostile_text_is_no_markup_in_markdown() -> None:
    text = rendered(runs.run_of(runs.hostile_result()))
    for bad in ("<script", "<img", "](javascript", "`x`", "\u202e", "\x1b"):
        assert bad not in text
    assert len(text) < 100_000
