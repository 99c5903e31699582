"""Pipelines run by gitlab-ci-local, GitLab's runner on this machine."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support import pipelines
from tests.support.tools import find_tool, needs_tool, tool

needs_gitlab = needs_tool("gitlab-ci-local", "npm install gitlab-ci-local@4.65.1")
needs_rsync = pytest.mark.skipif(find_tool("rsync") is None, reason="no `rsync` (Debian package rsync)")


@dataclass
class Pipeline:
    """What a run of gitlab-ci-local said and left."""

    code: int
    output: str
    errors: str
    folder: Path

    @property
    def text(self) -> str:
        """All of it."""
        return self.output + self.errors

    def result(self, job: str) -> str:
        """PASS, WARN or FAIL, as the summary at the end says it."""
        (found,) = re.findall(rf"^ *(PASS|WARN|FAIL)  {re.escape(job)}\b", self.text, re.MULTILINE)
        return str(found)

    def log(self, job: str) -> str:
        """What one job wrote."""
        return "\n".join(re.findall(rf"^{re.escape(job)} +[^\w ] (.*)$", self.text, re.MULTILINE))

    def reports(self, job: str) -> Path:
        """The artifacts of a job."""
        return self.folder / ".gitlab-ci-local" / "artifacts" / job / "anchore-gate-reports"


def run_gitlab(
    folder: Path, tools: Path, *words: str, variables: Mapping[str, str] | None = None
) -> Pipeline:
    """Make `folder` a repository and run its pipeline."""
    pipelines.gate_command(tools)
    pipelines.make_repository(folder, "gitlab.example.org")
    environment = {**os.environ, "HOME": str(tools), "PATH": f"{tools}:{os.environ['PATH']}"}
    given = [word for name, value in (variables or {}).items() for word in ("--variable", f"{name}={value}")]
    options = ["--force-shell-executor", "--shell-isolation", "--no-color"]
    done = subprocess.run(
        [tool("gitlab-ci-local"), *options, *given, *words],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    return Pipeline(done.returncode, done.stdout, done.stderr, folder)


def copy_template(folder: Path, root: Path) -> None:
    """Put the template where `include: local` finds it."""
    shutil.copy(root / "ci-templates" / "gitlab" / "anchore-gate.yml", folder / "anchore-gate.yml")
