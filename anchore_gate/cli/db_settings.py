"""The settings of the vulnerability database, from flags, environment and file."""

from __future__ import annotations

import os
import sys
from datetime import timedelta

from anchore_gate import __version__
from anchore_gate.cli.db_progress import progress_bar, progress_note, waiting_note
from anchore_gate.cli.options import Settings
from anchore_gate.errors import ConfigError
from anchore_gate.regex import regex
from anchore_gate.vulnerability.cache import Cache, default_folder
from anchore_gate.vulnerability.database import DatabaseSettings
from anchore_gate.vulnerability.feeds.grype import PUBLISHED

_AGE = regex(r"(\d{1,5})([dh])")


def database_settings(settings: Settings, *, allows_stale: bool = False) -> DatabaseSettings:
    """What `db` and `run` options say of the database. Raises `ConfigError`."""
    return DatabaseSettings(
        cache=Cache(default_folder(os.environ)),
        path=settings.path("db"),
        url=settings.text("db-url") or PUBLISHED,
        max_age=age_of(settings.text("db-max-age")),
        auto_update=settings.text("db-auto-update") != "never",
        offline=settings.flag("offline"),
        allows_stale=allows_stale,
        ca_bundle=settings.path("db-ca"),
        user_agent=f"anchore-gate/{__version__}",
        progress=progress_bar(sys.stderr) if sys.stderr.isatty() else progress_note(),
        waiting=waiting_note(),
    )


def age_of(text: str) -> timedelta | None:
    """`5d`, `12h`; None for `any`. Raises `ConfigError`."""
    if text.strip().lower() == "any":
        return None
    found = _AGE.fullmatch(text.strip().lower())
    if found is None:
        raise ConfigError(f"--db-max-age: not an age like 5d or 12h, nor `any`: {text!r}")
    return timedelta(days=int(found[1])) if found[2] == "d" else timedelta(hours=int(found[1]))
