"""The filesystem a container would see: squashed, read-only, as far as it was asked for."""

from __future__ import annotations

from collections.abc import Iterator

from anchore_gate.image.needs import Want
from anchore_gate.typed import BinaryIO, Protocol
from anchore_gate.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class FileEntry:
    """One path of the filesystem."""

    path: str  # absolute, normal
    type: str  # file, dir, symlink, chardev, blockdev, fifo, socket (a hard link is a file)
    mode: int  # st_mode with type bits, e.g. 0o100755
    uid: int = 0
    gid: int = 0
    size: int = 0
    link: str = ""  # a symlink's target as written
    layer: int = 0  # index of the layer that brought it
    is_hard_link: bool = False  # only another name of a file that is there too


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentHit:
    """A `ContentSearch` that matched in a file. Never holds what matched."""

    kind: str
    name: str
    regex: str
    path: str
    lines: tuple[int, ...]  # 1-based
    layer: int = 0


class Filesystem(Protocol):
    """What the scan hands to catalogers and triggers."""

    @property
    def hits(self) -> tuple[ContentHit, ...]:
        """What the content searches found, in files and through symbolic links, sorted by path and name."""

    @property
    def oversized(self) -> tuple[tuple[str, int], ...]:
        """Wanted files that were longer than their want allows: (path, size)."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What was not looked at, in words, e.g. files too large for the secret search."""

    def entries(self, *, mode: int = 0) -> Iterator[FileEntry]:
        """Every path, sorted; with `mode` only those that have one of its bits set."""

    def entry(self, path: str) -> FileEntry | None:
        """The entry at an absolute path; symlinks are not followed."""

    def resolve(self, path: str) -> str | None:
        """The path after following symlinks in every part; None where it leads nowhere."""

    def kept(self, want: Want) -> Iterator[str]:
        """
        The paths that were kept and fit `want`, sorted. `want` must have been declared.

        A symbolic link counts that fits and leads to a kept file whose own path does not fit.
        """

    def behind_links(self) -> Iterator[FileEntry]:
        """The files that were not kept, though a symbolic link that leads to them is wanted."""

    def parts(self, name: str) -> Iterator[tuple[str, bytes]]:
        """The files that have the `Part` of this name, sorted by path, with what was found."""

    def has(self, path: str) -> bool:
        """Whether the bytes of the file at `path` (symlinks followed) were kept."""

    def read(self, path: str) -> bytes:
        """A kept file's bytes, symlinks followed. Raises `ImageError` for one not kept."""

    def open(self, path: str) -> BinaryIO:
        """A kept file as a seekable stream: for large ones. Raises `ImageError`."""

    def checksum(self, path: str, algorithm: str) -> str | None:
        """The hex checksum of a regular file, None where it was not asked for."""
