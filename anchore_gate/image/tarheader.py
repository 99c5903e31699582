"""The fields of tar headers, and the headers that extend the next one."""

from __future__ import annotations

import posixpath
import zlib
from functools import lru_cache

from anchore_gate.errors import ImageError
from anchore_gate.typed import TYPE_CHECKING
from anchore_gate.values import dataclass, field, replace

if TYPE_CHECKING:
    from anchore_gate.image.tarstream import Member

# Fields repeat: to look one up takes a tenth of the parsing. Bounded, for hostile archives.
_MOST = 50_000
_ADLER = 65521


@lru_cache(maxsize=_MOST)
def number(raw: bytes) -> int:
    """A header's number, octal or base-256 (GNU). Raises `ImageError`."""
    if raw[0] & 0x80:
        value = int.from_bytes(raw, "big") & ((1 << (8 * len(raw) - 1)) - 1)
        return value - (1 << (8 * len(raw) - 1)) if raw[0] & 0x40 else value
    digits = raw.strip(b" \0").partition(b"\0")[0].rstrip(b" ")
    if not digits:
        return 0
    if digits.strip(b"01234567"):
        raise ImageError(f"tar header field is no octal number: {raw!r}")
    return int(digits, 8)


@lru_cache(maxsize=_MOST)
def rights(raw: bytes) -> tuple[int, int, int]:
    """Mode, uid and gid: three fields of eight bytes that repeat together. Raises `ImageError`."""
    return number(raw[:8]) & 0o7777, number(raw[8:16]), number(raw[16:])


def checksum_fits(block: memoryview, raw: bytes) -> bool:
    """
    Whether the header's checksum is that of its bytes.

    The lower half of Adler-32 is one plus the sum of all bytes (mod 65521): the cheapest sum there is.
    """
    return zlib.adler32(block) & 0xFFFF == _expected(raw) or _signed_sum_fits(block, raw)


@lru_cache(maxsize=_MOST)
def _expected(raw: bytes) -> int:
    """The lower half of a block's Adler-32 that has `raw` where its checksum stands; -1 for no number."""
    written = _sum(raw)
    return -1 if written is None else (1 + written + sum(raw) - 8 * 0x20) % _ADLER


def _sum(raw: bytes) -> int | None:
    digits = raw.strip(b" \0").partition(b"\0")[0].rstrip(b" ")
    return None if not digits or digits.strip(b"01234567") else int(digits, 8)


def _signed_sum_fits(block: memoryview, raw: bytes) -> bool:
    """Old archives summed the bytes as signed ones; Go's reader accepts both."""
    header = bytes(block[:148]) + b" " * 8 + bytes(block[156:])
    return sum(byte - 256 if byte > 127 else byte for byte in header) == _sum(raw)


def text_of(raw: bytes) -> str:
    """A header's text up to its NUL. Bytes that are no UTF-8 are kept as surrogates."""
    return raw.partition(b"\0")[0].decode("utf-8", "surrogateescape")


def gnu_prefix(raw: bytes) -> str:
    """What Go sets before a name of GNU's format: a ustar prefix, where two times should be and are not."""
    if all(not one[0] or _is_time(one) for one in (raw[:12], raw[12:24])):
        return ""
    prefix = text_of(raw)
    return f"{prefix}/" if prefix and prefix.isascii() else ""


def _is_time(raw: bytes) -> bool:
    if raw[0] & 0x80:
        return -(1 << 63) <= number(raw) < 1 << 63
    return not raw.strip(b" \0").partition(b"\0")[0].strip(b"01234567")


def normal_path(name: str) -> str:
    """The absolute path a member's name means: `..` never leads above the root."""
    path = name[1:] if name.startswith("./") else "/" + name.lstrip("/")
    if path.endswith("/"):
        path = path.rstrip("/") or "/"
    if "//" in path or "/." in path:
        return "/" + posixpath.normpath(path).lstrip("/")
    return path


@dataclass(slots=True)
class Extension:
    """What pax and GNU headers say about the next member."""

    kind: bytes  # x, g, L, K
    fields: dict[str, str] = field(default_factory=dict)
    sparse: list[str] = field(default_factory=list)  # sparse format 0.0 repeats its fields, in order
    name: str = ""  # GNU's long ones
    link: str = ""

    def updated(self, later: Extension) -> Extension:
        """Both, as Go has it: a pax header takes the place of the one before, a global one that of all."""
        if later.kind == b"g":
            return later
        if later.kind == b"x":
            return replace(later, name=self.name, link=self.link)
        if later.kind == b"L":
            return replace(self, name=later.name)
        return replace(self, link=later.link)

    def path(self, default: str) -> str:
        """The member's name: GNU's before pax'."""
        return self.name or self.fields.get("path") or default

    def apply(self, member: Member) -> None:
        """Put into `member` what the headers say."""
        member.name = self.path(member.name)
        member.link = self.link or self.fields.get("linkpath") or member.link
        member.uid = self.count("uid", member.uid)
        member.gid = self.count("gid", member.gid)
        member.size = member.stored = self.count("size", member.stored)

    def count(self, key: str, default: int) -> int:
        """A field that is a number. Raises `ImageError`."""
        raw = self.fields.get(key)
        if not raw:
            return default
        if not (raw.isascii() and raw.isdigit() and len(raw) < 20):
            raise ImageError(f"pax field {key!r} is no number: {raw[:40]!r}")
        return int(raw)


def extension_of(kind: bytes, body: bytes, *, what: str) -> Extension:
    """What an extended header's body says. Raises `ImageError`."""
    if kind == b"L":
        return Extension(kind, name=text_of(body))
    if kind == b"K":
        return Extension(kind, link=text_of(body))
    found = Extension(kind)
    if kind == b"g":
        return found
    position = 0
    while position < len(body):
        key, value, position = _record(body, position, what)
        if key in ("GNU.sparse.offset", "GNU.sparse.numbytes"):
            found.sparse.append(value)
        found.fields[key] = value
    return found


def _record(body: bytes, position: int, what: str) -> tuple[str, str, int]:
    """One record: length, space, key, "=", value, newline; the length counts all of it."""
    space = body.find(b" ", position, position + 20)
    digits = body[position:space] if space > 0 else b""
    end = position + (int(digits) if digits.isdigit() else 0)
    if not position < space < end <= len(body) or body[end - 1 : end] != b"\n":
        raise ImageError(f"{what}: a pax header has a damaged record")
    key, equals, value = body[space + 1 : end - 1].partition(b"=")
    if not equals or (b"\0" in value and key in (b"path", b"linkpath")):
        raise ImageError(f"{what}: a pax header has a damaged record {key[:40]!r}")
    return key.decode("utf-8", "replace"), value.decode("utf-8", "surrogateescape"), end
