"""What a registry asks for with 401: `WWW-Authenticate` (RFC 9110, 11.6.1)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from anchore_gate.regex import regex
from anchore_gate.values import dataclass

_LIMIT = 16 * 1024
_SCHEME = regex(r"[\s,]*([A-Za-z][A-Za-z0-9._~+-]*)(?:\s+|\s*(?=,|$))")
_PARAMETER = regex(r'[\s,]*([A-Za-z][A-Za-z0-9_-]*)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*))(?=[\s,]|$)')
_TOKEN68 = re.compile(r"[A-Za-z0-9._~+/-]+=*(?=\s*(?:,|$))")


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge:
    """One way in that a server offers."""

    scheme: str  # lower case: basic, bearer, negotiate
    realm: str = ""
    service: str = ""
    scope: str = ""
    error: str = ""


def parse_challenges(headers: Iterable[str]) -> tuple[Challenge, ...]:
    """Every challenge of every header; what cannot be read is left out."""
    return tuple(challenge for header in headers for challenge in _challenges(header[:_LIMIT]))


def _challenges(text: str) -> Iterator[Challenge]:
    place = 0
    while (scheme := _SCHEME.match(text, place)) is not None:
        place = scheme.end()
        parameters: dict[str, str] = {}
        while (found := _PARAMETER.match(text, place)) is not None:
            quoted, plain = found[2], found[3]
            value = re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else plain
            parameters.setdefault(found[1].lower(), value)
            place = found.end()
        if not parameters and (token := _TOKEN68.match(text, place)) is not None and "," not in scheme[0]:
            place = token.end() if not _SCHEME.match(text, place) else place
        yield Challenge(
            scheme=scheme[1].lower(),
            realm=parameters.get("realm", ""),
            service=parameters.get("service", ""),
            scope=parameters.get("scope", ""),
            error=parameters.get("error", ""),
        )
