"""Folders that are registries: one module, one member."""

from __future__ import annotations

import importlib
from pathlib import Path

from anchore_gate.typed import Any


def members(package: str, constant: str, *, without: tuple[str, ...] = ()) -> tuple[Any, ...]:
    """
    The `constant` of every module in `package` that has one, sorted by its `name`.

    Modules whose name begins with one of `without` are known to have none, and are not imported.
    """
    names = (name for name in member_names(package) if not name.startswith(without))
    found = (getattr(importlib.import_module(f"{package}.{name}"), constant, None) for name in names)
    return tuple(sorted((f for f in found if f is not None), key=lambda f: str(f.name)))


def member_names(package: str) -> tuple[str, ...]:
    """The module names in `package`, sorted, with none of them imported."""
    found = set[str]()
    for folder in importlib.import_module(package).__path__:
        if Path(folder).is_dir():
            found.update(one.stem for one in Path(folder).iterdir() if one.suffix in {".py", ".pyc"})
        else:  # within a zip file; `pkgutil` brings `inspect` and its kin along
            import pkgutil

            found.update(one.name for one in pkgutil.iter_modules([folder]))
    return tuple(sorted(name for name in found if not name.startswith("_")))
