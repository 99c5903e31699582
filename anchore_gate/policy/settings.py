"""What the analysis looks for: expressions, size limits, files to retrieve. The one door of PyYAML."""

from __future__ import annotations

import json
import re
from pathlib import Path

from anchore_gate._file import read_limited
from anchore_gate.errors import ConfigError
from anchore_gate.image.needs import MAX_BINARY, MIB, ContentSearch
from anchore_gate.regex import flags_first, quietly
from anchore_gate.typed import Any
from anchore_gate.values import dataclass, replace

_MAX_FILE = 4 * MIB
NO_LIMIT = 64 * MIB  # where Anchore's file sets none: files are searched in memory
# Anchore's own, by name and expression: what every match holds is known, and need not be found out.
_SECRETS = {
    (
        "AWS_ACCESS_KEY",
        r"(?i).*aws_access_key_id( *=+ *).*(?<![A-Z0-9])[A-Z0-9]{20}(?![A-Z0-9]).*",
    ): frozenset({b"aws_access_key_id"}),
    (
        "AWS_SECRET_KEY",
        r"(?i).*aws_secret_access_key( *=+ *).*(?<![A-Za-z0-9/+=])[A-Za-z0-9/+=]{40}(?![A-Za-z0-9/+=]).*",
    ): frozenset({b"aws_secret_access_key"}),
    ("PRIV_KEY", r"(?i)-+BEGIN(.*)PRIVATE KEY-+"): frozenset({b"private key-"}),
    ("DOCKER_AUTH", r'(?i).*"auth": *".+"'): frozenset({b'"auth":'}),
    (
        "API_KEY",
        r"(?i).*api(-|_)key( *=+ *).*(?<![A-Z0-9])[A-Z0-9]{20,60}(?![A-Z0-9]).*",
    ): frozenset({b"api-key", b"api_key"}),
}


@dataclass(frozen=True, slots=True)
class NamedExpression:
    """An expression that policies name."""

    name: str  # "" where Anchore's file gives none: it is known by its text
    regex: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AnalyzerSettings:
    """What policies lean on: Anchore's `analyzer_config.yaml`, as far as it concerns them."""

    secrets: tuple[NamedExpression, ...] = tuple(NamedExpression(*pair) for pair in _SECRETS)
    secrets_max_size: int = MIB
    secrets_max_binary: int = MAX_BINARY
    contents: tuple[NamedExpression, ...] = ()
    contents_max_size: int = MIB
    contents_max_binary: int = MAX_BINARY
    retrieve: tuple[str, ...] | None = None  # None: whatever rules name
    retrieve_max_size: int = 1000 * 1024
    malware: bool = False

    @classmethod
    def default(cls) -> AnalyzerSettings:
        """What is looked for where nothing is configured."""
        return cls()

    def secret_searches(self) -> tuple[ContentSearch, ...]:
        """The secret expressions, as the scan wants them."""
        return _searches("secret", self.secrets, self.secrets_max_size, self.secrets_max_binary)

    def content_searches(self) -> tuple[ContentSearch, ...]:
        """The content expressions, as the scan wants them."""
        return _searches("content", self.contents, self.contents_max_size, self.contents_max_binary)


def load_settings(path: Path, *, base: AnalyzerSettings | None = None) -> AnalyzerSettings:
    """Read Anchore's `analyzer_config.yaml`, or our `analyzer` table in YAML. Raises `ConfigError`."""
    content = read_limited(path, _MAX_FILE, what=str(path))
    try:
        return settings_from(_document(content), base=base or AnalyzerSettings.default())
    except ConfigError as problem:
        raise ConfigError(f"{path}: {problem}") from problem


