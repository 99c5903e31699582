"""Expressions tried on every line of text files, as Anchore's content and secret searches do."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property, lru_cache

from anchore_gate.errors import LimitExceeded, UsageError
from anchore_gate.image.limits import MIB
from anchore_gate.image.needs import ContentSearch
from anchore_gate.regex import flags_first, quietly, regex
from anchore_gate.typed import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from anchore_gate.image.bounded import BoundedMatch

# Lines up to this length are tried whole. Python's `re` needs quadratic time on hostile lines (17 ms for
# 1 KiB of `aws_access_key_id====...`), so of longer ones only windows around the literals are tried.
MAX_LINE = 1024
WINDOW = 4096
# Seconds of matching in one layer, after which the search gives up: no verdict, not a clean one.
MAX_SECONDS = 120.0
# git's rule: a NUL in the first 8,000 bytes makes a file binary.
BINARY_PREFIX = 8000

# What RE2 reads otherwise than Python: white space, ends, intervals, POSIX classes, flags, group names.
_READ_OTHERWISE = regex(r"\\[sSvzZpPCQKRXabB]|\$|\{,|\[:|\(\?[^:i]|--|&&|~~|\|\|")

Match = Callable[[bytes], Any]
Lines = tuple[int, ...]


class LineSearch:
    """All content searches of a run, compiled. Not shared between threads: it counts its time."""

    def __init__(self, searches: tuple[ContentSearch, ...]) -> None:
        """Compile them. Raises `UsageError` for an expression that does not compile."""
        self.max_size = max((one.max_size for one in searches), default=-1)
        self._max_binary = max((one.max_binary for one in searches), default=-1)
        self._each = [_compiled(one) for one in searches]
        self._prefilter = _prefilter(tuple(self._each))
        self._apart: dict[_Compiled, BoundedMatch] = {}
        self._spent = 0.0

    def suspects(self, contents: Sequence[bytes]) -> list[int]:
        """
        The numbers of those that may have a match. All are looked at together: mostly none has.

        A NUL stands between them, so that what is found across two is at the most one suspect more.
        """
        if self._prefilter is None:
            return list(range(len(contents)))
        if not self._prefilter(b"\0".join(contents)):
            return []
        return [number for number, content in enumerate(contents) if self._prefilter(content)]

    def leaves_out(self, content: bytes) -> bool:
        """Whether it is a binary file that no search wants."""
        return len(content) > self._max_binary and _has_nul(content)

    def find(self, content: bytes) -> tuple[tuple[int, Lines], ...]:
        """Which searches match in a file, each by its number, and the lines (from 1) where they do."""
        if self._prefilter is not None and not self._prefilter(content):
            return ()
        lowered, size = content.lower(), len(content)
        fitting = (
            (i, one)
            for i, one in enumerate(self._each)
            if size <= one.search.max_size and (size <= one.search.max_binary or not _has_nul(content))
        )
        found = ((i, self._lines(one, content, lowered)) for i, one in fitting)
        return tuple((i, lines) for i, lines in found if lines)

    def _lines(self, one: _Compiled, content: bytes, lowered: bytes) -> Lines:
        if not one.search.is_known and not one.linear:
            return self._lines_apart(one, list(one.candidates(content, lowered)))
        return tuple(number for number, line in one.candidates(content, lowered) if self._matches(one, line))

    def _lines_apart(self, one: _Compiled, candidates: list[tuple[int, bytes]]) -> Lines:
        """The same for an expression of the user's own, which Python might never end to try."""
        if not candidates:
            return ()
        bounded = self._apart.get(one)
        if bounded is None:
            from anchore_gate.image.bounded import BoundedMatch

            expression = one.regex.encode("utf-8", "surrogateescape")
            bounded = self._apart[one] = BoundedMatch(expression, name=one.search.name or one.search.regex)
        parts = [(number, part) for number, line in candidates for part in one.parts(line)]
        started = time.monotonic()
        hits = bounded.matches([part for _, part in parts])
        self._count(time.monotonic() - started)
        return tuple(dict.fromkeys(number for (number, _), hit in zip(parts, hits, strict=True) if hit))

    def _matches(self, one: _Compiled, line: bytes) -> bool:
        return any(self._timed(one.match, part) for part in one.parts(line))

    def _timed(self, match: Match, text: bytes) -> bool:
        started = time.thread_time()
        found = match(text) is not None
        self._count(time.thread_time() - started)
        return found

    def _count(self, seconds: float) -> None:
        self._spent += seconds
        if self._spent > MAX_SECONDS:
            raise LimitExceeded(
                f"the content search took more than {MAX_SECONDS:.0f} s on lines made to be slow"
            )


