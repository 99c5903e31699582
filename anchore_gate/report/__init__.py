"""Report formats. The folder is the registry: one module, one `REPORTER`."""

from __future__ import annotations

import importlib

from anchore_gate._folder import member_names
from anchore_gate.errors import UsageError
from anchore_gate.report.reporter import Reporter

_NOT_FORMATS = frozenset(
    {
        "reporter",
        "cleaning",
        "entry",
        "rows",
        "row_text",
        "row_reading",
        "gitlab_rows",
        "sarif_rules",
        "html_template",
        "nist_evidence",
        "reading",
        "writer",
        "redaction",
        "evidence",
        "place",
        "outputs",
        "once",
        "html_page",
        "html_rows",
        "oscal_words",
        "titles",
    }
)


def format_names() -> tuple[str, ...]:
    """Every format, by name; none is imported."""
    return tuple(name for name in member_names(__name__) if name not in _NOT_FORMATS)


def reporter(name: str) -> Reporter:
    """The reporter of a format. Raises `UsageError` for one we do not have."""
    if name not in format_names():
        raise UsageError(f"no report format {name!r}: known are {', '.join(format_names())}")
    found: Reporter = importlib.import_module(f"{__name__}.{name}").REPORTER
    return found
