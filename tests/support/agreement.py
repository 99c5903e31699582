"""What the reports of a run say of its verdict, compared with one another."""

from __future__ import annotations

import json
from collections.abc import Mapping
from xml.etree import ElementTree

FORMATS = ("json", "junit", "dotenv", "sarif", "codequality", "github", "text")


def pairs(text: str) -> dict[str, str]:
    """Names and values, a line each."""
    return dict(row.split("=", 1) for row in text.splitlines())


def junit_counts(text: str) -> tuple[int, int]:
    """How many cases fail and how many are errors, by the cases and by the numbers at their head."""
    root = ElementTree.fromstring(text)
    cases = list(root.iter("testcase"))
    assert len({(case.get("classname"), case.get("name")) for case in cases}) == len(cases)
    failures, errors = (sum(case.find(kind) is not None for case in cases) for kind in ("failure", "error"))
    assert (failures, errors) == (int(root.attrib["failures"]), int(root.attrib["errors"]))
    return failures, errors


def agree(files: Mapping[str, str], verdict: str, code: int, *, has_error: bool, where: str = "") -> None:
    """Whether each report of `FORMATS` says that verdict; `has_error`: JUnit has an `<error>`."""
    fails = verdict == "fail"
    document = json.loads(files["json"])
    assert (document["verdict"], document["exit_code"]) == (verdict, code), where
    dotenv = pairs(files["dotenv"])
    assert (dotenv["ANCHORE_GATE_VERDICT"], dotenv["ANCHORE_GATE_EXIT_CODE"]) == (verdict, str(code)), where
    failures, errors = junit_counts(files["junit"])
    assert (failures > 0, errors > 0) == (fails, has_error), where
    is_red = verdict not in ("pass", "warn")
    assert ("::error " in files["github"]) == is_red, where
    assert bool(files["github"]) == (verdict != "pass"), where
    levels = {row["level"] for run in json.loads(files["sarif"])["runs"] for row in run["results"]}
    assert bool(levels & {"error", "warning"}) == (verdict != "pass"), where
    severities = {issue["severity"] for issue in json.loads(files["codequality"])}
    assert bool(severities - {"info"}) == (verdict != "pass"), where
    assert "blocker" not in severities or is_red, where
    assert verdict in files["text"].splitlines()[0], where
