"""Needs made ready for the pass: one quick answer per file, whether anybody wants it and what for."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable

from anchore_gate.errors import UsageError
from anchore_gate.image.needs import Needs, Want
from anchore_gate.image.search import LineSearch

_Fits = Callable[[str], object]


class Plan:
    """What to do with each file. Wants are numbered, a file's wants are the bits of a mask."""

    def __init__(self, needs: Needs) -> None:
        """Sort the wants by what is quickly compared."""
        self.wants = needs.wants
        self.searches = needs.searches
        self._patterns: list[_Fits | None] = [None] * len(needs.wants)  # made ready when a name fits
        self._bits = {want: 1 << index for index, want in enumerate(needs.wants)}
        self._names: dict[str, int] = {}
        self._by_suffix: dict[str, int] = {}
        self._by_text: list[tuple[str, int]] = []  # "" is in every path
        for want, bit in self._bits.items():
            self._register(want, bit)
        self._shortest = min(map(len, self._by_suffix), default=0)
        self._tails = frozenset(suffix[-self._shortest :] for suffix in self._by_suffix)
        self._checksums = [(one, _compiled(one.pattern)) for one in needs.checksums]
        self.parts = needs.parts
        self._least_part = min((one.least for one in needs.parts), default=sys.maxsize)  # bytes
        self.max_search = max((one.max_size for one in needs.searches), default=-1)

    def line_search(self) -> LineSearch:
        """The content searches, for one thread."""
        return LineSearch(self.searches)

    def wanted(self, path: str) -> int:
        """The mask of the wants that the file at `path` fits. Raises `UsageError` for a faulty pattern."""
        base = path[path.rfind("/") + 1 :].lower()
        mask = self._names.get(base, 0)
        for text, bits in self._by_text:
            if text in path:
                mask |= bits
        if base[-self._shortest :] in self._tails:
            for suffix, bits in self._by_suffix.items():
                if base.endswith(suffix):
                    mask |= bits
        return self._fitting(mask, path) if mask else 0

    def is_lost(self, path: str, real: str) -> bool:
        """
        Whether the file at `path`, which containers have at `real`, is looked for there alone.

        Wants of whole folders take a file of any name for theirs: they do not count as having found it.
        """
        here = self.wanted(path)
        whole = sum(bits for _, bits in self._by_text)
        return bool(self.wanted(real) & ~here) and not here & ~whole

    def within(self, mask: int, size: int) -> int:
        """The wants of `mask` that allow a file of `size` bytes."""
        return sum(1 << i for i, want in enumerate(self.wants) if mask >> i & 1 and size <= want.limit)

    def algorithms(self, path: str) -> frozenset[str]:
        """The checksums that are asked for."""
        if not self._checksums:
            return frozenset()
        fitting = (one.algorithms for one, pattern in self._checksums if pattern(path))
        return frozenset().union(*fitting)

    def looks_into(self, size: int) -> bool:
        """Whether a file of `size` bytes is searched, or may have a part that is kept, whatever its path."""
        return size <= self.max_search or size >= self._least_part

    def bit(self, want: Want) -> int:
        """The bit of a declared want, 0 for one that was not declared."""
        return self._bits.get(want, 0)

    def _register(self, want: Want, bit: int) -> None:
        for name in want.names:
            self._names[name.lower()] = self._names.get(name.lower(), 0) | bit
        for suffix in want.suffixes:
            self._by_suffix[suffix.lower()] = self._by_suffix.get(suffix.lower(), 0) | bit
        if not want.names and not want.suffixes:
            self._by_text.append((want.holds, bit))

    def _fitting(self, mask: int, path: str) -> int:
        left = mask
        while left:
            bit = left & -left
            left ^= bit
            number = bit.bit_length() - 1
            pattern = self._patterns[number]
            if pattern is None:
                pattern = self._patterns[number] = _fits(self.wants[number])
            if not pattern(path):
                mask ^= bit
        return mask


def _fits(want: Want) -> _Fits:
    return want.path.__eq__ if want.path else _compiled(want.pattern)


def _compiled(pattern: str) -> _Fits:
    try:
        return re.compile(pattern or ".*", re.DOTALL if not pattern else 0).fullmatch
    except re.error as problem:
        raise UsageError(f"pattern {pattern!r} does not compile: {problem}") from problem
