"""What a service says went wrong, in whichever shape it says it."""

from __future__ import annotations

import json

from anchore_gate.typed import Any

_PROBLEMS = 5  # of a policy, in one line


def message_of(text: str) -> str:
    """What an error's body says: Anchore's JSON, problem+json, a JSON string, text, or a page of a proxy."""
    try:
        raw: Any = json.loads(text)
    except (ValueError, RecursionError):
        page = text.lstrip()[:200].lower()
        is_page = page.startswith(("<!doctype html", "<html"))
        return "an HTML page instead of JSON (is a proxy in between?)" if is_page else text
    if isinstance(raw, str):
        return raw
    if not isinstance(raw, dict):
        return ""
    words = [raw.get("message"), raw.get("detail"), raw.get("title")]
    said = next((word for word in words if isinstance(word, str) and word), "")
    return said + _codes(raw.get("detail"))


def _codes(detail: Any) -> str:
    if not isinstance(detail, dict):
        return ""
    codes = detail.get("error_codes")
    named = [code for code in _list(codes) if isinstance(code, str)]
    validation = detail.get("validation_error")
    more = [validation] if isinstance(validation, str) else []
    problems = detail.get("validation_details")  # what is wrong with a policy
    found = [one.get("details") for one in _list(problems) if isinstance(one, dict)]
    more += [one for one in found[:_PROBLEMS] if isinstance(one, str)]
    return f" ({', '.join([*named, *more])})" if named or more else ""


def _list(raw: Any) -> list[Any]:
    return raw if isinstance(raw, list) else []
