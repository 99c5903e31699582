"""Policies with something in the place of something else."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

ABSENT = object()
VALUES: list[Any] = [
    *(None, 0, -1, 1.5, True, False, "", "*", "x", "regexp:(", "regexp:a", [], {}, [1], [None]),
    *({"id": 1}, "2020-01-01T00:00:00Z", "0" * 30, "\ud800", {"name": None, "value": 3}),
]


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every container in the value, with each of its keys."""
    keys = list(value) if isinstance(value, dict) else list(range(len(value)))
    for key in keys:
        yield value, key
        if isinstance(value[key], (dict, list)):
            yield from places(value[key])


def damaged(seed: Any, picks: list[tuple[int, Any]]) -> Any:
    raw = copy.deepcopy(seed)
    for pick, value in picks:
        found = list(places(raw))
        if found:
            holder, key = found[pick % len(found)]
            if value is ABSENT:
                del holder[key]
            else:
                holder[key] = copy.deepcopy(value)
    return raw
