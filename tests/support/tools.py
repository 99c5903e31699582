"""Programs that tests use where they are installed: found, or the test skips and says which one is missing."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = Path(os.environ.get("ANCHORE_GATE_NODE_MODULES", ROOT / "node_modules"))


def find_tool(name: str) -> str | None:
    """A program on the PATH, beside this interpreter, or among the node modules."""
    places = (os.environ.get("PATH", ""), str(Path(sys.executable).parent), str(MODULES / ".bin"))
    return next((found for place in places if (found := shutil.which(name, path=place))), None)


def needs_tool(name: str, source: str) -> pytest.MarkDecorator:
    """Skip without the program `name`, which `source` installs."""
    return pytest.mark.skipif(find_tool(name) is None, reason=f"no `{name}` ({source})")


def needs_module(name: str, source: str) -> pytest.MarkDecorator:
    """Skip without the node module `name`, which `source` installs."""
    return pytest.mark.skipif(not (MODULES / name).is_dir(), reason=f"no `{name}` ({source})")


def tool(name: str) -> str:
    """A program that `needs_tool` has asked for."""
    found = find_tool(name)
    assert found is not None, name
    return found
