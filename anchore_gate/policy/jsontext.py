"""JSON texts changed in place: whatever is not changed stays as it was written, to the byte."""

from __future__ import annotations

import json

from anchore_gate.regex import regex
from anchore_gate.typed import Any
from anchore_gate.values import dataclass

Place = tuple[str | int, ...]  # keys and numbers, from the outermost value inwards
_SPACE = regex(r"[ \t\r\n]*")
_INDENT = regex(r"\n([ \t]+)\S")


def replaced(text: str, place: Place, value: Any) -> str:
    """The text with another value at a place."""
    start, end = _span(text, place)
    is_short = "\n" not in text[start:end] and text[start] in "[{"  # `null` says nothing of its style
    return text[:start] + _Style.of(text).written(value, _margin(text, start), is_short=is_short) + text[end:]


def appended(text: str, place: Place, value: Any) -> str:
    """The text with one more element at the end of an array."""
    return _grown(text, place, "", value)


def added(text: str, place: Place, key: str, value: Any) -> str:
    """The text with one more member at the end of an object."""
    return _grown(text, place, json.dumps(key, ensure_ascii=False) + ": ", value)


def _grown(text: str, place: Place, label: str, value: Any) -> str:
    start, end = _span(text, place)
    style = _Style.of(text)
    last = _last(text, start)
    if last is None:
        return text[: start + 1] + style.alone(text, start, label, value) + text[end - 1 :]
    margin = _margin(text, last[0])
    is_broken = text.rfind("\n", start, last[0]) >= 0
    # an element is written like the one before it; a member's neighbour may be a mere number
    is_short = "\n" not in text[last[0] : last[1]] if not label else not is_broken
    between = f",{style.newline}{margin}" if is_broken else ", "
    return (
        text[: last[1]] + between + label + style.written(value, margin, is_short=is_short) + text[last[1] :]
    )


@dataclass(frozen=True, slots=True)
class _Style:
    unit: str  # of indentation; "" for a text in one line
    newline: str

    @classmethod
    def of(cls, text: str) -> _Style:
        found = _INDENT.search(text)
        return cls(found[1] if found else "", "\r\n" if "\r\n" in text else "\n")

    def written(self, value: Any, margin: str, *, is_short: bool) -> str:
        indent = None if is_short else self.unit or None
        lines = json.dumps(value, ensure_ascii=False, indent=indent).split("\n")
        return (self.newline + margin).join(lines)

    def alone(self, text: str, start: int, label: str, value: Any) -> str:
        """The only element of what begins there."""
        if not self.unit:
            return label + self.written(value, "", is_short=True)
        margin = _margin(text, start)
        inner = margin + self.unit
        element = label + self.written(value, inner, is_short=False)
        return f"{self.newline}{inner}{element}{self.newline}{margin}"


def _margin(text: str, position: int) -> str:
    line = text[text.rfind("\n", 0, position) + 1 : position]
    return line[: len(line) - len(line.lstrip(" \t"))]


def _span(text: str, place: Place) -> tuple[int, int]:
    """Where the value at a place begins and ends in a text that was parsed before."""
    decoder = json.JSONDecoder()
    start = _skip(text, 0)
    for wanted in place:
        position, number = _skip(text, start + 1), 0
        while True:
            key: str | int = number
            if isinstance(wanted, str):
                key, position = _key(decoder, text, position)
            if key == wanted:
                break
            _, position = decoder.raw_decode(text, position)
            position, number = _skip(text, _skip(text, position) + 1), number + 1  # over the comma
        start = position
    return start, decoder.raw_decode(text, start)[1]


def _last(text: str, start: int) -> tuple[int, int] | None:
    """Where the last value of an array or object begins and ends; None where it is empty."""
    decoder = json.JSONDecoder()
    position, found = _skip(text, start + 1), None
    while text[position] not in "]}":
        if text[start] == "{":
            _, position = _key(decoder, text, position)
        end = decoder.raw_decode(text, position)[1]
        found = position, end
        position = _skip(text, end)
        if text[position] == ",":
            position = _skip(text, position + 1)
    return found


def _key(decoder: json.JSONDecoder, text: str, position: int) -> tuple[str, int]:
    key, position = decoder.raw_decode(text, position)
    return key, _skip(text, _skip(text, position) + 1)  # over the colon


def _skip(text: str, position: int) -> int:
    found = _SPACE.match(text, position)
    return found.end() if found else position
