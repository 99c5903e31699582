"""Every command and snippet of the README works as it is written."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from examples.demo_images import build

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


COMMANDS = [line.split("#")[0].strip() for text in blocks("sh") for line in text.splitlines() if line.strip()]


@pytest.fixture(scope="module")
def workplace(tmp_path_factory: pytest.TempPathFactory, sample_data: Path) -> Path:
    """A folder with what the README names: an image, a policy, and vulnerability data."""
    folder = tmp_path_factory.mktemp("work")
    (folder / "cache").symlink_to(sample_data)
    good, _ = build(folder / "images")
    good.rename(folder / "app.tar")
    (folder / "policy.json").write_bytes((ROOT / "examples" / "policies" / "team.json").read_bytes())
    return folder


def run(words: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "ANCHORE_GATE_CACHE_DIR": str(folder / "cache")}
    return subprocess.run(
        [sys.executable, *words], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def test_the_first_two_commands_are_targets_of_the_makefile() -> None:
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    asked = [shlex.split(command)[1] for command in COMMANDS if command.startswith("make ")]
    assert asked == ["demo", "test"]
    assert set(asked) <= set(targets)


@pytest.mark.parametrize("command", [one for one in COMMANDS if one.startswith("anchore-gate ")])
def test_a_command_of_the_readme_works(command: str, workplace: Path) -> None:
    done = run(["-m", "anchore_gate", *shlex.split(command)[1:]], workplace)
    # The good image of the demo may be stopped by a stricter policy (1); 2 and 3 would be our fault.
    assert done.returncode in {0, 1}, done.stderr
    assert "Traceback" not in done.stderr


def test_the_python_example_works(workplace: Path) -> None:
    (snippet,) = blocks("python")
    done = run(["-c", snippet], workplace)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[0] in {"pass", "warn", "fail"}


def test_the_example_file_works(workplace: Path) -> None:
    done = run([str(ROOT / "examples" / "gate_in_python.py"), "app.tar"], workplace)
    assert done.returncode in {0, 1}, done.stderr


def test_the_templates_know_the_words_of_the_snippets() -> None:
    known = {one["name"] for one in json.loads((ROOT / "ci-templates" / "inputs.json").read_text())["inputs"]}
    github = re.findall(r"^    ([a-z-]+): ", blocks("yaml")[0], re.MULTILINE)
    gitlab = re.findall(r"([a-z_]+): ", blocks("yaml")[1].split("inputs: {")[1])
    jenkins = re.findall(r"(\w+): ", blocks("groovy")[0])
    assert set(github) <= known
    assert {name.replace("_", "-") for name in gitlab} <= known
    assert set(jenkins) <= known | {"onFail"}


def test_every_file_it_points_to_is_there() -> None:
    paths = re.findall(r"\]\(([^):]+)\)", README)
    assert [path for path in paths if not (ROOT / path).exists()] == []
