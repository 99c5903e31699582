"""Show every setting and where it came from; read the config file (the one door of TOML)."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from anchore_gate._file import read_limited
from anchore_gate.cli.options import ANALYZER, BY_NAME, OPTIONS, Setting, Settings, settle
from anchore_gate.cli.service import told_by_tools
from anchore_gate.cli.terminal import say, table
from anchore_gate.errors import ConfigError
from anchore_gate.regex import regex
from anchore_gate.typed import Any

FILE_NAME = ".anchore-gate.toml"
_LARGEST = 1024 * 1024  # bytes; a config file is a page
_USER_OF_A_URL = regex(r"://[^/\s]*@")
ALL_GROUPS = tuple(dict.fromkeys(option.group for option in OPTIONS))


def settings_of(args: argparse.Namespace, *groups: str) -> Settings:
    """The settings of a command, from its flags, the environment and the config file here."""
    return settle(vars(args), os.environ, config_file(Path.cwd()), groups)


def config_file(folder: Path) -> dict[str, Setting]:
    """
    What `.anchore-gate.toml`, or `[tool.anchore-gate]` in `pyproject.toml`, sets.

    Raises `ConfigError` for TOML that does not parse, an unknown key, or a secret.
    """
    own, project = folder / FILE_NAME, folder / "pyproject.toml"
    if own.is_file():
        return _settings(_toml(own), own.name)
    if project.is_file() and b"anchore-gate" in _content(project):
        section = _toml(project).get("tool", {}).get("anchore-gate", {})
        return _settings(section, f"{project.name} [tool.anchore-gate]")
    return {}


def _content(path: Path) -> bytes:
    return read_limited(path, _LARGEST, what=path.name)


def _toml(path: Path) -> dict[str, Any]:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        found: dict[str, Any] = tomllib.loads(_content(path).decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as problem:
        raise ConfigError(f"{path.name}: not TOML: {problem}") from problem
    return found


def _settings(section: Any, origin: str) -> dict[str, Setting]:
    if not isinstance(section, dict):
        raise ConfigError(f"{origin}: not a table")
    found: dict[str, Setting] = {}
    for key, value in section.items():
        if key == ANALYZER:
            found[key] = Setting(json.dumps(value, default=str), origin)
            continue
        option = BY_NAME.get(key.replace("_", "-"))
        if option is None:
            known = ", ".join((*(name for name in BY_NAME if not BY_NAME[name].is_secret), ANALYZER))
            raise ConfigError(f"{origin}: no setting {key!r}; known are {known}")
        if option.is_secret:
            raise ConfigError(f"{origin}: {key}: secrets come by the environment only ({option.variable})")
        found[option.name] = Setting(_text(value, f"{origin}: {key}"), origin)
    return found


def _text(value: Any, where: str) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int):
        return str(value)
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return "\n".join(value)
    raise ConfigError(f"{where}: text, a whole number, true, false or a list of texts is expected")


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `anchore-gate config`."""
    parser.add_argument("verb", choices=["show"], help="print every setting, its value and its origin")


def run(args: argparse.Namespace) -> int:
    """Print the settings that a run here would use. A secret's value is never shown."""
    settings = settle({}, os.environ, config_file(Path.cwd()), ALL_GROUPS)
    told = told_by_tools(settings, os.environ)
    rows = []
    for name in BY_NAME:
        one = told.get(name) or Setting(settings.text(name), settings.origin(name))
        rows.append((name, _shown(name, one.value), one.origin))
    rows.extend(_analyzer_rows(settings))
    table(("SETTING", "VALUE", "FROM"), rows)
    say(f"\nA flag wins over the environment, the environment over {FILE_NAME} or pyproject.toml.")
    return 0


def _analyzer_rows(settings: Settings) -> Iterator[tuple[str, str, str]]:
    """Each key of the table. Raises `ConfigError` for one that a run would refuse."""
    from anchore_gate.cli.engine import with_table
    from anchore_gate.policy.settings import AnalyzerSettings

    with_table(settings, AnalyzerSettings.default())
    given, origin = settings.analyzer()
    for key, value in _flat(given, ANALYZER):
        yield key, ", ".join(map(str, value)) if isinstance(value, list) else _text(value, key), origin


def _flat(value: Any, key: str) -> Iterator[tuple[str, Any]]:
    if not isinstance(value, dict):
        yield key, value
        return
    for name, one in value.items():
        yield from _flat(one, f"{key}.{name}")


def _shown(name: str, value: str) -> str:
    if value and BY_NAME[name].is_secret:
        return "(set)"
    value = _USER_OF_A_URL.sub("://***@", value)
    return ", ".join(value.splitlines()) or "-"
