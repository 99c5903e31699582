"""Builds run by a small Jenkins of our own (`jenkins.groovy`), under the Groovy that Jenkins runs."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support import pipelines
from tests.support.anchore import PASSWORD as SERVICE_PASSWORD
from tests.support.pipelines import PASSWORD, USER
from tests.support.tools import ROOT, needs_tool

STEP = ROOT / "ci-templates" / "jenkins" / "vars" / "anchoreGate.groovy"
needs_jenkins = needs_tool("groovy", "Debian package groovy")


@dataclass(frozen=True)
class Case:
    """A call of the step with `words`, or a whole Jenkinsfile."""

    words: Mapping[str, object] = field(default_factory=dict)
    jenkinsfile: str = ""
    files: Mapping[str, str | bytes] = field(default_factory=dict)  # in the workspace: name to content
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Ended:
    """What a build became."""

    result: str
    returned: Mapping[str, Any]
    junit: list[dict[str, Any]]
    archived: list[str]
    pages: list[str]
    stages: list[str]
    description: str  # beside the build
    leaked: bool  # a secret was written: Jenkins had to mask it
    log: str
    workspace: Path

    @property
    def reports(self) -> Path:
        """The gate's reports in the workspace."""
        return self.workspace / "anchore-gate-reports"


def run_jenkins(folder: Path, cases: Mapping[str, Case]) -> dict[str, Ended]:
    """Every case in one run of Groovy: it takes seconds to start."""
    pipelines.gate_command(folder / "tools")
    asked = [_asked(folder, name, case) for name, case in cases.items()]
    (folder / "cases.json").write_text(json.dumps(asked))
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ANCHORE_GATE_")}
    done = subprocess.run(
        ["groovy", str(Path(__file__).with_suffix(".groovy")), str(STEP), str(folder / "cases.json")],
        capture_output=True,
        text=True,
        check=False,
        env={**environment, "JAVA_HOME": _java_home()},
        timeout=180,
    )
    assert done.returncode == 0, done.stderr
    answers = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    ended: dict[str, Ended] = {}
    for name, answer in zip(cases, answers, strict=True):
        answer["returned"] = answer["returned"] or {}
        ended[name] = Ended(**answer, workspace=folder / name)
    return ended


def _asked(folder: Path, name: str, case: Case) -> dict[str, object]:
    workspace = folder / name
    workspace.mkdir(exist_ok=True)
    for path, content in case.files.items():
        (workspace / path).parent.mkdir(parents=True, exist_ok=True)
        (workspace / path).write_bytes(content if isinstance(content, bytes) else content.encode())
    asked: dict[str, object] = {
        "args": dict(case.words),
        "workspace": str(workspace),
        "environment": {"PATH": f"{folder / 'tools'}:{os.environ['PATH']}", **case.environment},
        "credentials": {
            "registry-login": {"username": USER, "password": PASSWORD},
            "anchore-login": {"username": "admin", "password": SERVICE_PASSWORD},
        },
    }
    if case.jenkinsfile:
        (folder / f"{name}.Jenkinsfile").write_text(case.jenkinsfile)
        asked["jenkinsfile"] = str(folder / f"{name}.Jenkinsfile")
    return asked


def _java_home() -> str:
    java = shutil.which("java")  # Debian's `groovy` guesses a folder that may not be there
    return str(Path(java).resolve().parents[1]) if java else ""
