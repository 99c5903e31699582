"""Points in time, as allowlists write them: RFC 3339, and the forms Anchore Engine wrote."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from functools import lru_cache

from anchore_gate.regex import regex
from anchore_gate.typed import Any

_SHAPE = regex(
    r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:[.:](\d{1,9}))?(?:([Zz])|([+-])(\d\d):(\d\d))", re.ASCII
)


def parse_moment(text: Any) -> datetime:
    """Read an RFC 3339 time, or Engine's `HH:MM:SS:fZ`. Raises `ValueError`."""
    return _parse(text if isinstance(text, str) else str(text))


def written_moment(text: Any) -> str:
    """The time as both products read it: in UTC, with six digits of a second at most. Raises `ValueError`."""
    return parse_moment(text).replace(tzinfo=None).isoformat() + "Z"


@lru_cache(maxsize=4096)  # the items of a list end on few days
def _parse(text: str) -> datetime:
    found = _SHAPE.fullmatch(text)
    if found is None:
        raise ValueError(f"not an RFC 3339 time (like 2027-01-31T00:00:00Z): {text[:60]!r}")
    day, clock, fraction, zulu, sign, hours, minutes = found.groups()
    try:
        moment = datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=timezone.utc)
    except ValueError as problem:
        raise ValueError(f"no such time ({problem}): {text[:60]!r}") from problem
    offset = timedelta(microseconds=int((fraction or "0")[:6].ljust(6, "0")))
    if zulu is None:
        ahead = timedelta(hours=int(hours), minutes=int(minutes))
        offset += -ahead if sign == "+" else ahead
    try:
        return moment + offset
    except OverflowError:  # the last day of all: a zone takes it out of what a calendar can hold
        return moment
