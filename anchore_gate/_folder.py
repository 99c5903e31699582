"""Folders that are registries: one module, one member."""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any


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
    path = importlib.import_module(package).__path__
    return tuple(sorted(m.name for m in pkgutil.iter_modules(path) if not m.name.startswith("_")))
