"""A policy bundle, parsed: mappings, rule sets and lists, ready to be asked."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """The rules, and which of them apply to which image."""

    id: str
    name: str = ""
