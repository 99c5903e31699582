"""A root file system that lies in a folder: `dir:`. It has files and no layers, no config, no digest."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from anchore_gate.errors import ImageError, ImageNotFound, LimitExceeded
from anchore_gate.image.layer import LayerWalk
from anchore_gate.image.limits import MAX_MEMBERS, MIB
from anchore_gate.image.needs import Needs
from anchore_gate.image.plan import Plan
from anchore_gate.image.spool import Spool
from anchore_gate.image.squashed import SquashedFilesystem
from anchore_gate.model.image import Image, Platform

SCHEME = "dir"


class RootFolder:
    """See `OpenImage`. Symbolic links are never followed, so nothing outside of the folder is read."""

    def __init__(self, location: str, *, name: str) -> None:
        self._root = location
        self._size = 0
        self._spools: list[Spool] = []
        self._name = name

    @property
    def image(self) -> Image:
        """See `OpenImage.image`."""
        return Image(name=self._name, source=SCHEME, size=self._size)

    @property
    def documents(self) -> None:
        """See `OpenImage.documents`: a folder has none."""
        return None

    def scan(self, needs: Needs) -> SquashedFilesystem:
        """See `OpenImage.scan`."""
        plan = Plan(needs)
        spool = Spool()
        self._spools.append(spool)
        files = SquashedFilesystem(plan, spool)
        walk = LayerWalk(plan, spool, 0, covered=lambda _path: False)
        self._size = 0
        for count, (path, entry) in enumerate(_walk(self._root)):
            if count > MAX_MEMBERS:
                raise LimitExceeded(f"{self._root}: more than {MAX_MEMBERS} files")
            self._add(walk, path, entry)
        if not walk.contents.records:  # a wrong path rather than an image
            raise ImageError(f"{self._root} is empty: no root file system")
        files.add(walk.contents)
        return files

    def close(self) -> None:
        """Drop what scans kept."""
        for spool in self._spools:
            spool.close()

    def _add(self, walk: LayerWalk, path: str, entry: os.DirEntry[str]) -> None:
        try:
            status = entry.stat(follow_symlinks=False)
            mode = status.st_mode
            link = os.readlink(entry.path) if stat.S_ISLNK(mode) else ""  # noqa: PTH115  # scandir gives text
            size = status.st_size if stat.S_ISREG(mode) else 0
            walk.contents.records[path] = ((_type(mode), mode, status.st_uid, status.st_gid, 0), size, link)
            if stat.S_ISREG(mode):
                self._size += size
                walk.look_into(path, size, _pieces(entry.path, size))
        except OSError as problem:
            raise ImageError(f"{entry.path}: {problem.strerror}") from problem


@contextmanager
def open_rootfs(location: str, *, name: str, platform: Platform | None = None) -> Iterator[RootFolder]:  # noqa: ARG001
    """The file system in a folder; what platform it is for, it does not say. Raises `ImageNotFound`."""
    if not Path(location).is_dir():
        raise ImageNotFound(f"{location}: there is no such folder")
    image = RootFolder(location, name=name)
    try:
        yield image
    finally:
        image.close()


def _walk(root: str) -> Iterator[tuple[str, os.DirEntry[str]]]:
    folders = [("", root)]
    while folders:
        path, folder = folders.pop()
        try:
            entries = sorted(os.scandir(folder), key=lambda one: one.name)
        except OSError as problem:
            raise ImageError(f"{folder}: {problem.strerror}") from problem
        for entry in entries:
            yield f"{path}/{entry.name}", entry
            if entry.is_dir(follow_symlinks=False):
                folders.append((f"{path}/{entry.name}", entry.path))


def _pieces(path: str, size: int) -> Iterator[bytes]:
    """The first `size` bytes of a file, opened only when asked for; it must not have become a link."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb", buffering=0) as stream:
        while size > 0 and (piece := stream.read(min(size, MIB))):
            size -= len(piece)
            yield piece


def _type(mode: int) -> str:
    names = {
        stat.S_IFREG: "file",
        stat.S_IFDIR: "dir",
        stat.S_IFLNK: "symlink",
        stat.S_IFCHR: "chardev",
        stat.S_IFBLK: "blockdev",
        stat.S_IFIFO: "fifo",
        stat.S_IFSOCK: "socket",
    }
    return names.get(stat.S_IFMT(mode), "file")
