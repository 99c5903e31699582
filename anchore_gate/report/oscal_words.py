"""OSCAL's kinds of text: identifiers, tokens, moments, markup (pages.nist.gov/OSCAL, "Data Types")."""

from __future__ import annotations

import re
import uuid
from datetime import datetime, timezone

from anchore_gate.regex import regex
from anchore_gate.report.cleaning import line

_HOUSE = uuid.uuid5(uuid.NAMESPACE_OID, "anchore_gate")
_NAMESPACE = "urn:anchore-gate:oscal"
_MARKUP = regex(r"([\\`*_\[\]<>&~^$!#|])")


def identity(*parts: str) -> str:
    """A UUID that is the same wherever the parts are."""
    return str(uuid.uuid5(_HOUSE, "\0".join(parts).encode("utf-8", "replace").decode()))


def token(text: str) -> str:
    """The text as a token, e.g. `NIST-800-190_4.1.2`: a letter first, then letters, digits, `.`, `-`, `_`."""
    plain = re.sub(r"[^A-Za-z0-9.-]+", "_", text)
    return plain if plain[:1].isalpha() else f"_{plain}"


def instant(when: datetime) -> str:
    """The moment in UTC; a time without a zone is taken as UTC."""
    aware = when if when.tzinfo else when.replace(tzinfo=timezone.utc)
    return aware.astimezone(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def markup(text: str, *, limit: int = 600) -> str:
    """Text that Markdown shows as written: what would be markup or HTML is escaped."""
    return _MARKUP.sub(r"\\\1", line(text, limit=limit)).strip()


def prop(name: str, value: str) -> dict[str, str]:
    """A property of ours: a name and one line that is not empty."""
    return {"name": name, "ns": _NAMESPACE, "value": line(value).strip() or "none"}
