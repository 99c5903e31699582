"""The house has floors: imports go down, never up, never sideways. Each outside library has one door."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

import anchore_gate

HOUSE = Path(anchore_gate.__file__).parent

# Lowest floor first. Rooms on one floor do not know each other.
FLOORS: list[set[str]] = [
    {"typed"},
    {"values", "regex"},
    {"errors", "_folder"},
    {"model", "_file"},
    {"net"},
    {"versions"},
    {"image", "remote"},
    {"catalog", "trust"},
    {"vulnerability"},
    {"policy"},
    {"engine"},
    {"compliance"},
    {"report"},
    {"api"},
    {"cli"},
    {"__main__"},
]

# Each outside library has one door.
DOORS: dict[str, set[str]] = {
    "requests": {"net/transport.py"},
    "urllib3": {"net/transport.py"},
    "tenacity": {"net/retry.py"},
    "jsonschema": {"policy/schema.py"},
    "junit_xml": {"report/junit.py"},
    "packaging": {"versions/pep440.py"},
    "isal": {"image/decompress.py"},
    "backports": {"image/decompress.py"},
    "compression": {"image/decompress.py"},
    "packageurl": {"model/purl.py"},
    "rich": {"cli/terminal.py"},
    "jinja2": {"report/html_template.py"},
    "re2": {"policy/expression.py", "image/search.py"},
    "cyclonedx": {"catalog/cyclonedx.py"},
    "boto3": {"image/ecr.py"},
    "botocore": {"image/ecr.py"},
    "hyperscan": {"image/search.py"},
    "tomli": {"cli/config.py"},
    "tomllib": {"cli/config.py"},
    "yaml": {"policy/settings.py"},
}

# What reads hints or makes named tuples: no gate that judges a small image imports these.
TYPING = {
    *("report/rows.py", "report/row_text.py", "report/row_reading.py"),
    *("vulnerability/products.py", "vulnerability/rows.py"),
}

MODULES = sorted(HOUSE.rglob("*.py"))


def name_of(module: Path) -> str:
    return module.relative_to(HOUSE).as_posix()


def floor_of(room: str) -> int:
    return next(i for i, rooms in enumerate(FLOORS) if room in rooms)


def runtime_imports(module: Path) -> set[str]:
    """All imports of a module, those inside functions too, without the ones only for types."""
    tree = ast.parse(module.read_text())
    skipped: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            skipped |= {inner for child in node.body for inner in ast.walk(child)}
    names: set[str] = set()
    for node in ast.walk(tree):
        if node in skipped:
            continue
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: relative import"
            names.add(node.module or "")
    return names


@pytest.mark.parametrize(
    "module", [m for m in MODULES if m.parent != HOUSE or m.name != "__init__.py"], ids=name_of
)
def test_imports_go_down(module: Path) -> None:
    here = module.relative_to(HOUSE).parts[0].removesuffix(".py")
    for name in runtime_imports(module):
        top, _, rest = name.partition(".")
        if top != "anchore_gate" or not rest:
            continue
        there = rest.split(".")[0]
        assert there == here or floor_of(there) < floor_of(here), f"{here} must not import {there}"


@pytest.mark.parametrize("module", MODULES, ids=name_of)
def test_dataclasses_are_the_house_s_own(module: Path) -> None:
    assert "dataclasses" not in runtime_imports(module) or name_of(module) == "values.py"


@pytest.mark.parametrize("module", MODULES, ids=name_of)
def test_the_words_of_typing_come_from_typed(module: Path) -> None:
    """`from anchore_gate.typed import Any`: `typing` itself is for what asks for types at run time."""
    assert "typing" not in runtime_imports(module) or name_of(module) in TYPING


@pytest.mark.parametrize("module", MODULES, ids=name_of)
def test_outside_libraries_come_in_by_one_door(module: Path) -> None:
    for name in runtime_imports(module):
        top = name.split(".")[0]
        if top not in {"anchore_gate", "__future__"} and top not in sys.stdlib_module_names:
            assert name_of(module) in DOORS.get(top, set()), f"{top} comes in by {DOORS.get(top)}"
