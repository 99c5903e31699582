"""The GitHub action, run by act on this machine: every case is a job of one workflow."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from junitparser import JUnitXml

from tests.support import pipelines
from tests.support.act import Build, needs_act, run_act
from tests.support.anchore import IMPORTED, Engine, anchore
from tests.support.anchore import PASSWORD as SERVICE_PASSWORD
from tests.support.pipelines import ATTACKS, ENCODED, PASSWORD, TEAM_POLICY, TEXT_WORDS, USER
from tests.support.tools import ROOT

pytestmark = needs_act

# Stands for actions/cache, which needs GitHub.
CACHE = """
name: cache
description: keeps nothing
inputs: {path: {}, key: {}, restore-keys: {}}
runs: {using: composite, steps: [{run: "true", shell: bash}]}
"""


def gate(words: dict[str, str], **step: Any) -> dict[str, Any]:
    return {"uses": "./ci-templates/github", "with": {"install": "false", **words}, **step}


def job(name: str, *gates: dict[str, Any], **more: Any) -> dict[str, Any]:
    reports = {"name": name, "path": "anchore-gate-reports"}
    keep = {"uses": "actions/upload-artifact@v4", "if": "always()", "with": reports}
    return {"runs-on": "ubuntu-latest", "steps": [{"uses": "actions/checkout@v4"}, *gates, keep], **more}


@pytest.fixture(scope="module")
def marker(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("marker") / "pwned"


@pytest.fixture(scope="module")
def build(
    tmp_path_factory: pytest.TempPathFactory, demo_images: tuple[Path, Path], marker: Path
) -> Iterator[Build]:
    """Every case in one run of act."""
    folder, tools = tmp_path_factory.mktemp("repository"), tmp_path_factory.mktemp("tools")
    good, bad = (str(path) for path in demo_images)
    missing, warnings = "docker-archive:/nothing/there.tar", str(pipelines.warning_policy(tools))
    hostile = f"demo/x:1\"; touch {marker} #$(touch {marker})`touch {marker}`'"
    registries = pipelines.silent_registry(), pipelines.telltale_registry()
    with registries[0] as silent, registries[1] as telltale, anchore(Engine(states=["analyzed"])) as service:
        asked: dict[str, dict[str, str]] = {
            "passes": {"images": good},
            "stops": {"images": bad},
            "several": {"images": f"{good}\n{bad}"},
            "no_verdict": {"images": missing},
            "no_verdict_warns": {"images": missing, "on-error": "warn"},
            "warns": {"images": bad, "policy": warnings},
            "warns_fail": {"images": bad, "policy": warnings, "fail-on": "warn"},
            "times_out": {"images": f"{silent}/app:1", "registry-insecure": "true", "timeout": "1"},
            "hostile": {"images": good, "annotations": f"reason={hostile}", "sarif-category": hostile},
        }
        for shift in range(len(ATTACKS)):
            asked[f"hostile_{shift}"] = pipelines.hostile_words(TEXT_WORDS, marker, shift)
        jobs = {
            name: job(name, gate({"policy": str(TEAM_POLICY), **asked[name]}, id="gate")) for name in asked
        }
        both = [
            gate({"images": good, "report-dir": "first"}, id="first"),
            gate({"images": bad, "report-dir": "second"}, id="second", **{"continue-on-error": True}),
        ]
        told = {
            "FIRST": "${{ steps.first.outputs.verdict }}",
            "SECOND": "${{ steps.second.outputs.verdict }}",
        }
        both.append({"run": 'echo "twice: $FIRST, then $SECOND"', "env": told})
        jobs["twice"] = {"runs-on": "ubuntu-latest", "steps": [{"uses": "actions/checkout@v4"}, *both]}
        for step in both[:2]:
            step["with"]["policy"] = str(TEAM_POLICY)
        refused = {"images": f"{telltale.host}/app:1", "registry-insecure": "true"}
        secrets = {
            "ANCHORE_GATE_REGISTRY_USERNAME": USER,
            "ANCHORE_GATE_REGISTRY_PASSWORD": "${{ secrets.REGISTRY_PASSWORD }}",
        }
        jobs["secret"] = job("secret", gate(refused), env=secrets)
        told = {"registry-username": USER, "registry-password": secrets["ANCHORE_GATE_REGISTRY_PASSWORD"]}
        jobs["secret_input"] = job("secret_input", gate({**refused, **told}))
        login = {"username": "admin", "password": "${{ secrets.ANCHORE_PASSWORD }}"}
        jobs["service"] = job("service", gate({"images": IMPORTED, "url": service.url, **login}, id="gate"))
        surrounding = {"ANCHORE_GATE_FAIL_ON": "warn", "ANCHORE_GATE_POLICY": warnings}
        jobs["surrounded"] = job("surrounded", gate({"images": bad}), env=surrounding)
        shutil.copytree(ROOT / "ci-templates", folder / "ci-templates")
        workflow = folder / ".github" / "workflows" / "gate.yml"
        workflow.parent.mkdir(parents=True)
        workflow.write_text(json.dumps({"on": "push", "jobs": jobs}))
        secrets = {"REGISTRY_PASSWORD": PASSWORD, "ANCHORE_PASSWORD": SERVICE_PASSWORD}
        given = [word for pair in secrets.items() for word in ("-s", "=".join(pair))]
        yield run_act(folder, tools, *given)
        assert pipelines.was_sent(telltale)


@pytest.mark.parametrize(
    ("name", "result", "told"),
    [
        ("passes", "success", "PASS  docker.io/demo/good:1.0"),
        ("stops", "failure", "port 22/tcp is exposed"),
        ("several", "failure", "PASS  docker.io/demo/good:1.0"),
        ("several", "failure", "FAIL  docker.io/demo/bad:1.0"),
        ("no_verdict", "failure", "exit code 3"),
        ("no_verdict_warns", "success", "no verdict"),
        ("warns", "success", "docker.io/demo/bad:1.0"),
        ("warns_fail", "failure", "exit code 1"),
        ("surrounded", "failure", "exit code 1"),
        ("service", "failure", f"FAIL  {IMPORTED}"),
        ("times_out", "failure", "no verdict within 1 s (--timeout)"),
        ("times_out", "failure", "exit code 3"),
        ("twice", "success", "twice: pass, then fail"),
    ],
)
def test_the_job_ends_as_the_gate_says(build: Build, name: str, result: str, told: str) -> None:
    assert build.result(name) == result, build.log(name)
    assert told in build.log(name)


@pytest.mark.parametrize(
    ("name", "verdict", "code"),
    [
        ("passes", "pass", "0"),
        ("stops", "fail", "1"),
        ("no_verdict", "error", "3"),
        ("times_out", "timeout", "3"),
    ],
)
def test_later_steps_get_the_verdict(build: Build, name: str, verdict: str, code: str) -> None:
    outputs = build.outputs(name)
    assert (outputs["verdict"], outputs["exit-code"]) == (verdict, code)


@pytest.mark.parametrize("name", ["passes", "stops", "several", "no_verdict", "warns", "times_out", "secret"])
def test_reports_are_there_whatever_the_verdict(build: Build, name: str) -> None:
    assert sum(suite.tests for suite in JUnitXml.fromfile(str(build.reports(name) / "junit.xml"))) > 0
    assert json.loads((build.reports(name) / "result.json").read_text())


def test_the_page_of_the_run_and_its_annotations_say_why(build: Build) -> None:
    assert "anchore_gate: fail" in build.summary("stops")
    assert any("port 22/tcp is exposed" in one for one in build.annotations("stops"))
    assert "anchore_gate: pass" in build.summary("passes")
    assert build.annotations("passes") == []


def test_the_reusable_workflow_tells_its_caller_the_verdict(
    tmp_path: Path, demo_images: tuple[Path, Path]
) -> None:
    workflows = tmp_path / "repository" / ".github" / "workflows"
    workflows.mkdir(parents=True)
    shutil.copy(ROOT / ".github" / "workflows" / "gate.yml", workflows)
    called = {"images": str(demo_images[0]), "policy": str(TEAM_POLICY)}
    again = {**called, "images": str(demo_images[1]), "artifact": "second", "fail-on": "never"}
    telling = {"run": 'echo "called: $VERDICT"', "env": {"VERDICT": "${{ needs.gate.outputs.verdict }}"}}
    jobs = {
        "gate": {"uses": "./.github/workflows/gate.yml", "with": called},
        "again": {"uses": "./.github/workflows/gate.yml", "with": again},
        "after": {"runs-on": "ubuntu-latest", "needs": "gate", "steps": [telling]},
    }
    (workflows / "caller.yml").write_text(json.dumps({"on": "push", "jobs": jobs}))
    cache = tmp_path / "cache"
    cache.mkdir()
    (cache / "action.yml").write_text(CACHE)
    local = f"actions/cache@v4={cache}"
    build = run_act(tmp_path / "repository", tmp_path / "tools", "--local-repository", local)
    assert "called: pass" in build.log("after"), build.log()
    for artifact, name in (("anchore-gate", "good"), ("second", "bad")):
        assert f"demo/{name}" in (build.reports(artifact) / "junit.xml").read_text()


def test_a_clean_image_has_a_junit_file_of_passing_cases(build: Build) -> None:
    found = JUnitXml.fromfile(str(build.reports("passes") / "junit.xml"))
    assert found.tests > 0
    assert (found.failures, found.errors) == (0, 0)


def test_a_hostile_input_is_never_run(build: Build, marker: Path) -> None:
    assert build.result("hostile") == "success"
    assert f"$(touch {marker})" in (build.reports("hostile") / "result.json").read_text()
    for shift in range(len(ATTACKS)):
        assert build.result(f"hostile_{shift}") == "failure"
        assert "error" in build.log(f"hostile_{shift}")
    assert not marker.exists()


def test_a_service_decides_and_its_password_is_nowhere(build: Build) -> None:
    assert build.outputs("service")["verdict"] == "fail"
    for told in (build.log(), pipelines.text_of(build.reports("service"))):
        assert SERVICE_PASSWORD not in told


@pytest.mark.parametrize("name", ["secret", "secret_input"])
def test_a_secret_is_in_no_log_and_no_report(build: Build, name: str) -> None:
    assert build.result(name) == "failure"
    assert "DENIED" in build.log(name)
    for told in (build.log(), pipelines.text_of(build.reports(name))):
        assert PASSWORD not in told
        assert ENCODED not in told
