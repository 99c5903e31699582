"""Installed gem specifications, as RubyGems writes them: Ruby, read as text and never run."""

from __future__ import annotations

import re

from anchore_gate.regex import regex
from anchore_gate.values import dataclass

_MAX_TEXT = 512 * 1024  # characters; a long list of files follows what names the gem
_FIELD = regex(r"""\.(name|version)\s*=\s*(?:Gem::Version\.new\s{0,8}\(?\s{0,8})?["']([^"'\\]{1,512})["']""")
_LICENSES = regex(r"""\.licenses?\s*=\s*(\[[^\]]{0,1024}\]|["'][^"']{0,512}["'])""")
_TEXT = regex(r"""["']([^"']{1,512})["']""")
_NEW = regex(
    r"""Gem::Specification\.new\s{0,8}\(?\s{0,8}["']([^"']{1,512})["']\s{0,8},\s{0,8}["']([^"']{1,512})["']"""
)
_STUB = regex(r"^# stub: (\S{1,512}) (\S{1,512}) ", re.MULTILINE)
_FILE_NAME = regex(r"(.+?)-([0-9][0-9A-Za-z.]*)(?:-[A-Za-z][\w.-]*)?")  # name-version[-platform]


@dataclass(frozen=True, slots=True, kw_only=True)
class GemSpec:
    """What one specification says."""

    name: str
    version: str  # "" where neither text nor file name say it
    licenses: tuple[str, ...] = ()


def parse(text: str, *, file_name: str) -> GemSpec | None:
    """Read a gemspec; None where it names no gem."""
    text = text[:_MAX_TEXT]
    fields: dict[str, str] = {}
    for line in text.splitlines():
        if "=" in line and (found := _FIELD.search(line)):
            fields[found[1]] = found[2].strip()
    name, version = fields.get("name", ""), fields.get("version", "")
    # `version = Gem::VERSION` and the like: the comment RubyGems puts on top, then the file name
    for other in (_NEW.search(text), _STUB.search(text), _FILE_NAME.fullmatch(_stem(file_name))):
        if other is not None and name in ("", other[1]):
            name, version = other[1], version or other[2]
    return GemSpec(name=name, version=version, licenses=_licenses(text)) if name else None


def _stem(file_name: str) -> str:
    return file_name.removesuffix(".gemspec")[:512]


def _licenses(text: str) -> tuple[str, ...]:
    found = _LICENSES.search(text)
    return tuple(dict.fromkeys(_TEXT.findall(found[1]))) if found else ()
