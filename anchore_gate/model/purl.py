"""Package URLs (ECMA-427): built by our own fast code, read through packageurl-python."""

from __future__ import annotations

from collections.abc import Mapping

from anchore_gate.errors import InvalidReference
from anchore_gate.regex import regex
from anchore_gate.typed import Any
from anchore_gate.values import dataclass

_PLAIN = regex(r"[A-Za-z0-9_.~:-]*")
_KEY = regex(r"[a-z._-][a-z0-9._-]*")
_KEPT = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-~:/")
_QUOTED = tuple(chr(byte) if byte in _KEPT else f"%{byte:02X}" for byte in range(256))
# Types whose names, and whose namespaces, are not case sensitive.
_LOWER_NAME = frozenset({"alpm", "apk", "bitbucket", "composer", "github", "gitlab", "hex", "npm", "pypi"})
_LOWER_NAMESPACE = _LOWER_NAME - {"npm"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Purl:
    """The parts of a package URL, decoded."""

    type: str
    name: str
    namespace: str = ""
    version: str = ""
    qualifiers: tuple[tuple[str, str], ...] = ()
    subpath: str = ""

    def qualifier(self, key: str) -> str:
        """The value of a qualifier, "" where it is not given."""
        return dict(self.qualifiers).get(key, "")

    @classmethod
    def parse(cls, text: str) -> Purl:
        """Read a package URL. Raises `InvalidReference`."""
        parts = package_url(text)
        return cls(
            type=parts.type,
            name=parts.name,
            namespace=parts.namespace or "",
            version=parts.version or "",
            qualifiers=tuple(sorted(parts.qualifiers.items())),
            subpath=parts.subpath or "",
        )

    def __str__(self) -> str:
        return purl(
            self.type, self.namespace, self.name, self.version, dict(self.qualifiers), subpath=self.subpath
        )


def package_url(text: str) -> Any:
    """The library's own value, for other libraries that ask for one. Raises `InvalidReference`."""
    from packageurl import PackageURL

    try:
        return PackageURL.from_string(text)
    except ValueError as problem:
        raise InvalidReference(f"not a package URL: {text[:300]!r}") from problem


def purl(
    type: str,
    namespace: str,
    name: str,
    version: str,
    qualifiers: Mapping[str, str] | None = None,
    *,
    subpath: str = "",
) -> str:
    """
    The canonical package URL, "" where there is no name.

    `type` is lower case. Qualifiers come out sorted, those without a value are left out.
    """
    name = _name(type, name)
    if not name:
        return ""
    text = f"pkg:{type}/{_namespace(type, namespace)}{name}"
    if version := version.strip():
        text += f"@{_quote(version)}"
    if qualifiers and (pairs := _qualifiers(qualifiers)):
        text += f"?{pairs}"
    if subpath and (path := "/".join(_segments(subpath))):
        text += f"#{path}"
    return text


def _name(type: str, name: str) -> str:
    name = name.strip().strip("/")
    # packageurl-python lowers the escapes of these types too: `%2b`
    name = _quote(name.lower()).lower() if type in _LOWER_NAME else _quote(name)
    return name.replace("_", "-") if type == "pypi" else name


def _namespace(type: str, namespace: str) -> str:
    if not namespace:
        return ""
    if type in _LOWER_NAMESPACE:
        namespace = namespace.lower()
    parts = namespace.strip().strip("/").strip().split("/")
    return "".join(f"{_quote(part)}/" for part in parts if part.strip())


def _qualifiers(qualifiers: Mapping[str, str]) -> str:
    pairs = {key.strip().lower(): _quote(value) for key, value in qualifiers.items() if value.strip()}
    if bad := next((key for key in pairs if not _KEY.fullmatch(key)), None):
        raise InvalidReference(f"not a package URL qualifier: {bad[:100]!r}")
    return "&".join(f"{key}={pairs[key]}" for key in sorted(pairs))


def _segments(subpath: str) -> list[str]:
    return [_quote(part) for part in subpath.split("/") if part.strip() and part not in {".", ".."}]


def _quote(text: str) -> str:
    if _PLAIN.fullmatch(text):
        return text
    return "".join(map(_QUOTED.__getitem__, text.encode("utf-8", "replace")))
