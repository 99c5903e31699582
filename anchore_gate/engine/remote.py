"""The engine that asks an Anchore service."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteEngine:
    """Submits images to Anchore Engine (API v1) or Anchore Enterprise (API v2)."""

    url: str
