from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from anchore_gate.errors import ConfigError
from anchore_gate.report import reporter
from anchore_gate.report.reading import load_run, parse_run
from anchore_gate.report.reporter import ReportOptions
from tests.support import runs

SCHEMA = json.loads((Path(__file__).parents[2] / "docs/schema/result.schema.json").read_text())


def rendered(run: Any) -> str:
    return "".join(reporter("json").render(run, ReportOptions()))


def test_a_run_of_every_kind_obeys_the_published_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    for run in (runs.every_kind(), runs.run_of(runs.hostile_result()), runs.run_of()):
        jsonschema.Draft202012Validator(SCHEMA).validate(json.loads(rendered(run)))


@pytest.mark.parametrize(
    "run", [runs.every_kind(), runs.run_of(), runs.many(30)], ids=["kinds", "none", "many"]
)
def test_the_reader_is_the_inverse(run: Any) -> None:
    assert parse_run(rendered(run)) == run


def test_hostile_text_comes_back_as_it_was_but_for_lone_surrogates() -> None:
    text = rendered(runs.run_of(runs.hostile_result()))
    text.encode("utf-8")
    assert "\u202e" not in text
    read = parse_run(text)
    message = read.results[0].evaluation.outcomes[0].findings[0].message  # type: ignore[union-attr]  # a result
    assert message == runs.HOSTILE.replace("\ud800", "\ufffd")
    assert rendered(read) == text


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"schema_version": "9.0"}, "schema_version '9.0'"),
        ({"verdict": "pass"}, "does not follow"),
        ({"results": {}}, "not a list"),
        ({"started_at": 3}, "started_at: not a datetime"),
        ({"results": [{"kind": "result"}]}, "results[0]: no 'packages'"),
        ({"results": [{"kind": "x"}]}, "results[0].kind"),
    ],
)
def test_a_file_that_is_no_result_is_refused_with_its_place(change: Any, words: str) -> None:
    data = {**json.loads(rendered(runs.every_kind())), **change}
    with pytest.raises(ConfigError) as caught:
        parse_run(json.dumps(data), name="r.json")
    assert words in str(caught.value)
    assert str(caught.value).startswith("r.json: ")


def test_a_result_whose_findings_were_removed_is_refused() -> None:
    data = json.loads(rendered(runs.run_of(runs.rich_result())))
    data["results"][0]["rules"] = data["results"][0]["findings"] = []
    with pytest.raises(ConfigError, match="does not follow"):
        parse_run(json.dumps(data))


@pytest.mark.parametrize("text", ["", "[]", "{", "[" * 100_000, '"x"', "null"])
def test_text_that_is_no_result_is_refused(text: str) -> None:
    with pytest.raises(ConfigError):
        parse_run(text)


def test_a_missing_file_and_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot read"):
        load_run(tmp_path / "none.json")
    (tmp_path / "bytes.json").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="not UTF-8"):
        load_run(tmp_path / "bytes.json")
