"""The demo's two images, for pipelines to judge."""

from __future__ import annotations

from pathlib import Path

import pytest

from examples.demo_images import build


@pytest.fixture(scope="session")
def demo_images(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return build(tmp_path_factory.mktemp("images"))
