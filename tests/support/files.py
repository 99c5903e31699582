"""A filesystem in memory, for tests of catalogers and triggers."""

from __future__ import annotations

import hashlib
import io
import posixpath
import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import BinaryIO

from anchore_gate.errors import ImageError
from anchore_gate.image.filesystem import ContentHit, FileEntry
from anchore_gate.image.needs import Want

_MAX_LINKS = 40
_TYPES = {
    "file": stat.S_IFREG,
    "dir": stat.S_IFDIR,
    "symlink": stat.S_IFLNK,
    "fifo": stat.S_IFIFO,
    "socket": stat.S_IFSOCK,
    "chardev": stat.S_IFCHR,
    "blockdev": stat.S_IFBLK,
}


@dataclass(frozen=True)
class Node:
    """What a test puts at a path, where bytes alone do not say it."""

    content: bytes = b""
    type: str = "file"
    mode: int = 0o644
    uid: int = 0
    gid: int = 0
    link: str = ""
    layer: int = 0


def link(target: str, *, layer: int = 0) -> Node:
    """A symlink."""
    return Node(type="symlink", mode=0o777, link=target, layer=layer)


class Files:
    """See `Filesystem`: keeps every file it is given, or those that fit `wants`."""

    def __init__(
        self,
        tree: Mapping[str, bytes | str | Node],
        *,
        wants: tuple[Want, ...] | None = None,
        hits: tuple[ContentHit, ...] = (),
        notes: tuple[str, ...] = (),
        parts: Mapping[str, Mapping[str, bytes]] | None = None,
    ) -> None:
        self._nodes: dict[str, Node] = {}
        for path, given in tree.items():
            content = given.encode() if isinstance(given, str) else given
            self._add(path, content if isinstance(content, Node) else Node(content=content))
        self._wants = wants
        self._parts = parts or {}
        self.hits = hits
        self.notes = notes

    def _add(self, path: str, node: Node) -> None:
        self._nodes[path] = node
        parent = posixpath.dirname(path)
        if parent != path and parent not in self._nodes:
            self._add(parent, Node(type="dir", mode=0o755, layer=node.layer))

    @property
    def oversized(self) -> tuple[tuple[str, int], ...]:
        """See `Filesystem.oversized`."""
        if self._wants is None:
            return ()
        long = [
            (path, len(node.content))
            for path, node in self._files()
            if any(fits(w, path) for w in self._wants) and not self._is_kept(path, node)
        ]
        return tuple(sorted(long))

    def _files(self) -> Iterator[tuple[str, Node]]:
        return ((path, node) for path, node in self._nodes.items() if node.type == "file")

    def _is_kept(self, path: str, node: Node) -> bool:
        if self._wants is None:
            return True
        return any(fits(want, path) and len(node.content) <= want.limit for want in self._wants)

    def entries(self, *, mode: int = 0) -> Iterator[FileEntry]:
        """See `Filesystem.entries`."""
        for path in sorted(self._nodes):
            entry = self.entry(path)
            assert entry is not None
            if not mode or entry.mode & mode:
                yield entry

    def entry(self, path: str) -> FileEntry | None:
        """See `Filesystem.entry`."""
        node = self._nodes.get(path)
        if node is None:
            return None
        size = len(node.content)
        mode = _TYPES[node.type] | node.mode
        return FileEntry(
            path=path,
            type=node.type,
            mode=mode,
            uid=node.uid,
            gid=node.gid,
            size=size,
            link=node.link,
            layer=node.layer,
        )

    def resolve(self, path: str) -> str | None:
        """See `Filesystem.resolve`."""
        left, here, followed = path.strip("/").split("/"), "/", 0
        while left:
            here = posixpath.normpath(posixpath.join(here, left.pop(0)))
            node = self._nodes.get(here)
            if node is None:
                return None
            if node.type == "symlink":
                followed += 1
                if followed > _MAX_LINKS:
                    return None
                target = posixpath.join(posixpath.dirname(here), node.link)
                left, here = [*target.strip("/").split("/"), *left], "/"
        return here

    def kept(self, want: Want) -> Iterator[str]:
        """See `Filesystem.kept`."""
        assert self._wants is None or want in self._wants, f"not declared: {want}"
        for path, node in sorted(self._files()):
            if fits(want, path) and len(node.content) <= want.limit and self._is_kept(path, node):
                yield path

    def behind_links(self) -> Iterator[FileEntry]:
        """See `Filesystem.behind_links`."""
        return iter(())

    def parts(self, name: str) -> Iterator[tuple[str, bytes]]:
        """See `Filesystem.parts`."""
        return iter(sorted(self._parts.get(name, {}).items()))

    def has(self, path: str) -> bool:
        """See `Filesystem.has`."""
        return self._content(path) is not None

    def read(self, path: str) -> bytes:
        """See `Filesystem.read`."""
        content = self._content(path)
        if content is None:
            raise ImageError(f"not kept: {path!r}")
        return content

    def _content(self, path: str) -> bytes | None:
        found = self.resolve(path)
        node = self._nodes.get(found) if found is not None else None
        if found is None or node is None or node.type != "file" or not self._is_kept(found, node):
            return None
        return node.content

    def open(self, path: str) -> BinaryIO:
        """See `Filesystem.open`."""
        return io.BytesIO(self.read(path))

    def checksum(self, path: str, algorithm: str) -> str | None:
        """See `Filesystem.checksum`."""
        node = self._nodes.get(path)
        if node is None or node.type != "file":
            return None
        return hashlib.new(algorithm, node.content, usedforsecurity=False).hexdigest()

    def without(self, path: str) -> Files:
        """The same filesystem with one path left out."""
        return Files({p: node for p, node in self._nodes.items() if p != path}, wants=self._wants)

    def in_layer(self, path: str, layer: int) -> Files:
        """The same filesystem with one path brought by another layer."""
        return Files({**self._nodes, path: replace(self._nodes[path], layer=layer)}, wants=self._wants)


def fits(want: Want, path: str) -> bool:
    """Whether a file at `path` is wanted, whatever its size."""
    name = path.rpartition("/")[2].lower()
    named = name in map(str.lower, want.names) or name.endswith(tuple(map(str.lower, want.suffixes)))
    if not named and (want.names or want.suffixes):
        return False
    return not want.pattern or re.fullmatch(want.pattern, path) is not None