def settings_from(raw: Any, *, base: AnalyzerSettings) -> AnalyzerSettings:
    """Lay what an analyzer configuration says over `base`. Raises `ConfigError`."""
    document = _mapping(raw, "the file")
    if "analyzer" in document:
        return with_table(document["analyzer"], base=base)
    if document and not document.keys() & _SECTIONS:
        raise ConfigError(f"no section that is known: {', '.join(('analyzer', *sorted(_SECTIONS)))}")
    settings = base
    if "secret_search" in document:
        found, size, binary = _search_section(document["secret_search"], "secret_search")
        settings = replace(settings, secrets=found, secrets_max_size=size, secrets_max_binary=binary)
    if "content_search" in document:
        found, size, binary = _search_section(document["content_search"], "content_search")
        settings = replace(settings, contents=found, contents_max_size=size, contents_max_binary=binary)
    if "retrieve_files" in document:
        section = _mapping(document["retrieve_files"], "retrieve_files")
        limit = section.get("max_file_size_kb", -1)
        if not isinstance(limit, int) or isinstance(limit, bool):
            raise ConfigError(f"retrieve_files.max_file_size_kb: not a size: {_shown(limit)}")
        files = base.retrieve
        if section.get("file_list") is not None:
            files = _texts(section["file_list"], "retrieve_files.file_list")
        size = limit * 1024 if limit >= 0 else NO_LIMIT
        settings = replace(settings, retrieve=files, retrieve_max_size=size)
    malware = _mapping(document.get("malware"), "malware")
    clamav = _mapping(malware.get("clamav"), "malware.clamav")
    return replace(settings, malware=_switch(clamav, "malware.clamav.enabled", default=settings.malware))


_SECTIONS = frozenset({"secret_search", "content_search", "retrieve_files", "malware"})  # of Anchore's file

_TABLES = {
    "secrets": ("defaults", "expressions", "max-size"),
    "contents": ("expressions", "max-size"),
    "retrieve": ("files", "max-size"),
    "malware": ("required",),
}


def with_table(raw: Any, *, base: AnalyzerSettings) -> AnalyzerSettings:
    """Lay the `analyzer` table of our own configuration over `base`. Raises `ConfigError` with the key."""
    tables = _keys(raw, "analyzer", tuple(_TABLES))
    given = {name: _keys(tables.get(name), f"analyzer.{name}", known) for name, known in _TABLES.items()}
    secrets, contents, retrieve = given["secrets"], given["contents"], given["retrieve"]
    defaults = base.secrets if _switch(secrets, "analyzer.secrets.defaults", default=True) else ()
    files = base.retrieve
    if "files" in retrieve:
        files = _texts(retrieve["files"], "analyzer.retrieve.files")
        for path in files:
            if not path.startswith("/"):
                raise ConfigError(f"analyzer.retrieve.files: not an absolute path: {_shown(path)}")
    return replace(
        base,
        secrets=_named(secrets, "analyzer.secrets.expressions", defaults),
        secrets_max_size=_size(secrets, "analyzer.secrets.max-size", base.secrets_max_size),
        contents=_named(contents, "analyzer.contents.expressions", base.contents),
        contents_max_size=_size(contents, "analyzer.contents.max-size", base.contents_max_size),
        retrieve=files,
        retrieve_max_size=_size(retrieve, "analyzer.retrieve.max-size", base.retrieve_max_size),
        malware=_switch(given["malware"], "analyzer.malware.required", default=base.malware),
    )


def _keys(raw: Any, where: str, known: tuple[str, ...]) -> dict[str, Any]:
    found = {key.replace("_", "-"): value for key, value in _mapping(raw, where).items()}
    for key in found:
        if key not in known:
            raise ConfigError(f"{where}.{key}: no such key; known are {', '.join(known)}")
    return found


def _named(
    table: dict[str, Any], where: str, base: tuple[NamedExpression, ...]
) -> tuple[NamedExpression, ...]:
    given: dict[str, NamedExpression] = {}
    for name, regex in _mapping(table.get("expressions"), where).items():
        if not name or "=" in name or "," in name:  # rules name them in lists, findings as NAME=EXPRESSION
            raise ConfigError(f"{where}: not a name: {name[:80]!r}")
        if not isinstance(regex, str):
            raise ConfigError(f"{where}.{name}: not a text: {_shown(regex)}")
        given[name] = _expression(f"{name}={regex}", f"{where}.{name}")
    return tuple(dict.fromkeys((*(given.get(one.name, one) for one in base), *given.values())))


