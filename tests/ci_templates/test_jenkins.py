"""The Jenkins step, run by the Groovy that Jenkins runs, with a real shell and a real gate."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
STEP = ROOT / "ci-templates" / "jenkins" / "vars" / "anchoreGate.groovy"
PASSWORD = "s3cr3t-of-the-registry"

pytestmark = pytest.mark.skipif(shutil.which("groovy") is None, reason="no `groovy` (Debian package groovy)")


def java_home() -> str:
    java = shutil.which("java")
    return str(Path(java).resolve().parents[1]) if java else ""


@pytest.fixture(scope="module")
def builds(tmp_path_factory: pytest.TempPathFactory, demo_images: tuple[Path, Path]) -> dict[str, Any]:
    """Every case in one run of Groovy: it takes seconds to start."""
    good, bad = (str(path) for path in demo_images)
    policy = str(ROOT / "examples" / "policies" / "team.json")
    asked: dict[str, dict[str, Any]] = {
        "passes": {"images": good, "policy": policy},
        "stops": {"images": bad, "policy": policy},
        "stops_unstable": {"images": bad, "policy": policy, "onFail": "unstable"},
        "stops_ignored": {"images": bad, "policy": policy, "onFail": "ignore"},
        "no_verdict": {"images": "docker-archive:/nothing/there.tar", "policy": policy},
        "no_verdict_unstable": {"images": "docker-archive:/no.tar", "policy": policy, "onError": "unstable"},
        "usage": {"images": good, "policy": "/nothing/policy.json"},
        "unknown_word": {"images": good, "polcy": policy},
        "unknown_choice": {"images": good, "onFail": "maybe"},
        "hostile": {
            "images": good,
            "policy": policy,
            "tag": "demo/x:1; touch pwned #$(touch pwned)`touch pwned`'\"",
        },
        "several": {"images": [good, bad], "policy": policy},
        "plugin_words": {
            "name": "anchore_images",
            "policy": policy,
            "bailOnFail": False,
            "engineRetries": 300,
        },
        "plugin_service": {"images": good, "engineurl": "http://127.0.0.1:9/v1", "policyBundleId": "p"},
        "secrets": {"images": "docker-archive:/no.tar", "policy": policy, "credentialsId": "registry-login"},
    }
    cases = []
    for name, words in asked.items():
        workspace = tmp_path_factory.mktemp(name)
        (workspace / "anchore_images").write_text(f"{bad}\n")
        cases.append(
            {
                "args": {"command": str(command(workspace)), **words},
                "workspace": str(workspace),
                "environment": {"PYTHONPATH": str(ROOT)},
                "credentials": {"registry-login": {"username": "ci", "password": PASSWORD}},
            }
        )
    listed = tmp_path_factory.mktemp("cases") / "cases.json"
    listed.write_text(json.dumps(cases))
    done = subprocess.run(
        ["groovy", str(HERE / "pipeline.groovy"), str(STEP), str(listed)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "JAVA_HOME": java_home()},
        timeout=180,
    )
    assert done.returncode == 0, done.stderr
    answers = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    for answer, case in zip(answers, cases, strict=True):
        answer["workspace"] = Path(str(case["workspace"]))
    return dict(zip(asked, answers, strict=True))


def command(folder: Path) -> Path:
    """`anchore-gate`, as this checkout would install it."""
    script = folder / "anchore-gate"
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m anchore_gate "$@"\n')
    script.chmod(0o755)
    return script


@pytest.mark.parametrize(
    ("name", "result", "code"),
    [
        ("passes", "SUCCESS", 0),
        ("stops", "FAILURE", None),
        ("stops_unstable", "UNSTABLE", 1),
        ("stops_ignored", "SUCCESS", 1),
        ("no_verdict", "FAILURE", None),
        ("no_verdict_unstable", "UNSTABLE", 3),
        ("usage", "FAILURE", None),
        ("several", "FAILURE", None),
        ("plugin_words", "SUCCESS", 1),
    ],
)
def test_the_build_ends_as_the_gate_says(
    builds: dict[str, Any], name: str, result: str, code: int | None
) -> None:
    build = builds[name]
    assert build["result"] == result, build["log"]
    assert (build["returned"] or {}).get("exitCode") == code


@pytest.mark.parametrize("name", ["passes", "stops", "no_verdict", "several"])
def test_reports_are_published_whatever_the_verdict(builds: dict[str, Any], name: str) -> None:
    build = builds[name]
    assert build["junit"], build["log"]
    assert build["junit"][0]["tests"] >= 1
    assert build["archived"] == ["anchore-gate-reports/**"]


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("unknown_word", "unknown parameter(s) polcy; known: images, archive"),
        ("unknown_choice", "'maybe' is none of failure, unstable, ignore"),
        ("plugin_words", "'bailOnFail' is a word of the Anchore plugin; write 'onFail'"),
        ("plugin_words", "engineRetries has no meaning here"),
        ("plugin_service", "'engineurl' is a word of the Anchore plugin; write 'url'"),
    ],
)
def test_a_word_it_does_not_know_is_named(builds: dict[str, Any], name: str, told: str) -> None:
    assert told in builds[name]["log"]


def test_a_hostile_value_is_never_run(builds: dict[str, Any]) -> None:
    assert not list(builds["hostile"]["workspace"].rglob("pwned"))
    assert builds["hostile"]["result"] in {"FAILURE", "SUCCESS"}


def test_a_secret_is_never_in_the_log_or_the_reports(builds: dict[str, Any]) -> None:
    build = builds["secrets"]
    reports = [path.read_text() for path in build["workspace"].rglob("*") if path.is_file()]
    assert PASSWORD not in "".join([build["log"], *reports])
