"""Texts out of JSON: `"\\ud800"` is half a character there, which no file or terminal takes."""

from __future__ import annotations


def sound(text: str) -> str:
    """The text with each half character replaced."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")
