"""What may be shown of URLs and texts from outside: never a secret."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import quote, unquote, urlsplit

from anchore_gate.regex import regex

HIDDEN = "***"
# Shown because they say what was asked for; every other value could be a signature or a token.
_SHOWN_PARAMETERS = frozenset(
    {"digest", "last", "limit", "mount", "n", "names", "page", "platform", "scope", "service", "tag"}
)
_TOKENS = regex(
    r"""(?ix)
    (?<=://) [^/\s@"']+ (?=@)                                # userinfo of a URL
    | \b(?:bearer|basic|token)\s+(?!realm=)[a-z0-9._~+/=-]{8,}  # an Authorization header
    | \beyJ[a-z0-9_-]{8,}(?:\.[a-z0-9_-]*)*                  # a JSON web token
    | (?<=[?&]) [^=&\s"']+=[^&\s"']+                          # a query, judged below
    | "?\b(?:access_token|refresh_token|password|secret|identitytoken|registrytoken|auth)"?
      \s*[:=]\s*"?[^\s",}&]+
    """
)


def redact_url(url: str) -> str:
    """The URL without user, password, and query values that could be secrets."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return HIDDEN
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    place = host + (f":{port}" if port else "")
    query = "&".join(_redact_parameter(pair) for pair in parts.query.split("&") if pair)
    return f"{parts.scheme}://{place}{parts.path}" + (f"?{query}" if query else "")


def redact_text(text: str, *, secrets: Iterable[str] = (), limit: int = 300) -> str:
    """One line of text from outside, shortened, with known secrets and what looks like one hidden."""
    for secret in sorted({form for one in secrets for form in _forms(one)}, key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    text = _TOKENS.sub(_redact_match, text)
    text = "".join(char if char.isprintable() else " " for char in text)
    text = " ".join(text.split())
    return text if len(text) <= limit else text[: limit - 3] + "..."


def _forms(secret: str) -> tuple[str, ...]:
    if len(secret) < 3:  # hiding every "a" would only garble the message
        return ()
    return (secret, quote(secret, safe=""), quote(secret))


def _redact_match(found: re.Match[str]) -> str:
    text = found[0]
    if "=" in text and found.start() and found.string[found.start() - 1] in "?&":
        return _redact_parameter(text)
    return HIDDEN


def _redact_parameter(pair: str) -> str:
    name, equals, value = pair.partition("=")
    if not equals:
        return HIDDEN
    return f"{name}={unquote(value) if name.lower() in _SHOWN_PARAMETERS else HIDDEN}"
