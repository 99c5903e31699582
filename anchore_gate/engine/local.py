"""The engine that looks for itself."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalEngine:
    """Reads, catalogs, matches and evaluates in this process."""

    name: str = "local"
