"""What every match of an expression must hold, so that most text need not be tried at all."""

from __future__ import annotations

import sys

from anchore_gate.regex import quietly
from anchore_gate.typed import Any

if sys.version_info >= (3, 11):
    from re import _constants as sre
    from re import _parser as parser
else:
    import sre_constants as sre
    import sre_parse as parser

_parse: Any = parser.parse  # of text or bytes; typeshed knows only text
_SHORTEST = 4  # shorter literals are everywhere
_MOST = 16  # alternatives of one literal


def required_literals(regex: str) -> frozenset[bytes] | None:
    """
    Lower-case literals, one of which lies in each match (case aside); None where none is known.

    None of them holds a newline, so each lies within one line.
    """
    try:
        found = _best(quietly(_parse, regex.encode("utf-8", "surrogateescape")))
    except RecursionError:
        return None
    return found if found and min(map(len, found)) >= _SHORTEST else None


def _best(items: Any) -> frozenset[bytes]:
    """The set of a sequence whose shortest literal is longest; empty where there is none."""
    found: list[frozenset[bytes]] = []
    run = frozenset({b""})
    for operation, argument in items:
        texts = _exact(operation, argument)
        if texts is not None:
            run, rest = _joined(run, texts), run
            if not run:
                found.append(rest)
                run = texts
            continue
        if operation in (sre.MAX_REPEAT, sre.MIN_REPEAT) and argument[0] >= 1:
            run = _repeated(argument[2], run, found)
            continue
        found.append(run)
        run = frozenset({b""})
        found.append(_within(operation, argument))
    found.append(run)
    return max(found, key=lambda one: min(map(len, one), default=0))


def _repeated(body: Any, run: frozenset[bytes], found: list[frozenset[bytes]]) -> frozenset[bytes]:
    """The first repetition ends the run, the last one begins the next."""
    texts = _exact_sequence(body)
    if texts is None:
        found += [run, _best(body)]
        return frozenset({b""})
    found.append(_joined(run, texts) or run)
    return texts


def _within(operation: Any, argument: Any) -> frozenset[bytes]:
    """What a group or a choice requires by itself."""
    if operation is sre.SUBPATTERN:
        return _best(argument[3])
    if operation is sre.BRANCH:
        each = [_best(branch) for branch in argument[1]]
        if all(each) and sum(map(len, each)) <= _MOST:
            return frozenset().union(*each)
    return frozenset()


def _exact(operation: Any, argument: Any) -> frozenset[bytes] | None:
    """All texts that an item matches, lower-case, where they are few."""
    if operation is sre.LITERAL:
        return frozenset({bytes((argument,)).lower()}) if argument != 0x0A else None
    if operation in (sre.AT, sre.ASSERT, sre.ASSERT_NOT):
        return frozenset({b""})
    if operation is sre.SUBPATTERN:
        return _exact_sequence(argument[3])
    if operation is sre.IN and len(argument) <= 4:
        texts = [_exact(*one) if one[0] is sre.LITERAL else None for one in argument]
        return _union(texts)
    if operation is sre.BRANCH:
        return _union([_exact_sequence(branch) for branch in argument[1]])
    return None


def _exact_sequence(items: Any) -> frozenset[bytes] | None:
    run = frozenset({b""})
    for operation, argument in items:
        texts = _exact(operation, argument)
        if texts is None or not (run := _joined(run, texts)):
            return None
    return run


def _union(texts: list[frozenset[bytes] | None]) -> frozenset[bytes] | None:
    known = [one for one in texts if one is not None]
    if len(known) < len(texts):
        return None
    joined: frozenset[bytes] = frozenset().union(*known)
    return joined if len(joined) <= _MOST else None


def _joined(run: frozenset[bytes], texts: frozenset[bytes]) -> frozenset[bytes]:
    """Every text after every run, empty where these are too many."""
    if len(run) * len(texts) > _MOST:
        return frozenset()
    return frozenset(before + after for before in run for after in texts)
