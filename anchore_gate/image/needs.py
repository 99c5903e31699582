"""What the one pass over an image must keep: declared before the pass, nothing else is read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from anchore_gate.typed import Protocol
from anchore_gate.values import dataclass

MIB = 1024 * 1024
MAX_BINARY = 10_000  # what Anchore's analyzer searches of any kind, as it comes


@dataclass(frozen=True, slots=True, kw_only=True)
class Want:
    """
    Regular files whose bytes are kept.

    A file is kept when its base name is in `names` or ends in one of `suffixes` (lower-case
    compare), or where neither is given, and its absolute path matches `pattern` whole, where one is given.
    """

    names: frozenset[str] = frozenset()
    suffixes: frozenset[str] = frozenset()
    pattern: str = ""  # regular expression, `re.fullmatch` on `/absolute/path`; "" any
    holds: str = ""  # what is in every path that fits `pattern`: quickly seen, where no name is given
    limit: int = 16 * MIB  # bytes; a longer file is not kept, `Filesystem.oversized` names it

    @classmethod
    def exact(cls, path: str, *, limit: int = 16 * MIB) -> Want:
        """The one file at an absolute path."""
        return cls(names=frozenset({path.rpartition("/")[2]}), pattern=re.escape(path), limit=limit)

    @property
    def path(self) -> str:
        """The one file that is meant, "" where more may be."""
        path = self.pattern.replace("\\\\", "\0").replace("\\", "").replace("\0", "\\")
        is_one = self.names == {path.rpartition("/")[2]} and not self.suffixes
        return path if is_one and self.pattern == re.escape(path) else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentSearch:
    """An expression that is tried on every line of regular text files."""

    kind: str  # secret, content
    name: str
    regex: str  # bytes regular expression, matched at the start of each line (`re.match`)
    max_size: int = MIB  # bytes; longer files are not searched
    max_binary: int = MAX_BINARY  # bytes; longer ones with a NUL near their start are not either
    is_known: bool = False  # one of Anchore's own: how long it takes on a line has been measured
    literals: frozenset[bytes] | None = None  # lower-case, one lies in each match; None: not found out yet


class PartReader(Protocol):
    """Looks for a part of one file."""

    found: bytes  # so far, b"" for nothing

    def feed(self, piece: bytes | memoryview, /) -> bool:
        """Take the next bytes, from the start of the file; whether it needs more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What is kept of large files, programs above all, that are not kept whole."""

    name: str
    least: int  # bytes; a shorter file is not looked into
    reader: Callable[[], PartReader]


@dataclass(frozen=True, slots=True, kw_only=True)
class Checksums:
    """Files whose checksums are computed during the pass."""

    pattern: str  # regular expression, `re.fullmatch` on the absolute path
    algorithms: frozenset[str] = frozenset({"sha256"})  # sha256 sha1 md5


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """The sum of what catalogers, triggers and reports asked for."""

    wants: tuple[Want, ...] = ()
    searches: tuple[ContentSearch, ...] = ()
    checksums: tuple[Checksums, ...] = ()
    parts: tuple[Part, ...] = ()
    packages: bool = False  # whether anybody reads the inventory
    package_files: bool = False  # whether anybody reads `Inventory.files`
    vulnerabilities: bool = False  # whether anybody reads the matches
    malware: bool = False  # whether a malware scan is asked for

    @classmethod
    def union(cls, parts: Iterable[Needs]) -> Needs:
        """All needs as one, duplicates dropped, in order."""
        every = tuple(parts)
        return cls(
            wants=tuple(dict.fromkeys(want for part in every for want in part.wants)),
            searches=tuple(dict.fromkeys(one for part in every for one in part.searches)),
            checksums=tuple(dict.fromkeys(one for part in every for one in part.checksums)),
            parts=tuple(dict.fromkeys(one for part in every for one in part.parts)),
            packages=any(part.packages for part in every),
            package_files=any(part.package_files for part in every),
            vulnerabilities=any(part.vulnerabilities for part in every),
            malware=any(part.malware for part in every),
        )
