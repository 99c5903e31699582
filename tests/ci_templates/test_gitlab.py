"""The GitLab template, run by gitlab-ci-local on this machine."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = Path(os.environ.get("ANCHORE_GATE_NODE_MODULES", ROOT / "node_modules"))
RUNNER = shutil.which("gitlab-ci-local", path=f"{MODULES / '.bin'}:{os.environ['PATH']}")
pytestmark = [
    pytest.mark.skipif(RUNNER is None, reason="no `gitlab-ci-local` (npm install gitlab-ci-local@4.65.1)"),
    pytest.mark.skipif(shutil.which("rsync") is None, reason="no `rsync` (Debian package rsync)"),
]


def run_gitlab(folder: Path, *jobs: dict[str, str]) -> tuple[int, str]:
    """Include the template once for each of `jobs` in a repository of its own, and run the pipeline."""
    folder.mkdir()
    shutil.copy(ROOT / "ci-templates" / "gitlab" / "anchore-gate.yml", folder / "anchore-gate.yml")
    lines = ["include:"]
    for number, inputs in enumerate(jobs):
        lines += ["  - local: anchore-gate.yml", "    inputs:", f"      job_name: gate_{number}"]
        lines += ["      install: false"]
        lines += [f"      {name}: {value}" for name, value in inputs.items()]
    (folder / ".gitlab-ci.yml").write_text("\n".join(lines) + "\n")
    tools = folder.parent / f"{folder.name}-tools"
    tools.mkdir()
    script = tools / "anchore-gate"
    script.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -m anchore_gate "$@"\n')
    script.chmod(0o755)
    git = ["git", "-c", "user.name=t", "-c", "user.email=t@example.org"]
    for words in (
        ["init", "-q", "-b", "main"],
        ["remote", "add", "origin", "https://gitlab.example.org/team/app.git"],
        ["add", "-A"],
        ["commit", "-qm", "a pipeline"],
    ):
        subprocess.run([*git, *words], cwd=folder, check=True)
    environment = {**os.environ, "HOME": str(tools), "PATH": f"{tools}:{os.environ['PATH']}"}
    assert RUNNER is not None
    done = subprocess.run(
        [RUNNER, "--force-shell-executor", "--shell-isolation", "--no-color"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def policy() -> str:
    return str(ROOT / "examples" / "policies" / "team.json")


def test_included_twice_each_image_gets_its_own_job(
    tmp_path: Path, demo_images: tuple[Path, Path], policy: str
) -> None:
    good, bad = (str(path) for path in demo_images)
    code, log = run_gitlab(
        tmp_path / "repo", {"images": good, "policy": policy}, {"images": bad, "policy": policy}
    )
    assert code != 0
    assert "PASS  gate_0" in log, log
    assert "FAIL  gate_1" in log, log
    assert "exposes port (22/tcp)" in log


def test_reports_are_there_after_a_failure(
    tmp_path: Path, demo_images: tuple[Path, Path], policy: str
) -> None:
    run_gitlab(tmp_path / "repo", {"images": str(demo_images[1]), "policy": policy})
    assert list((tmp_path / "repo").rglob("junit.xml"))


def test_no_verdict_fails_and_on_error_warn_lets_it_go_on(tmp_path: Path, policy: str) -> None:
    missing = {"images": "docker-archive:/nothing/there.tar", "policy": policy}
    code, log = run_gitlab(tmp_path / "strict", missing)
    assert code != 0
    assert "FAIL  gate_0" in log
    code, log = run_gitlab(tmp_path / "lenient", missing | {"on_error": "warn"})
    assert code == 0, log


def test_a_choice_outside_its_words_is_refused(tmp_path: Path, demo_images: tuple[Path, Path]) -> None:
    code, log = run_gitlab(tmp_path / "repo", {"images": str(demo_images[0]), "fail_on": "sometimes"})
    assert code != 0
    assert "sometimes" in log or "fail_on" in log
