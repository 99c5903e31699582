"""The process itself: its exit code is right however it was started and whatever it cannot say."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RUN = f"PYTHONPATH={ROOT} {sys.executable} -m anchore_gate"


def shell(line: str, tmp_path: Path) -> subprocess.CompletedProcess[str]:
    buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    return subprocess.run(
        ["sh", "-c", line],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=buffered,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("policy list >&-", 0),
        ("policy list 2>&-", 0),
        ("check nothing.tar 2>&-", 3),
        ("check nothing.tar >&-", 3),
        ("check nothing.tar >&- 2>&-", 3),
        ("check nothing.tar 2>/dev/full", 3),
        ("policy validate nothing.json 2>&-", 2),
        ("policy validate nothing.json 2>/dev/full", 2),
        ("nonsense 2>&-", 2),
        ("--help >/dev/full", 3),
        ("--help", 0),
    ],
)
def test_a_closed_or_full_stream_never_changes_what_the_exit_code_means(
    line: str, code: int, tmp_path: Path
) -> None:
    done = shell(f"{RUN} {line}", tmp_path)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr


def test_a_reader_that_goes_away_is_no_traceback(tmp_path: Path) -> None:
    done = shell(f"{RUN} policy show nist-sp-800-190 | true", tmp_path)
    assert done.stderr == ""


def test_what_was_registered_for_the_end_is_still_done() -> None:
    program = (
        "import atexit, sys; from anchore_gate.cli import run_process;"
        "atexit.register(print, 'goodbye'); sys.argv = ['anchore-gate', '--version']; run_process()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, check=False, timeout=60
    )
    assert done.stdout.splitlines()[-1] == "goodbye"
    assert done.returncode == 0
