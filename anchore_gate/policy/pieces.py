"""
A policy with long allowlists, read a piece at a time.

Fifty thousand items as values cost more memory, and so more time, than the rest of a check. Here some
kilobytes of them are read, looked at and dropped, and read again when a finding asks for one.

What a JSON text holds up to some place does not depend on what follows. So a piece that ends behind a `}`
and is a list of objects between two brackets of ours holds these objects in the whole text as well.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Iterator, Sequence

from anchore_gate.errors import InvalidBundle
from anchore_gate.policy.document import list_at, parse_json
from anchore_gate.policy.items import FAULTY, KEYS, Columns, Items, columns_of
from anchore_gate.policy.shape import Shape, learn
from anchore_gate.regex import regex
from anchore_gate.typed import Any

_PIECE = 32 * 1024  # bytes: it and what is made of it fit into the caches of a processor
_TRIES = 20
_LESSONS = 8
_KEY = b'"items"'
_OPENED = regex(rb'"items"[ \t\r\n]*:[ \t\r\n]*\[[ \t\r\n]*')
_NEXT = regex(rb"[ \t\r\n]*([,\]])[ \t\r\n]*")


def read_policy(content: bytes) -> Any:
    """
    The JSON of a policy file; the `items` of an allowlist are `Items` where they are long.

    Raises `InvalidBundle` as `parse_json` does.
    """
    try:
        return _in_pieces(content)
    except (*FAULTY, RecursionError, InvalidBundle):
        return parse_json(content)  # it says what is wrong, and where


class _Pieces(Sequence[dict[str, Any]]):
    """The objects of a list, each read when somebody asks for it."""

    __slots__ = ("_content", "_lessons", "_made", "_shape", "_spans", "_starts", "end")

    def __init__(self, content: bytes, begin: int) -> None:
        self._content = content
        self._spans: list[tuple[int, int]] = []
        self._starts = [0]
        self._made: dict[int, list[dict[str, Any]]] = {}
        self._shape: Shape | None = None
        self._lessons = _LESSONS
        self.end = begin  # of what was read

    def __len__(self) -> int:
        return self._starts[-1]

    def __getitem__(self, number: Any) -> Any:
        which = bisect_right(self._starts, number) - 1
        if which not in self._made:
            begin, end = self._spans[which]
            self._made[which] = json.loads(b"[" + self._content[begin:end] + b"]")
        return self._made[which][number - self._starts[which]]

    def read(self) -> Iterator[Columns]:
        """All of them, in groups. Raises one of `FAULTY` or `InvalidBundle` for text of another kind."""
        follows = True
        while follows:
            begin = self.end
            columns = self._piece(begin)
            if not columns[0]:
                raise ValueError("an empty list, or a comma at its end")
            self._spans.append((begin, self.end))
            self._starts.append(len(self) + len(columns[0]))
            yield columns
            after = _NEXT.match(self._content, self.end)
            if after is None:
                raise ValueError("a list that does not end")
            follows = after[1] == b","
            self.end = after.end() if follows else self.end

    def _piece(self, begin: int) -> Columns:
        size, stop = _PIECE, begin + _PIECE
        for _ in range(_TRIES):
            self.end = self._content.rfind(b"}", begin, stop) + 1
            if self.end == 0:  # an object that is longer
                size *= 4
                stop = begin + size
                continue
            text = self._content[begin : self.end].decode("utf-8", "surrogatepass")
            try:
                return self._alike(text) or self._others(text, begin)
            except json.JSONDecodeError:
                stop = self.end - 1  # a brace in a text, or that of an object in an object
        raise ValueError("no object ends near")

    def _alike(self, text: str) -> Columns | None:
        found = self._shape.read(text) if self._shape else None
        if found is None:
            return None
        return found["trigger_id"], {*found.get("expires_on", ())} - {None, ""}

    def _others(self, text: str, begin: int) -> Columns:
        group, length = list_at(f"[{text}]")
        if length < len(text) + 2:  # the list ends in it
            text = text[: length - 2]
            self.end = begin + len(text.encode("utf-8", "surrogatepass"))
        columns = columns_of(group)
        if self._lessons:
            self._lessons -= 1
            self._shape = learn(text, group, KEYS, self._shape)
        return columns


def _in_pieces(content: bytes) -> Any:
    if json.detect_encoding(content) != "utf-8":
        raise ValueError("only UTF-8 can be cut anywhere")
    long: dict[str, Items] = {}
    parts, done, start = list[bytes](), 0, 0
    while (start := content.find(_KEY, start)) >= 0:
        opened = _OPENED.match(content, start)
        if not opened or content.startswith(b"]", opened.end()):
            start += len(_KEY)
            continue
        start = opened.end()
        pieces = _Pieces(content, start)
        items = Items(pieces, pieces.read())
        if pieces.end - start >= _PIECE:
            name = f"\ufdd0{start}"  # a noncharacter (Unicode 23.7): it stands for the list
            long[name] = items
            parts += (content[done:start], json.dumps(name).encode())
            start = done = pieces.end
    raw = parse_json(b"".join((*parts, content[done:])))
    for allowlist in (*(raw.get("allowlists") or ()), *(raw.get("whitelists") or ())):
        match allowlist.get("items"):
            case [str(name)] if name in long:
                allowlist["items"] = long.pop(name)
    if long:
        raise ValueError("items of something else")
    return raw