def _size(table: dict[str, Any], where: str, default: int) -> int:
    size = table.get("max-size", default)
    if not isinstance(size, int) or isinstance(size, bool) or size < 0:
        raise ConfigError(f"{where}: not a number of bytes: {_shown(size)}")
    return size


def _switch(table: dict[str, Any], where: str, *, default: bool) -> bool:
    value = table.get(where.rpartition(".")[2], default)
    if not isinstance(value, bool):
        raise ConfigError(f"{where}: neither true nor false: {_shown(value)}")
    return value


def _search_section(raw: Any, where: str) -> tuple[tuple[NamedExpression, ...], int, int]:
    section, size = _mapping(raw, where), 0
    found = tuple(
        _expression(text, f"{where}.regexp_match[{index}]")
        for index, text in enumerate(_texts(section.get("regexp_match"), f"{where}.regexp_match"))
    )
    for text in _texts(section.get("match_params"), f"{where}.match_params"):
        name, _, value = text.partition("=")
        if name == "MAXFILESIZE":
            if not re.fullmatch(r"\s*[0-9]{1,18}\s*", value):
                raise ConfigError(f"{where}.match_params: not a size: {value[:40]!r}")
            size = int(value)
    return found, size or NO_LIMIT, size or MAX_BINARY


def _expression(text: str, where: str) -> NamedExpression:
    name, equals, regex = text.partition("=")
    if not equals:
        name, regex = "", text
    elif not name:
        raise ConfigError(f"{where}: not NAME=EXPRESSION: {text[:80]!r}")
    try:
        quietly(re.compile, flags_first(regex).encode())
    except (re.error, ValueError, RecursionError, OverflowError) as problem:
        raise ConfigError(f"{where}: does not compile: {problem}") from problem
    return NamedExpression(name, regex)


def _document(content: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return _yaml(content)


def _yaml(content: bytes) -> Any:
    try:
        import yaml
    except ImportError as problem:
        raise ConfigError("reading YAML needs PyYAML: pip install 'anchore-gate[yaml]'") from problem
    try:
        return yaml.safe_load(content)
    except (yaml.YAMLError, ValueError, RecursionError) as problem:
        raise ConfigError(f"not YAML: {problem}") from problem


def _mapping(raw: Any, where: str) -> dict[str, Any]:
    if raw is None:
        return {}
    if not isinstance(raw, dict):
        raise ConfigError(f"{where}: not a mapping")
    for key in raw:
        if not isinstance(key, str):
            raise ConfigError(f"{where}: a key that is no text: {_shown(key)}")
    return raw


def _texts(raw: Any, where: str) -> tuple[str, ...]:
    if raw is None:
        return ()
    if not isinstance(raw, list) or not all(isinstance(item, str) for item in raw):
        raise ConfigError(f"{where}: not a list of texts")
    return tuple(raw)


def _shown(value: Any) -> str:
    """Short: aliases make a few lines of YAML larger than any memory."""
    if isinstance(value, (dict, list, set, tuple)):
        return f"a {type(value).__name__}"
    return repr(value)[:100]


def _searches(
    kind: str, found: tuple[NamedExpression, ...], size: int, binary: int
) -> tuple[ContentSearch, ...]:
    return tuple(_search(kind, one, size, binary) for one in found)


def _search(kind: str, one: NamedExpression, size: int, binary: int) -> ContentSearch:
    literals = _SECRETS.get((one.name, one.regex))
    return ContentSearch(
        kind=kind,
        name=one.name,
        regex=one.regex,
        max_size=size,
        max_binary=binary,
        is_known=literals is not None,
        literals=literals,
    )
