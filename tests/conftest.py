"""The demo's two images, judged by many tests; and an environment without anybody's settings."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from anchore_gate.cli import main
from examples.demo_images import build

ROOT = Path(__file__).parents[1]


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Where all tools must be there (`ANCHORE_GATE_TOOLS=required`), a skip for want of one fails the run."""
    terminal = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("ANCHORE_GATE_TOOLS") != "required" or terminal is None:
        return
    reasons = {str(report.longrepr[2]) for report in terminal.stats.get("skipped", ())}
    if missing := sorted(reason for reason in reasons if reason.startswith("Skipped: no `")):
        terminal.write_line(f"tools are missing: {'; '.join(missing)}", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(autouse=True)
def _no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(("ANCHORE", "GITHUB_", "GITLAB_", "CI_"))]:
        if name not in {"ANCHORE_GATE_NODE_MODULES", "ANCHORE_GATE_TOOLS"}:
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def sample_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache folder with the database of the demo's advisories."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ANCHORE_GATE_CACHE_DIR", str(folder))
        assert main(["db", "import", str(ROOT / "examples" / "advisories")]) == 0
    return folder


@pytest.fixture(scope="session")
def demo_images(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The good and the bad image of the demo."""
    return build(tmp_path_factory.mktemp("images"))
