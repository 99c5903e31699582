"""What holds an image's blobs: a folder, or a tar file that is read where it lies."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from anchore_gate.errors import ImageError, ImageNotFound, LimitExceeded
from anchore_gate.image.decompress import PlainStream
from anchore_gate.image.limits import KIB, MAX_ARCHIVE_MEMBERS, MIB
from anchore_gate.image.spool import Section
from anchore_gate.image.tarstream import TarStream
from anchore_gate.typed import BinaryIO, Protocol

# What an OCI layout holds at its top (OCI image-spec, image-layout.md).
MARK = "oci-layout"
INDEX = "index.json"

_MAX_LINKS = 8
_READ_AHEAD = 16 * 1024  # headers lie far apart


class Archive(Protocol):
    """Named files that belong to one image, or several."""

    @property
    def location(self) -> str:
        """Where it is."""

    def size(self, name: str) -> int | None:
        """How long the file is; None where there is none."""

    def open(self, name: str) -> BinaryIO:
        """The file from its start. Raises `ImageError`."""


def read_whole(archive: Archive, name: str, *, limit: int) -> bytes:
    """A small file's bytes. Raises `ImageError`, `LimitExceeded`."""
    size = archive.size(name)
    if size is None:
        raise ImageError(f"{archive.location}: {name!r} is missing")
    if size > limit:
        raise LimitExceeded(f"{archive.location}: {name!r} has {size} bytes, more than {limit}")
    with archive.open(name) as stream:
        return stream.read(limit + 1)[:limit]


class Folder:
    """A folder; nothing outside of it is opened."""

    def __init__(self, path: Path) -> None:
        self.location = str(path)
        self._root = path.resolve()

    def size(self, name: str) -> int | None:
        """See `Archive.size`."""
        path = self._inside(name)
        return path.stat().st_size if path is not None else None

    def open(self, name: str) -> BinaryIO:
        """See `Archive.open`."""
        path = self._inside(name)
        if path is None:
            raise ImageError(f"{self.location}: {name!r} is missing")
        try:
            return path.open("rb", buffering=0)
        except OSError as problem:
            raise ImageError(f"{self.location}: {name!r}: {problem.strerror}") from problem

    def _inside(self, name: str) -> Path | None:
        try:
            path = (self._root / name.lstrip("/")).resolve()
            return path if path.is_relative_to(self._root) and path.is_file() else None
        except (OSError, ValueError, RuntimeError):
            return None


class TarFile:
    """An uncompressed tar file and where its members lie."""

    def __init__(self, stream: BinaryIO, location: str) -> None:
        """Read all headers. Raises `ImageError`."""
        self.location = location
        self._stream = stream
        self._places: dict[str, tuple[int, int]] = {}
        self._links: dict[str, str] = {}
        tar = TarStream(_Skipping(stream), what=location, capacity=64 * KIB)  # few members, far apart
        for count, member in enumerate(tar.members()):
            if count > MAX_ARCHIVE_MEMBERS:
                raise LimitExceeded(
                    f"{location}: more than {MAX_ARCHIVE_MEMBERS} members, for an archive of layers"
                )
            self._note(member.name, member.type, member.link, tar.offset, member.stored)

    def size(self, name: str) -> int | None:
        """See `Archive.size`."""
        place = self._place(name)
        return place[1] if place is not None else None

    def open(self, name: str) -> BinaryIO:
        """See `Archive.open`."""
        place = self._place(name)
        if place is None:
            raise ImageError(f"{self.location}: {name!r} is missing")
        return Section(self._stream.fileno(), *place)  # type: ignore[return-value]  # raw is enough to read

    def _note(self, written: str, type_: str, link: str, offset: int, size: int) -> None:
        name = _normal(written)
        self._places.pop(name, None)
        self._links.pop(name, None)
        if type_ == "file":
            self._places[name] = (offset, size)
        elif type_ == "link":
            self._links[name] = _normal(link)
        elif type_ == "symlink":
            # `docker save` of old wrote a layer that occurs twice as a link to the first.
            self._links[name] = _normal(posixpath.join(posixpath.dirname(name), link))

    def _place(self, name: str) -> tuple[int, int] | None:
        name = _normal(name)
        for _ in range(_MAX_LINKS):
            if name not in self._links:
                break
            name = self._links[name]
        return self._places.get(name)


def _normal(name: str) -> str:
    return posixpath.normpath("/" + name).lstrip("/")


class _Skipping:
    """A file read in small pieces, that can skip ahead."""

    def __init__(self, stream: BinaryIO) -> None:
        self._descriptor = stream.fileno()
        self._size = os.fstat(self._descriptor).st_size
        self._position = 0

    def readinto(self, view: memoryview, /) -> int:
        count = os.preadv(self._descriptor, [view[:_READ_AHEAD]], self._position)
        self._position += count
        return count

    def skip(self, count: int) -> bool:
        """Go on `count` bytes further; False where the file is shorter."""
        self._position += count
        return self._position <= self._size


@contextmanager
def open_tar(path: Path) -> Iterator[TarFile]:
    """A tar file as an archive; a compressed one is inflated into a temporary file first."""
    try:
        stream = path.open("rb", buffering=0)
    except FileNotFoundError as problem:
        raise ImageNotFound(f"{path}: there is no such file") from problem
    except OSError as problem:
        raise ImageError(f"{path}: {problem.strerror}") from problem
    with stream:
        plain = PlainStream(stream, what=str(path), algorithms=("", ""))
        if plain.compression == "plain":
            yield TarFile(stream, str(path))
            return
        import tempfile

        with tempfile.TemporaryFile(buffering=0) as inflated:
            view = memoryview(bytearray(MIB))
            while count := plain.readinto(view):
                inflated.write(view[:count])
            yield TarFile(inflated, str(path))
