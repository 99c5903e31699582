"""
Regular expressions of policies, in Python's words, matched at the start. The one door of RE2.

RE2 answers in linear time, whatever the expression and the text. An expression that RE2 does not know
(look-around, back references) or would read differently is tried by Python's `re` in a child process that is
ended after `TIME_BOUND` seconds: `re` cannot be interrupted in a thread, and a policy must never hang us.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Sequence
from functools import lru_cache

from anchore_gate.errors import PolicyError
from anchore_gate.regex import flags_first, quietly, regex
from anchore_gate.typed import Any

TIME_BOUND = 10.0
_MAX_LENGTH = 10_000
# What RE2 accepts and reads in another way than Python: `{,3}`, `[[:alpha:]]`.
_OTHER_MEANING = regex(r"\{,\d+\}|\[:")
# Classes that know Unicode in Python and only ASCII in RE2, and blanks that RE2 takes for none.
_UNICODE_CLASSES = regex(r"\\[wWdDsSbB]")
_BLANK_CLASSES = regex(r"\\[sS]")
_ODD_BLANKS = regex(r"[\x0b\x1c-\x1f]")
# Names and paths with `.*` between, as most policies hold: nobody need ask whether they compile (80 us).
_PLAIN = regex(r"(?:[A-Za-z0-9_/ -]|\\[.b]|\.\*?)*")
_WORKER = (
    "import json,re,signal,sys\n"
    "signal.alarm(30)\n"  # where we are killed ourselves and nobody ends it
    "pattern,texts=json.load(sys.stdin)\n"
    "match=re.compile(pattern).match\n"
    "json.dump([match(text) is not None for text in texts],sys.stdout)\n"
)


class Expression:
    """A regular expression; equal to another with the same text."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        """Compile it. Raises `ValueError` where it does not compile."""
        if len(text) > _MAX_LENGTH:
            raise ValueError(f"a regular expression longer than {_MAX_LENGTH} characters")
        _check(text)
        self.text = text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Expression) and other.text == self.text

    def __hash__(self) -> int:
        return hash(self.text)

    def __repr__(self) -> str:
        return f"Expression({self.text!r})"

    def matches(self, text: str) -> bool:
        """Whether it matches at the start. Raises `PolicyError` when it takes too long."""
        return self.matching((text,))[0]

    def matching(self, texts: Sequence[str]) -> list[bool]:
        """Which of the texts it matches at their start. Raises `PolicyError` when it takes too long."""
        if not texts:
            return []
        compiled = _linear(self.text)
        if compiled is None:
            return _bounded(self.text, texts)
        others = _read_otherwise(self.text, texts)
        apart = dict(zip(others, _bounded(self.text, others), strict=True)) if others else {}
        return [apart[text] if text in apart else _is_match(compiled.match, text) for text in texts]


def _read_otherwise(pattern: str, texts: Sequence[str]) -> list[str]:
    """The texts, each once, for which RE2 may take the expression for something else than Python does."""
    has_end = "$" in pattern  # Python's also matches before a newline at the end
    has_classes = _UNICODE_CLASSES.search(pattern) is not None
    has_blanks = has_classes and _BLANK_CLASSES.search(pattern) is not None
    if not has_end and not has_classes:
        return []
    return [
        text
        for text in dict.fromkeys(texts)
        if (has_classes and not text.isascii())
        or (has_end and text.endswith("\n"))
        or (has_blanks and _ODD_BLANKS.search(text) is not None)
    ]


def _is_match(match: Callable[[str], object], text: str) -> bool:
    if not text.isascii():
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")  # RE2 takes UTF-8
    return match(text) is not None


@lru_cache(maxsize=1024)
def _check(text: str) -> None:
    if _PLAIN.fullmatch(text):
        return
    try:
        quietly(re.compile, flags_first(text))
    except (re.error, RecursionError, OverflowError) as problem:
        raise ValueError(f"not a regular expression: {problem}") from problem


@lru_cache(maxsize=1024)
def _linear(text: str) -> Any:
    """The same in RE2, None where it has none. Only made where there is something to match (40 us)."""
    if _OTHER_MEANING.search(text):
        return None
    import re2

    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(flags_first(text), options)
    except (re2.error, UnicodeEncodeError):
        return None


def _bounded(pattern: str, texts: Sequence[str]) -> list[bool]:
    import subprocess

    try:
        answer = subprocess.run(  # noqa: S603  # our own interpreter and our own words
            [sys.executable, "-I", "-S", "-W", "ignore", "-c", _WORKER],
            input=json.dumps([flags_first(pattern), list(texts)]).encode(),
            capture_output=True,
            timeout=TIME_BOUND,
            check=True,
        )
        return [bool(one) for one in json.loads(answer.stdout)]
    except subprocess.TimeoutExpired as problem:
        raise PolicyError(
            f"the expression {pattern[:200]!r} took longer than {TIME_BOUND:g} seconds on this image"
        ) from problem
    except (OSError, subprocess.CalledProcessError, ValueError) as problem:
        raise PolicyError(f"the expression {pattern[:200]!r} could not be tried") from problem
