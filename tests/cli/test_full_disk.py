"""Where standard output or a report finds no room: one line, and never a pass that was none."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from anchore_gate.cli import main

ROOT = Path(__file__).parents[2]
DEMO = ROOT / "examples" / "policies" / "demo.json"
FULL = Path("/dev/full")
_NO_ROOM = "anchore-gate: warning: cannot write standard output: No space left on device\n"
_VERDICT = (
    "docker.io/demo/bad:1.0: fail: final action stop (the policy's rules); "
    "4 stop, 23 warn, 0 set aside, 0 problems\n"
)
pytestmark = pytest.mark.skipif(not FULL.exists(), reason="no device that is always full")


def run(*words: str) -> tuple[int, str]:
    """Exit code and standard error, with a standard output that takes nothing."""
    with FULL.open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "anchore_gate", *words],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    return done.returncode, done.stderr


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        ((), 1, _NO_ROOM),
        (
            ("--format", "json=-", "--quiet"),
            2,
            _VERDICT + "anchore-gate: error: cannot write -: No space left on device\n",
        ),
        (
            ("--format", "html=/dev/full"),
            2,
            _NO_ROOM + "anchore-gate: error: cannot write /dev/full: No space left on device\n",
        ),
    ],
    ids=["the summary", "a report", "a report on a device"],
)
def test_the_verdict_of_a_check_stands_and_a_report_that_is_lost_is_an_error(
    demo_images: tuple[Path, Path], sample_data: Path, words: tuple[str, ...], code: int, told: str
) -> None:
    asked = ("check", str(demo_images[1]), "--policy", str(DEMO), "--offline")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ANCHORE_GATE_CACHE_DIR", str(sample_data))
        assert run(*asked, *words) == (code, told)


def test_a_lost_report_does_not_cost_the_reader_the_verdict(
    demo_images: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    policy = str(ROOT / "examples" / "policies" / "team.json")
    formats = ["--format", "html=/dev/full", "--format", f"json={tmp_path / 'r.json'}"]
    assert main(["check", str(demo_images[1]), "--policy", policy, *formats]) == 2
    said, told = capsys.readouterr()
    assert "FAIL  docker.io/demo/bad:1.0" in said
    assert "exit code 2" in said
    assert told.endswith("cannot write /dev/full: No space left on device\n")


def test_a_list_that_finds_no_room_is_one_line() -> None:
    assert run("compliance", "controls") == (3, "anchore-gate: error: No space left on device\n")
