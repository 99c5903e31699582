"""Trigger ids: the names findings are allowlisted by, the same on every run and in every Anchore product."""

from __future__ import annotations

import hashlib


def hashed_id(gate: str, trigger: str, message: str) -> str:
    """The id of a finding that has no id of its own: the message is part of it."""
    return hex_md5(f"{gate}{trigger}{message}")


def hex_md5(text: str) -> str:
    """The MD5 of some text, as Anchore writes it (an identity, not a protection)."""
    try:
        raw = text.encode("utf-8", "surrogateescape")  # a path's bytes, as they are
    except UnicodeEncodeError:
        raw = text.encode("utf-8", "surrogatepass")  # half of a pair, which only JSON can spell
    return hashlib.md5(raw, usedforsecurity=False).hexdigest()
