"""The value that every version order hands out: the text, and a key that sorts as the native tool does."""

from __future__ import annotations

from anchore_gate.typed import Any

LONGEST = 1024  # characters; no published version comes near, and integers stay cheap to convert


class InvalidVersion(ValueError):
    """The text is no version of its ecosystem: it can be compared with nothing."""

    def __init__(self, order: str, text: str, reason: str = "") -> None:
        because = f" ({reason})" if reason else ""
        super().__init__(f"not a version of {order}: {text[:80]!r}{because}")
        self.text = text


class Version:
    """
    A parsed version. Only versions of one ecosystem can be compared.

    `key` is computed once, so that sorting and matching compare plain tuples.
    """

    __slots__ = ("key", "text")

    text: str
    key: tuple[Any, ...]

    def __init__(self, text: str, key: tuple[Any, ...]) -> None:
        self.text = text
        self.key = key

    def __eq__(self, other: object) -> bool:
        if other.__class__ is not self.__class__:
            return NotImplemented
        return self.key == other.key

    def __lt__(self, other: Version) -> bool:
        if other.__class__ is not self.__class__:
            return NotImplemented
        return self.key < other.key

    def __le__(self, other: Version) -> bool:
        if other.__class__ is not self.__class__:
            return NotImplemented
        return self.key <= other.key

    def __gt__(self, other: Version) -> bool:
        if other.__class__ is not self.__class__:
            return NotImplemented
        return self.key > other.key

    def __ge__(self, other: Version) -> bool:
        if other.__class__ is not self.__class__:
            return NotImplemented
        return self.key >= other.key

    def __hash__(self) -> int:
        return hash(self.key)

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"{self.__class__.__name__}({self.text!r})"
