"""JSON texts changed in place: whatever is not changed stays as it was written, to the byte."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterator

from anchore_gate.regex import regex
from anchore_gate.typed import Any
from anchore_gate.values import dataclass

Place = tuple[str | int, ...]  # keys and numbers, from the outermost value inwards
_SPACE = regex(r"[ \t\r\n]*")
_INDENT = regex(r"\n([ \t]+)\S")
_COLON = regex(r'"(?:[^"\\]|\\.)*"([ \t]*:[ \t]*)')
_COMMA = regex(r'[^\\]",([ \t]*)"')  # between texts in one line


def replaced(text: str, place: Place, value: Any) -> str:
    """The text with another value at a place."""
    start, end = _span(text, place)
    is_short = "\n" not in text[start:end] and text[start] in "[{"  # `null` says nothing of its style
    style = _Style.of(text, text[start:end])
    return text[:start] + style.written(value, _margin(text, start), is_short=is_short) + text[end:]


def appended(text: str, place: Place, value: Any) -> str:
    """The text with one more element at the end of an array."""
    return _grown(text, place, None, value)


def added(text: str, place: Place, key: str, value: Any) -> str:
    """The text with one more member at the end of an object."""
    return _grown(text, place, key, value)


def _grown(text: str, place: Place, key: str | None, value: Any) -> str:
    start, end = _span(text, place)
    before = deque(_parts(text, start), maxlen=2)
    if not before:
        return text[: start + 1] + _Style.of(text, "").alone(text, start, key, value) + text[end - 1 :]
    last = before[-1]
    written = text[last.start : last.end]
    style = _Style.of(text, written if key is None else text[start : last.end])
    between = text[before[0].end : last.begin] if len(before) > 1 else style.between(text, start, last)
    # an element is written like the one before it; a member's neighbour may be a mere number
    is_short = "\n" not in (written if key is None else between)
    margin = _margin(between, len(between)) if "\n" in between else _margin(text, last.begin)
    element = style.label(key) + style.written(value, margin, is_short=is_short)
    return text[: last.end] + between + element + text[last.end :]


@dataclass(frozen=True, slots=True)
class _Part:
    """An element of an array, or a member of an object."""

    begin: int  # of the key, where it has one
    start: int  # of the value
    end: int


@dataclass(frozen=True, slots=True)
class _Style:
    unit: str  # of indentation; "" for a text in one line
    newline: str
    colon: str
    comma: str  # in one line
    is_ascii: bool

    @classmethod
    def of(cls, text: str, neighbour: str) -> _Style:
        indent = _INDENT.search(text)
        found = _COLON.search(neighbour) or _COLON.search(text)
        colon = found[1] if found else ": "
        comma = _COMMA.search(neighbour)
        is_wide = bool(comma[1]) if comma else colon[-1:] in {" ", "\t"}
        return cls(
            indent[1] if indent else "",
            "\r\n" if "\r\n" in text else "\n",
            colon,
            ", " if is_wide else ",",
            text.isascii() and "\\u" in text,
        )

    def label(self, key: str | None) -> str:
        return "" if key is None else json.dumps(key, ensure_ascii=self.is_ascii) + self.colon

    def between(self, text: str, start: int, only: _Part) -> str:
        """What stands between the only part of what begins there and another one."""
        if "\n" in text[start : only.begin]:
            return f",{self.newline}{_margin(text, only.begin)}"
        return self.comma

    def written(self, value: Any, margin: str, *, is_short: bool) -> str:
        indent = None if is_short else self.unit or None
        separators = ("," if indent else self.comma, self.colon)
        lines = json.dumps(value, ensure_ascii=self.is_ascii, indent=indent, separators=separators)
        return lines.replace("\n", self.newline + margin)

    def alone(self, text: str, start: int, key: str | None, value: Any) -> str:
        """The only element of what begins there."""
        if not self.unit:
            return self.label(key) + self.written(value, "", is_short=True)
        margin = _margin(text, start)
        inner = margin + self.unit
        element = self.label(key) + self.written(value, inner, is_short=False)
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


def _parts(text: str, start: int) -> Iterator[_Part]:
    """What the array or object that begins there holds."""
    decoder = json.JSONDecoder()
    begin = _skip(text, start + 1)
    while text[begin] not in "]}":
        position = _key(decoder, text, begin)[1] if text[start] == "{" else begin
        end = decoder.raw_decode(text, position)[1]
        yield _Part(begin, position, end)
        begin = _skip(text, end)
        if text[begin] == ",":
            begin = _skip(text, begin + 1)


def _key(decoder: json.JSONDecoder, text: str, position: int) -> tuple[str, int]:
    key, position = decoder.raw_decode(text, position)
    return key, _skip(text, _skip(text, position) + 1)  # over the colon


def _skip(text: str, position: int) -> int:
    found = _SPACE.match(text, position)
    return found.end() if found else position