class _Compiled:
    """One search with the literals that every match of it holds."""

    def __init__(self, search: ContentSearch) -> None:
        self.search = search
        self.regex = flags_first(search.regex)
        self.literals = search.literals
        if search.literals is None:
            self._plain  # noqa: B018  # a faulty one is refused before anything is read
            self.literals = _required_literals(self.regex)

    @cached_property
    def _plain(self) -> Match:
        search = self.search
        try:
            return quietly(re.compile, self.regex.encode("utf-8", "surrogateescape")).match
        except (re.error, OverflowError, RecursionError) as problem:
            raise UsageError(f"content search {search.name!r} does not compile: {problem}") from problem

    @cached_property
    def linear(self) -> Match | None:
        """RE2's match, where it can be had; made when a line has the literals."""
        return _linear(self.regex)

    def match(self, line: bytes) -> Any:
        """A match at the start of a line, None where there is none."""
        return self.linear(line) if self.linear else self._plain(line)

    def candidates(self, content: bytes, lowered: bytes) -> Iterator[tuple[int, bytes]]:
        """The lines, newline included, that may match, each with its number."""
        if self.literals is None:
            yield from enumerate(_lines_of(content), 1)
            return
        number, counted = 1, 0
        for at in _occurrences(lowered, self.literals):
            if at < counted:
                continue
            start = content.rfind(b"\n", 0, at) + 1
            number += content.count(b"\n", counted, start)
            end = content.find(b"\n", at) + 1 or len(content)
            yield number, content[start:end]
            number, counted = number + 1, end

    def parts(self, line: bytes) -> Iterator[bytes]:
        """What is tried of a line."""
        if self.linear or len(line) <= MAX_LINE:
            yield line
        else:
            yield from self.windows(line)

    def windows(self, line: bytes) -> Iterator[bytes]:
        """The parts of a long line that are tried: around each literal, or end to end without literals."""
        if self.literals is None:
            for start in range(0, len(line), WINDOW):
                yield line[start : start + WINDOW]
            return
        covered = 0
        for at in _occurrences(line.lower(), self.literals):
            if at >= covered:
                start = max(0, at - WINDOW // 4)
                covered = start + WINDOW // 2
                yield line[start : start + WINDOW]


def notes_on(reasons: Sequence[str], limit: int) -> tuple[str, ...]:
    """What people are told of the files that were not searched, by why."""
    told = {
        "large": f"files larger than {limit} bytes were not searched for content",
        "binary": "binary files (a NUL byte near the start) were not searched for content",
    }
    return tuple(f"{number} {words}" for reason, words in told.items() if (number := reasons.count(reason)))


def _has_nul(content: bytes) -> bool:
    return content.find(b"\0", 0, BINARY_PREFIX) >= 0


def _lines_of(content: bytes) -> list[bytes]:
    lines = [line + b"\n" for line in content.split(b"\n")]
    lines[-1] = lines[-1][:-1]
    return lines if lines[-1] else lines[:-1]


def _occurrences(lowered: bytes, literals: frozenset[bytes]) -> Iterator[int]:
    """Where the literals lie, in ascending order."""
    places = {literal: lowered.find(literal) for literal in literals}
    while alive := {literal: at for literal, at in places.items() if at >= 0}:
        literal, at = min(alive.items(), key=lambda one: one[1])
        yield at
        places[literal] = lowered.find(literal, at + 1)


def _required_literals(regex: str) -> frozenset[bytes] | None:
    from anchore_gate.image.literals import required_literals

    return required_literals(regex)


@lru_cache(maxsize=64)
def _compiled(search: ContentSearch) -> _Compiled:
    return _Compiled(search)


@lru_cache(maxsize=8)
def _prefilter(each: tuple[_Compiled, ...]) -> Callable[[bytes], bool] | None:
    """Whether any literal at all is in a file; None where some search has no literal."""
    literals: set[bytes] = set()
    for one in each:
        if one.literals is None:
            return None
        literals |= one.literals
    if not literals:
        return lambda _content: False
    return _AnyOf(tuple(sorted(literals)))


class _AnyOf:
    """
    Whether any of some literals is in a file, in any letter case.

    RE2 looks at 640 MB/s, `lower` and a `find` for each of Anchore's literals at 400 MB/s; but RE2 takes 3 ms
    to import, and the text of many a small image is not worth that.
    """

    def __init__(self, literals: tuple[bytes, ...]) -> None:
        self._literals = literals
        self._seen = 0
        self._search: Callable[[bytes], Any] | None = None

    def __call__(self, content: bytes) -> bool:
        if self._search is None:
            self._seen += len(content)
            if self._seen <= MIB:
                return self._by_find(content)
            self._search = self._by_re2() or self._by_find
        return bool(self._search(content))

    def _by_find(self, content: bytes) -> bool:
        lowered = content.lower()
        return any(literal in lowered for literal in self._literals)

    def _by_re2(self) -> Callable[[bytes], Any] | None:
        """None where the literals are too many for it (a megabyte and more)."""
        import re2

        any_of = b"|".join(re2.escape(literal) for literal in self._literals)
        try:
            found: Callable[[bytes], Any] = re2.compile(any_of, _options(case_sensitive=False)).search
        except re2.error:
            return None
        return found


def _linear(regex: str) -> Match | None:
    """RE2's match, in linear time, where RE2 knows the expression and reads it as Python does."""
    if not regex.isascii() or _READ_OTHERWISE.search(regex):
        return None
    import re2

    try:
        match: Match = re2.compile(regex.encode(), _options(case_sensitive=True)).match
    except re2.error:
        return None
    return match


def _options(*, case_sensitive: bool) -> Any:
    import re2

    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.case_sensitive = case_sensitive
    options.log_errors = False
    options.never_capture = True
    return options
