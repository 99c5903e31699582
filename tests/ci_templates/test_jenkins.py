"""The Jenkins step, run by the Groovy that Jenkins runs, with a real shell and a real gate."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from junitparser import JUnitXml

from tests.support import pipelines
from tests.support.anchore import IMPORTED, Engine, anchore
from tests.support.anchore import PASSWORD as SERVICE_PASSWORD
from tests.support.jenkins import Case, Ended, needs_jenkins, run_jenkins
from tests.support.pipelines import ATTACKS, ENCODED, PASSWORD, TEAM_POLICY, TEXT_WORDS

pytestmark = needs_jenkins


def camel(name: str) -> str:
    first, *rest = name.split("-")
    return first + "".join(word.capitalize() for word in rest)


TWICE = """
@Library('anchore-gate') _
node {{
    stage('First') {{
        def first = anchoreGate(images: '{good}', policy: '{policy}', reportDir: 'first')
        echo "first: ${{first.verdict}}"
    }}
    stage('Second') {{
        def second = anchoreGate(images: '{bad}', policy: '{policy}', reportDir: 'second', onFail: 'unstable')
        echo "second: ${{second.verdict}} ${{second.exitCode}}"
    }}
}}
"""

SURROUNDED = """
@Library('anchore-gate') _
pipeline {
    agent any
    environment { ANCHORE_GATE_FAIL_ON = 'warn' }
    stages { stage('Gate') { steps { anchoreGate command: 'print-words', timeout: 7 } } }
}
"""

STAGED = """
@Library('anchore-gate') _
pipeline {{
    agent any
    stages {{
        stage('Gate') {{ steps {{ anchoreGate images: '{bad}', policy: '{policy}', onFail: '{how}' }} }}
        stage('Publish') {{ steps {{ sh 'echo pushed' }} }}
    }}
    post {{ always {{ echo 'the end' }} }}
}}
"""


@pytest.fixture(scope="module")
def builds(
    tmp_path_factory: pytest.TempPathFactory, demo_images: tuple[Path, Path]
) -> Iterator[dict[str, Ended]]:
    folder = tmp_path_factory.mktemp("jenkins")
    good, bad = (str(path) for path in demo_images)
    policy, warnings = str(TEAM_POLICY), str(pipelines.warning_policy(folder))
    missing = "docker-archive:/nothing/there.tar"
    hostile = "demo/x:1; touch pwned #$(touch pwned)`touch pwned`'\""
    registries = pipelines.silent_registry(), pipelines.telltale_registry()
    with registries[0] as silent, registries[1] as telltale, anchore(Engine(states=["analyzed"])) as service:
        words: dict[str, dict[str, object]] = {
            "passes": {"images": good},
            "stops": {"images": bad},
            "stops_unstable": {"images": bad, "onFail": "unstable"},
            "stops_ignored": {"images": bad, "onFail": "ignore"},
            "several": {"images": [good, bad]},
            "no_verdict": {"images": missing},
            "no_verdict_unstable": {"images": missing, "onError": "unstable"},
            "no_verdict_ignored": {"images": missing, "onError": "ignore"},
            "stops_beside_no_verdict": {"images": [bad, missing], "onError": "ignore"},
            "stops_unstable_beside_no_verdict": {
                "images": [bad, missing],
                "onFail": "unstable",
                "onError": "ignore",
            },
            "passes_beside_no_verdict": {"images": [good, missing], "onError": "unstable"},
            "warns": {"images": bad, "policy": warnings},
            "warns_unstable": {"images": bad, "policy": warnings, "failOn": "warn", "onFail": "unstable"},
            "times_out": {"images": f"{silent}/app:1", "registryInsecure": True, "timeout": 1},
            "times_out_unstable": {
                "images": f"{silent}/app:1",
                "registryInsecure": True,
                "timeout": 1,
                "onError": "unstable",
            },
            "usage": {"images": good, "policy": "/nothing/policy.json"},
            "unknown_word": {"images": good, "polcy": policy},
            "unknown_choice": {"images": good, "onFail": "maybe"},
            "hostile": {"images": good, "annotations": {"reason": hostile}, "sarifCategory": hostile},
            "plugin_words": {
                "name": "anchore_images",
                "bailOnFail": False,
                "engineRetries": 300,
                "excludeFromBaseImage": True,
                "annotations": [{"key": "team", "value": "web"}],
            },
            "plugin_service": {
                "images": good,
                "engineurl": "http://127.0.0.1:9/v1",
                "policyBundleId": "p",
                "policy": "",
            },
            "service_words": {
                "command": "print-words",
                "policy": "",
                "images": "registry.example.com/app:1",
                "engineurl": "https://anchore.example.com/v1",
                "engineCredentialsId": "registry-login",
                "engineaccount": "team",
                "engineverify": False,
                "forceAnalyze": True,
                "autoSubscribeTagUpdates": True,
                "policyBundleId": "p",
            },
            "service": {
                "images": IMPORTED,
                "url": service.url,
                "policy": "",
                "anchoreCredentialsId": "anchore-login",
                "onFail": "unstable",
            },
            "html": {"images": good, "publishHtml": True},
            "secret": {
                "images": f"{telltale.host}/app:1",
                "registryInsecure": True,
                "credentialsId": "registry-login",
            },
        }
        for shift in range(len(ATTACKS)):
            spelled = [camel(name) for name in TEXT_WORDS]
            words[f"hostile_{shift}"] = {**pipelines.hostile_words(spelled, folder / "pwned", shift)}
        cases = {
            name: Case(words={"policy": policy, **one}, files={"anchore_images": f"{bad}\n"})
            for name, one in words.items()
        }
        cases["twice"] = Case(jenkinsfile=TWICE.format(good=good, bad=bad, policy=policy))
        for how in ("failure", "unstable"):
            cases[f"staged_{how}"] = Case(jenkinsfile=STAGED.format(bad=bad, policy=policy, how=how))
        cases["surrounded"] = Case(jenkinsfile=SURROUNDED)
        printing = pipelines.gate_command(folder / "tools").with_name("print-words")
        printing.write_text("#!/bin/sh\nenv | grep ^ANCHORE_GATE_ | sort\n")
        printing.chmod(0o755)
        yield run_jenkins(folder, cases)
        assert pipelines.was_sent(telltale)


@pytest.mark.parametrize(
    ("name", "result", "code", "verdict"),
    [
        ("passes", "SUCCESS", 0, "pass"),
        ("stops", "FAILURE", None, None),
        ("stops_unstable", "UNSTABLE", 1, "fail"),
        ("stops_ignored", "SUCCESS", 1, "fail"),
        ("several", "FAILURE", None, None),
        ("no_verdict", "FAILURE", None, None),
        ("no_verdict_unstable", "UNSTABLE", 3, "error"),
        ("no_verdict_ignored", "SUCCESS", 3, "error"),
        ("stops_beside_no_verdict", "FAILURE", None, None),
        ("stops_unstable_beside_no_verdict", "UNSTABLE", 3, "error"),
        ("passes_beside_no_verdict", "UNSTABLE", 3, "error"),
        ("warns", "SUCCESS", 0, "pass"),
        ("warns_unstable", "UNSTABLE", 1, "fail"),
        ("times_out", "FAILURE", None, None),
        ("times_out_unstable", "UNSTABLE", 3, "error"),
        ("usage", "FAILURE", None, None),
        ("plugin_words", "SUCCESS", 1, "fail"),
        ("service", "UNSTABLE", 1, "fail"),
    ],
)
def test_the_build_ends_as_the_gate_says(
    builds: dict[str, Ended], name: str, result: str, code: int | None, verdict: str | None
) -> None:
    build = builds[name]
    assert build.result == result, build.log
    assert (build.returned.get("exitCode"), build.returned.get("verdict")) == (code, verdict)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("stops", "port 22/tcp is exposed"),
        ("stops", "the policy said no (exit code 1)"),
        ("several", "PASS  docker.io/demo/good:1.0"),
        ("several", "FAIL  docker.io/demo/bad:1.0"),
        ("service", f"FAIL  {IMPORTED}"),
        ("no_verdict", "no verdict (exit code 3)"),
        ("times_out", "no verdict within 1 s (--timeout)"),
        ("usage", "usage or configuration (exit code 2)"),
        ("unknown_word", "unknown parameter(s) polcy; known: images, archive"),
        ("unknown_choice", "'maybe' is none of failure, unstable, ignore"),
        ("plugin_words", "'bailOnFail' is a word of the Anchore plugin; write 'onFail'"),
        ("plugin_words", "'engineRetries' is left out: write 'timeout'"),
        ("plugin_words", "'excludeFromBaseImage' is left out: it changed the report alone"),
        ("plugin_service", "'engineurl' is a word of the Anchore plugin; write 'url'"),
    ],
)
def test_the_log_says_why(builds: dict[str, Ended], name: str, told: str) -> None:
    assert told in builds[name].log


@pytest.mark.parametrize("name", ["passes", "stops", "several", "no_verdict", "warns", "times_out", "secret"])
def test_reports_are_published_whatever_the_verdict(builds: dict[str, Ended], name: str) -> None:
    build = builds[name]
    assert build.junit, build.log
    assert build.junit[0]["tests"] >= 1
    assert build.archived == ["anchore-gate-reports/**"]
    assert json.loads((build.reports / "result.json").read_text())


def test_a_clean_image_has_a_junit_file_of_passing_cases(builds: dict[str, Ended]) -> None:
    found = JUnitXml.fromfile(str(builds["passes"].reports / "junit.xml"))
    assert found.tests > 0
    assert (found.failures, found.errors) == (0, 0)


def test_a_pipeline_can_gate_twice(builds: dict[str, Ended]) -> None:
    build = builds["twice"]
    assert build.result == "UNSTABLE", build.log
    assert "first: pass" in build.log
    assert "second: fail 1" in build.log
    assert [one["path"] for one in build.junit] == ["first/junit.xml", "second/junit.xml"]


@pytest.mark.parametrize(
    ("name", "stages"), [("staged_failure", ["Gate"]), ("staged_unstable", ["Gate", "Publish"])]
)
def test_a_red_gate_is_the_last_stage(builds: dict[str, Ended], name: str, stages: list[str]) -> None:
    assert builds[name].stages == stages
    assert builds[name].log.endswith("the end")


def test_the_words_for_a_service_reach_the_gate_and_its_password_by_the_environment(
    builds: dict[str, Ended],
) -> None:
    said = set(builds["service_words"].log.splitlines())
    assert said >= {
        "ANCHORE_GATE_URL=https://anchore.example.com/v1",
        "ANCHORE_GATE_USERNAME=ci-user",
        "ANCHORE_GATE_PASSWORD=****",
        "ANCHORE_GATE_ACCOUNT=team",
        "ANCHORE_GATE_INSECURE=true",
        "ANCHORE_GATE_FORCE=true",
        "ANCHORE_GATE_SUBSCRIBE=tag_update",
        "ANCHORE_GATE_POLICY_ID=p",
    }


def test_what_the_step_is_not_told_is_left_to_the_environment(builds: dict[str, Ended]) -> None:
    said = [line for line in builds["surrounded"].log.splitlines() if line.startswith("ANCHORE_GATE_")]
    assert said == [
        "ANCHORE_GATE_CI=jenkins",
        "ANCHORE_GATE_COMMAND=print-words",
        "ANCHORE_GATE_FAIL_ON=warn",
        "ANCHORE_GATE_REPORT_DIR=anchore-gate-reports",
        "ANCHORE_GATE_TIMEOUT=7",
    ]


def test_the_page_is_published_where_it_is_asked_for(builds: dict[str, Ended]) -> None:
    assert builds["html"].pages == ["anchore-gate-reports/report.html"]
    assert builds["passes"].pages == []


def test_a_hostile_value_is_never_run(builds: dict[str, Ended]) -> None:
    assert builds["hostile"].result == "SUCCESS", builds["hostile"].log
    assert "touch pwned" in (builds["hostile"].reports / "result.json").read_text()
    for shift in range(len(ATTACKS)):
        assert builds[f"hostile_{shift}"].result == "FAILURE"
        assert "error" in builds[f"hostile_{shift}"].log
    assert not list(builds["passes"].workspace.parent.rglob("pwned"))


def test_the_password_of_a_service_is_nowhere(builds: dict[str, Ended]) -> None:
    build = builds["service"]
    assert not build.leaked
    assert SERVICE_PASSWORD not in pipelines.text_of(build.workspace)


def test_a_secret_is_in_no_log_and_no_report(builds: dict[str, Ended]) -> None:
    build = builds["secret"]
    assert build.result == "FAILURE"
    assert not build.leaked
    for told in (build.log, pipelines.text_of(build.workspace)):
        assert PASSWORD not in told
        assert ENCODED not in told
