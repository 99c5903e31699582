"""What the OSCAL assessment-results model demands of each part (pages.nist.gov/OSCAL-Reference)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from anchore_gate.model.evaluation import Action
from anchore_gate.model.result import GateRun
from anchore_gate.report import reporter
from anchore_gate.report.reporter import ReportOptions
from tests.support import runs

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[45][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
TOKEN = re.compile(r"[^\W\d][\w.-]*")
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
DEMANDED = {
    "document": {"uuid", "metadata", "import-ap", "results"},
    "metadata": {"title", "last-modified", "version", "oscal-version"},
    "result": {"uuid", "title", "description", "start", "reviewed-controls"},
    "observation": {"uuid", "description", "methods", "collected"},
    "finding": {"uuid", "title", "description", "target"},
    "target": {"type", "target-id", "status"},
}


def rendered(run: GateRun) -> str:
    return "".join(reporter("oscal").render(run, ReportOptions()))


def document(run: GateRun) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(rendered(run))["assessment-results"]
    return told


def fields(value: Any) -> Iterator[tuple[str, Any]]:
    for name, one in value.items() if isinstance(value, dict) else (("", one) for one in value):
        yield name, one
        if isinstance(one, (dict, list)):
            yield from fields(one)


@pytest.mark.parametrize(
    "run",
    [runs.every_kind(), runs.run_of(), runs.run_of(runs.hostile_result()), runs.run_of(runs.no_verdict())],
    ids=["every kind", "no image", "hostile", "no verdict"],
)
def test_every_part_has_the_fields_the_specification_demands(run: GateRun) -> None:
    told = document(run)
    assert told.keys() >= DEMANDED["document"]
    assert told["metadata"].keys() >= DEMANDED["metadata"]
    assert told["results"]
    for result in told["results"]:
        assert result.keys() >= DEMANDED["result"]
        assert result["reviewed-controls"]["control-selections"]
        for observation in result.get("observations", ()):
            assert observation.keys() >= DEMANDED["observation"]
        for finding in result.get("findings", ()):
            assert finding.keys() >= DEMANDED["finding"]
            assert finding["target"].keys() >= DEMANDED["target"]


@pytest.mark.parametrize("run", [runs.every_kind(), runs.run_of(runs.hostile_result())])
def test_values_are_of_their_kind(run: GateRun) -> None:
    for name, value in fields(document(run)):
        assert value not in ("", [], {}) or name == "include-all", name
        if name == "uuid" or name.endswith("-uuid"):
            assert UUID.fullmatch(value), value
        elif name in {"control-id", "target-id", "name", "state", "reason"}:
            assert TOKEN.fullmatch(value) or name == "reason", value
        elif name in {"start", "end", "collected", "last-modified"}:
            assert MOMENT.fullmatch(value), value
        elif name == "value":
            assert value == value.strip()
            assert "\n" not in value


def test_references_arrive_and_identifiers_are_unique() -> None:
    told = document(runs.every_kind())
    every = list(fields(told))
    own = [value for name, value in every if name == "uuid"]
    assert len(own) == len(set(own))
    assert {value for name, value in every if name.endswith("-uuid")} <= set(own)
    assert told["import-ap"]["href"].removeprefix("#") in own


def test_a_control_is_satisfied_only_where_it_was_asked_and_met() -> None:
    (result,) = document(runs.run_of(runs.rich_result()))["results"]
    states = {one["target"]["target-id"]: one["target"]["status"] for one in result["findings"]}
    assert states["NIST-800-190_4.1.1"] == {
        "state": "not-satisfied",
        "reason": "fail",
        "remarks": "not met",
    }
    assert {one["remarks"] for one in states.values() if one["state"] == "satisfied"} <= {"met"}
    nist = result["reviewed-controls"]["control-selections"][0]
    included = {one["control-id"] for one in nist["include-controls"]}
    excluded = {one["control-id"] for one in nist["exclude-controls"]}
    assert included == {one for one in states if one.startswith("NIST")}
    assert not included & excluded
    assert "NIST-800-190_4.5.1" in excluded


def test_a_sample_of_advisories_satisfies_no_control() -> None:
    quiet = runs.result(runs.outcome("vulnerabilities", "package", Action.STOP))
    assert quiet.database is not None
    sampled = replace(quiet, database=replace(quiet.database, is_sample=True))
    states = []
    for one in (quiet, sampled):
        (result,) = document(runs.run_of(one))["results"]
        states.append({told["target"]["status"]["state"] for told in result.get("findings", ())})
    assert states == [{"satisfied"}, set()]


def test_findings_are_evidence_with_their_state() -> None:
    (result,) = document(runs.run_of(runs.rich_result()))["results"]
    evidence = [one for told in result["observations"] for one in told.get("relevant-evidence", ())]
    told = " ".join(one["description"] for one in evidence)
    assert "stop: CVE-2024-0001 in openssl" in told
    assert "set aside: CVE-2023-0002 in zlib1g" in told
    assert "not reachable; owner ann@example.com; expires 2026-03-10" in told


def test_no_verdict_has_no_finding() -> None:
    (result,) = document(runs.run_of(runs.no_verdict()))["results"]
    assert result["description"].startswith("timeout: no verdict")
    assert "findings" not in result
    reviewed = result["reviewed-controls"]
    assert reviewed["remarks"] == "No control was assessed: there is no verdict."
    for one in reviewed["control-selections"]:  # nothing is left of all
        assert one.keys() == {"description", "include-all", "exclude-controls"}


def test_hostile_text_is_no_markup() -> None:
    text = rendered(runs.run_of(runs.hostile_result()))
    for value in (one for name, one in fields(json.loads(text)) if name in {"title", "description"}):
        assert not re.search(r"(?<!\\)[<>\[\]`*\u202e]", str(value)) or not isinstance(value, str)
    assert len(text) < 100_000


def test_the_same_run_gives_the_same_identifiers_and_another_gives_others() -> None:
    assert rendered(runs.every_kind()) == rendered(runs.every_kind())
    one, other = document(runs.run_of(runs.rich_result())), document(runs.run_of(runs.clean_result()))
    assert one["uuid"] != other["uuid"]
    assert one["results"][0]["uuid"] != other["results"][0]["uuid"]


def test_many_findings_are_counted_where_they_are_not_listed() -> None:
    (result,) = document(runs.many(1_000))["results"]
    (observation,) = result["observations"]
    assert len(observation["relevant-evidence"]) == 200
    assert observation["remarks"].startswith("800 more findings")
