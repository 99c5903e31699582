"""What lies beside dpkg's status: file lists, checksums, copyright files."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from anchore_gate.catalog.database import Budget
from anchore_gate.image.filesystem import Filesystem
from anchore_gate.model.inventory import PackageFile
from anchore_gate.regex import regex
from anchore_gate.values import dataclass, field

_DATABASE = regex(r"/(?:var/|usr/)*lib/[do]pkg/.*")
_COMMON = b"/usr/share/common-licenses/"
_NAME = regex(rb"[0-9A-Za-z_.\-]+")
_WORD = regex(rb"\S*")
_MD5 = regex(r"[0-9a-f]{32}")


@dataclass(slots=True)
class Info:
    """The `info/NAME[:ARCH].*` files of one package."""

    filesystem: Filesystem
    database: str
    name: str
    architecture: str
    list_path: str = field(init=False)

    def __post_init__(self) -> None:
        self.list_path = self._find("list")

    def _find(self, suffix: str) -> str:
        folder = posixpath.dirname(self.database)
        if not folder.endswith(("/status.d", "/info")):
            folder += "/info"
        # dpkg adds the architecture for `Multi-Arch: same` packages alone
        names = (f"{self.name}:{self.architecture}", self.name)
        paths = (f"{folder}/{name}.{suffix}" for name in names)
        return next((path for path in paths if self.filesystem.has(path)), "")

    def _text(self, path: str) -> str:
        return self.filesystem.read(path).decode("utf-8", "replace") if path else ""

    def paths(self, budget: Budget) -> frozenset[str]:
        """Every path that dpkg says the package brought. Raises `BadDatabase`."""
        if not self.list_path:
            return frozenset(budget.counted(self._sums()))
        text = self._text(self.list_path)
        budget.spend(len(text), text.count("\n"))
        return frozenset(text.split("\n")) - {"", "/."}

    def _sums(self) -> dict[str, str]:
        pairs = (line.partition("  ") for line in self._text(self._find("md5sums")).split("\n"))
        return {
            f"/{path.lstrip('/')}": digest for digest, _, path in pairs if path and _MD5.fullmatch(digest)
        }

    def files(self, paths: frozenset[str], conffiles: str) -> Iterator[PackageFile]:
        """The files as dpkg records them; `conffiles` is the status field of that name."""
        sums = self._sums()
        shipped = _conffiles(conffiles)
        config = {*shipped, *self._text(self._find("conffiles")).split()}
        folders = {posixpath.dirname(path) for path in paths}
        for path in sorted(paths):
            digest = shipped.get(path) or sums.get(path, "")
            yield PackageFile(
                path=path,
                digest=digest,
                algorithm="md5" if digest else "",
                is_config=path in config,
                type="dir" if path in folders and not digest else "file",
            )


def _conffiles(text: str) -> dict[str, str]:
    """` /etc/path digest [obsolete]` lines; those that the package no longer ships are left out."""
    found: dict[str, str] = {}
    for line in text.split("\n"):
        path, _, rest = line.strip().rpartition(" ")
        if _MD5.fullmatch(rest):
            found[path] = rest
    return found


@dataclass(frozen=True, slots=True)
class Notice:
    """A copyright file and the licences that it names, sorted."""

    path: str = ""
    licenses: tuple[str, ...] = ()


@dataclass(slots=True)
class Notices:
    """The copyright files of a filesystem, each read once."""

    filesystem: Filesystem
    read: dict[str, Notice] = field(default_factory=dict)

    def of(self, database: str, name: str) -> Notice:
        """The copyright file of a package, an empty one where there is none."""
        found = _DATABASE.search(database)
        root = database[: -len(found[0])] if found else ""
        path = f"{root}/usr/share/doc/{name}/copyright"
        if "/" in name or not self.filesystem.has(path):
            return Notice()
        if path not in self.read:
            self.read[path] = Notice(path, tuple(sorted(_licenses(self.filesystem.read(path)))))
        return self.read[path]


def _licenses(content: bytes) -> Iterator[str]:
    # Splitting finds the few places about ten times as fast as a regular expression on each line.
    found = {_matched(_WORD, rest) for rest in (b"\n" + content).split(b"\nLicense: ")[1:]}
    found |= {_matched(_NAME, rest) for rest in content.split(_COMMON)[1:]}
    yield from (one for one in found if one and one.lower() != "none")


def _matched(pattern: re.Pattern[bytes], text: bytes) -> str:
    found = pattern.match(text)
    word = found[0].decode("utf-8", "replace") if found else ""
    return word.removesuffix(".")
