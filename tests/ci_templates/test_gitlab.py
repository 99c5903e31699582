"""The GitLab template, run by gitlab-ci-local on this machine: every case is one include of one pipeline."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from junitparser import JUnitXml

from tests.support import pipelines
from tests.support.anchore import IMPORTED, Engine, anchore
from tests.support.anchore import PASSWORD as SERVICE_PASSWORD
from tests.support.gitlab import Pipeline, copy_template, needs_gitlab, needs_rsync, run_gitlab
from tests.support.pipelines import ATTACKS, ENCODED, PASSWORD, TEAM_POLICY, TEXT_WORDS, USER
from tests.support.tools import ROOT
from tests.support.web import Reply, serve

pytestmark = [needs_gitlab, needs_rsync]


def including(folder: Path, cases: Mapping[str, Mapping[str, object]], **jobs: object) -> Path:
    """A folder whose pipeline includes the template once for each case, and adds to some of its jobs."""
    folder.mkdir(exist_ok=True)
    copy_template(folder, ROOT)
    common = {"install": False, "policy": str(TEAM_POLICY)}
    include = [
        {"local": "anchore-gate.yml", "inputs": {**common, "job_name": name, **inputs}}
        for name, inputs in cases.items()
    ]
    (folder / ".gitlab-ci.yml").write_text(json.dumps({"include": include, **jobs}))
    return folder


@pytest.fixture(scope="module")
def marker(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("marker") / "pwned"


@pytest.fixture(scope="module")
def pipeline(
    tmp_path_factory: pytest.TempPathFactory, demo_images: tuple[Path, Path], marker: Path
) -> Iterator[Pipeline]:
    """Every case in one run of the runner."""
    tools = tmp_path_factory.mktemp("tools")
    good, bad = (str(path) for path in demo_images)
    missing, warnings = "docker-archive:/nothing/there.tar", str(pipelines.warning_policy(tools))
    hostile = f"demo/x:1; touch {marker} #$(touch {marker})`touch {marker}`'\""
    registries = pipelines.silent_registry(), pipelines.telltale_registry()
    with registries[0] as silent, registries[1] as telltale, anchore(Engine(states=["analyzed"])) as service:
        cases: dict[str, dict[str, object]] = {
            "passes": {"images": good},
            "stops": {"images": bad},
            "stops_allowed": {"images": bad, "allow_failure": True},
            "stops_apart": {"images": bad},
            "no_verdict_apart": {"images": missing},
            "several": {"images": f"{good}\n{bad}"},
            "no_verdict": {"images": missing},
            "no_verdict_warns": {"images": missing, "on_error": "warn"},
            "warns": {"images": bad, "policy": warnings},
            "warns_fail": {"images": bad, "policy": warnings, "fail_on": "warn"},
            "times_out": {"images": f"{silent}/app:1", "registry_insecure": "true", "timeout": "1"},
            "hostile": {"images": good, "annotations": f"reason={hostile}", "sarif_category": hostile},
            "service": {"images": IMPORTED, "url": service.url, "policy": ""},
            "secret": {"images": f"{telltale.host}/app:1", "registry_insecure": "true"},
        }
        # The runner itself gives the report folder to a shell.
        words = [name.replace("-", "_") for name in TEXT_WORDS if name != "report-dir"]
        for shift in range(len(ATTACKS)):
            cases[f"hostile_{shift}"] = {**pipelines.hostile_words(words, marker, shift)}
        masked = {"ANCHORE_GATE_REGISTRY_USERNAME": USER, "ANCHORE_GATE_REGISTRY_PASSWORD": PASSWORD}
        masked |= {"ANCHORE_GATE_USERNAME": "admin", "ANCHORE_GATE_PASSWORD": SERVICE_PASSWORD}
        apart = {"allow_failure": {"exit_codes": [1]}}
        folder = tmp_path_factory.mktemp("repository")
        including(folder, cases, stops_apart=apart, no_verdict_apart=apart)
        yield run_gitlab(folder, tools, variables=masked)
        assert pipelines.was_sent(telltale)


@pytest.mark.parametrize(
    ("name", "result", "told"),
    [
        ("passes", "PASS", "PASS  docker.io/demo/good:1.0"),
        ("stops", "FAIL", "port 22/tcp is exposed"),
        ("stops_allowed", "WARN", "exit code 1"),
        ("stops_apart", "WARN", "exit code 1"),
        ("no_verdict_apart", "FAIL", "exit code 3"),
        ("several", "FAIL", "PASS  docker.io/demo/good:1.0"),
        ("several", "FAIL", "FAIL  docker.io/demo/bad:1.0"),
        ("no_verdict", "FAIL", "exit code 3"),
        ("no_verdict_warns", "PASS", "no verdict"),
        ("warns", "PASS", "docker.io/demo/bad:1.0"),
        ("warns_fail", "FAIL", "exit code 1"),
        ("service", "FAIL", f"FAIL  {IMPORTED}"),
        ("times_out", "FAIL", "no verdict within 1 s (--timeout)"),
        ("times_out", "FAIL", "exit code 3"),
    ],
)
def test_the_job_ends_as_the_gate_says(pipeline: Pipeline, name: str, result: str, told: str) -> None:
    assert pipeline.result(name) == result, pipeline.log(name)
    assert told in pipeline.log(name)


@pytest.mark.parametrize("name", ["passes", "stops", "several", "no_verdict", "warns", "times_out", "secret"])
def test_reports_are_there_whatever_the_verdict(pipeline: Pipeline, name: str) -> None:
    assert sum(suite.tests for suite in JUnitXml.fromfile(str(pipeline.reports(name) / "junit.xml"))) > 0
    assert json.loads((pipeline.reports(name) / "gl-container-scanning-report.json").read_text())


@pytest.mark.parametrize(
    ("name", "verdict"),
    [("passes", "pass"), ("stops", "fail"), ("no_verdict", "error"), ("times_out", "timeout")],
)
def test_later_jobs_get_the_verdict(pipeline: Pipeline, name: str, verdict: str) -> None:
    told = (pipeline.reports(name) / "gate.env").read_text().splitlines()
    assert f"ANCHORE_GATE_VERDICT={verdict}" in told


def test_a_clean_image_has_a_junit_file_of_passing_cases(pipeline: Pipeline) -> None:
    found = JUnitXml.fromfile(str(pipeline.reports("passes") / "junit.xml"))
    assert found.tests > 0
    assert (found.failures, found.errors) == (0, 0)


def test_a_hostile_input_is_never_run(pipeline: Pipeline, marker: Path) -> None:
    assert pipeline.result("hostile") == "PASS"
    assert f"touch {marker}" in (pipeline.reports("hostile") / "result.json").read_text()
    for shift in range(len(ATTACKS)):
        assert pipeline.result(f"hostile_{shift}") == "FAIL"
        assert "error" in pipeline.log(f"hostile_{shift}")
    assert not marker.exists()


def test_the_password_of_a_service_is_nowhere(pipeline: Pipeline) -> None:
    for told in (pipeline.text, pipelines.text_of(pipeline.reports("service"))):
        assert SERVICE_PASSWORD not in told


def test_a_secret_is_in_no_log_and_no_report(pipeline: Pipeline) -> None:
    assert pipeline.result("secret") == "FAIL"
    for told in (pipeline.text, pipelines.text_of(pipeline.reports("secret"))):
        assert PASSWORD not in told
        assert ENCODED not in told


def test_it_is_included_as_a_file_a_component_or_from_an_address(
    tmp_path: Path, demo_images: tuple[Path, Path]
) -> None:
    folder = tmp_path / "repository"
    (folder / "templates").mkdir(parents=True)
    shutil.copy(ROOT / "templates" / "anchore-gate.yml", folder / "templates")
    copy_template(folder, ROOT)
    text = (ROOT / "templates" / "anchore-gate.yml").read_bytes()
    with serve(lambda asked: Reply(body=text)) as site:
        ways = {
            "file": {"local": "anchore-gate.yml"},
            "component": {"component": "$CI_SERVER_FQDN/$CI_PROJECT_PATH/anchore-gate@$CI_COMMIT_SHA"},
            "address": {"remote": f"{site.url}/anchore-gate.yml"},
        }
        common = {"install": False, "policy": str(TEAM_POLICY), "images": str(demo_images[0])}
        include = [{**way, "inputs": {**common, "job_name": name}} for name, way in ways.items()]
        (folder / ".gitlab-ci.yml").write_text(json.dumps({"include": include}))
        pipeline = run_gitlab(folder, tmp_path / "tools")
    assert {name: pipeline.result(name) for name in ways} == dict.fromkeys(ways, "PASS"), pipeline.text


def test_a_choice_outside_its_words_is_refused(tmp_path: Path) -> None:
    wrong = including(tmp_path / "repository", {"gate": {"fail_on": "sometimes"}})
    refused = run_gitlab(wrong, tmp_path / "tools", "--list")
    assert refused.code != 0
    assert "sometimes" in refused.text or "fail_on" in refused.text


@pytest.mark.parametrize(
    ("variables", "listed"),
    [
        ({}, {"gate", "changes"}),
        ({"ANCHORE_GATE_DISABLED": "true"}, set()),
        ({"CI_PIPELINE_SOURCE": "merge_request_event"}, {"changes"}),
        ({"CI_PIPELINE_SOURCE": "schedule"}, {"gate", "changes"}),
    ],
    ids=["branch", "switched off", "merge request", "schedule"],
)
def test_the_job_is_there_when_it_is_wanted(
    tmp_path: Path, variables: dict[str, str], listed: set[str]
) -> None:
    folder = including(tmp_path / "repository", {"gate": {}, "changes": {"merge_requests": True}})
    shown = run_gitlab(folder, tmp_path / "tools", "--list", variables=variables).output
    assert set(re.findall(r"^(gate|changes) ", shown, re.MULTILINE)) == listed, shown


def test_what_the_template_becomes_fits_the_schema(tmp_path: Path) -> None:
    folder = including(tmp_path / "repository", {"first": {}, "second": {"stage": "deploy"}})
    rendered = tmp_path / "rendered.gitlab-ci.yml"
    shown = run_gitlab(folder, tmp_path / "tools", "--preview").output
    rendered.write_text(shown)
    words = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.gitlab-ci"]
    words += ["--data-transform", "gitlab-ci", "--regex-variant", "nonunicode", str(rendered)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr + shown


def test_the_vulnerability_data_is_kept_for_the_next_run(tmp_path: Path, sample_data: Path) -> None:
    fetched = f'cp -r "{sample_data}/." "$ANCHORE_GATE_CACHE_DIR"'
    job = {"before_script": ['mkdir -p "$ANCHORE_GATE_CACHE_DIR"', fetched]}
    folder = including(tmp_path / "repository", {"gate": {"images": "nothing.tar"}}, gate=job)
    run_gitlab(folder, tmp_path / "tools")
    kept = folder / ".gitlab-ci-local" / "cache" / "anchore-gate-db" / ".cache" / "anchore-gate"
    assert {path.name for path in kept.iterdir()} >= {path.name for path in sample_data.iterdir()}
