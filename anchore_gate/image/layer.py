"""One layer's walk: what it adds, what it takes away, and what was kept of it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable

from anchore_gate.errors import ImageError, LimitExceeded
from anchore_gate.image.contents import NOTHING, Facts, Hits, LayerContents, Meta, Record, shared
from anchore_gate.image.limits import KIB, MAX_SPARSE_SIZE, MIB
from anchore_gate.image.plan import Plan
from anchore_gate.image.spool import Spool
from anchore_gate.image.tarheader import normal_path
from anchore_gate.image.tarsparse import expanded
from anchore_gate.image.tarstream import Member, TarStream
from anchore_gate.values import replace

_TOGETHER = 128 * KIB  # bytes of files that are searched in one go
_WHITEOUT = ".wh."
_OPAQUE = ".wh..wh..opq"
_BITS = {
    "file": 0o100000,
    "dir": 0o040000,
    "symlink": 0o120000,
    "chardev": 0o020000,
    "blockdev": 0o060000,
    "fifo": 0o010000,
}
_BINARY = Facts(unsearched="binary")
_LARGE = Facts(unsearched="large")


class LayerWalk:
    """Reads a layer's members as a runtime would unpack them."""

    def __init__(self, plan: Plan, spool: Spool, index: int, *, covered: Callable[[str], bool]) -> None:
        self.contents = LayerContents()
        self._plan = plan
        self._spool = spool
        self._index = index
        self._covered = covered
        self._search = plan.line_search() if plan.searches else None
        self._metas: dict[Meta, Meta] = {}
        self._waiting: list[tuple[str, Record, bytes]] | None = None  # files to be searched together
        self._waiting_size = 0

    def read(self, stream: TarStream, *, what: str) -> LayerContents:
        """Walk all members. Raises `ImageError`."""
        plan = self._plan
        records, facts, links = self.contents.records, self.contents.facts, self.contents.links
        self._waiting = []
        for member in stream.members():
            path = normal_path(member.name)
            if "/.wh." in path and self._whiteout(path, what):
                continue
            if path in records:  # the last one counts, and stands where it came
                del records[path]
                facts.pop(path, None)
                links.pop(path, None)
            if member.type == "file":
                records[path] = (self._meta(member, "file"), member.size, "")
                self._look_into(path, stream, member, plan.wanted(path), plan.algorithms(path))
            elif member.type == "link":
                self._search_waiting()
                self._link(path, normal_path(member.link), member, what)
            elif path != "/":
                link = member.link if member.type == "symlink" else ""
                records[path] = (self._meta(member, member.type), 0, link)
        self._search_waiting()
        for path in sorted(self.contents.dangling & links.keys()):
            if links[path] in records:  # it got what a lower layer has there, if that has anything
                raise ImageError(f"{what}: {path[:200]!r} is a hard link to what comes later in its layer")
        self.contents.drop_replaced()
        return self.contents

    def look_into(self, path: str, size: int, pieces: Iterable[bytes]) -> None:
        """Keep, search and sum up a file that comes from a folder."""
        plan = self._plan
        if plan.looks_into(size) or plan.wanted(path) or plan.algorithms(path):
            self._gather(path, size, pieces, plan.wanted(path), plan.algorithms(path))
        elif self._search is not None:
            self.contents.facts[path] = _LARGE

    def reread(self, stream: TarStream, names: dict[str, list[str]]) -> dict[str, Facts]:
        """
        Look into the files that other names, hard links, turned out to want: what is known by each name.

        A link has the bytes that its file had when the link was made, whatever took the file's name later.
        """
        found = self.contents.facts
        for member in stream.members():
            path = normal_path(member.name)
            found.pop(path, None)
            if member.type == "link" and (linked := found.get(normal_path(member.link))) is not None:
                found[path] = linked
            if member.type == "file" and path in names:
                mask, algorithms = 0, frozenset[str]()
                for one in names[path]:
                    mask |= self._plan.wanted(one)
                    algorithms |= self._plan.algorithms(one)
                self._look_into(path, stream, member, mask, algorithms, forced=True)
                found.setdefault(path, NOTHING)
        return found

    def _whiteout(self, path: str, what: str) -> bool:
        folder, _, base = path.rpartition("/")
        if not base.startswith(_WHITEOUT):
            return False
        if base == _OPAQUE:
            self.contents.opaque.add(folder or "/")
        elif not base.startswith(_WHITEOUT * 2):  # aufs kept its own marks under this prefix
            if base[len(_WHITEOUT) :] in ("", ".", ".."):
                raise ImageError(f"{what}: whiteout without a name: {path[:200]!r}")
            self.contents.removed.add(f"{folder}/{base[len(_WHITEOUT) :]}")
        return True

    def _link(self, path: str, target: str, member: Member, what: str) -> None:
        records, dangling = self.contents.records, self.contents.dangling
        first = self.contents.links.get(target, target)
        if path == first:  # or a link to what lay there: its bytes have no other name to be known by
            raise ImageError(f"{what}: {path[:200]!r} is a hard link to itself")
        self.contents.links[path] = first
        if target in dangling or records.get(first) is records.get(target):
            target = first  # else another file took the first name
        found = records.get(target)
        if found is None:
            dangling.add(path)
            records[path] = (self._meta(member, "file"), 0, "")
            return
        self._share(path, target, found)

    def _share(self, path: str, target: str, found: Record) -> None:
        self.contents.dangling.discard(path)
        self.contents.records[path] = found
        facts = shared(self.contents.facts.get(target, NOTHING), self._plan, path, found[1])
        if facts != NOTHING:
            self.contents.facts[path] = facts

    def _meta(self, member: Member, type_: str) -> Meta:
        meta = (type_, _BITS[type_] | member.mode, member.uid, member.gid, self._index)
        return self._metas.setdefault(meta, meta)

    def _look_into(
        self,
        path: str,
        stream: TarStream,
        member: Member,
        mask: int,
        algorithms: frozenset[str],
        *,
        forced: bool = False,
    ) -> None:
        """Learn what is asked of a file: its bytes by the wants of `mask`, its checksums, a search."""
        plan, size = self._plan, member.size
        if not mask and not algorithms and (not size or not plan.looks_into(size)):
            if self._search is not None and size:
                self.contents.facts[path] = _LARGE
            return
        if not forced and self._covered(path):
            self.contents.skipped.add(path)
            return
        if member.segments is not None:
            if size > MAX_SPARSE_SIZE and (algorithms or plan.within(mask, size)):
                raise LimitExceeded(f"{path[:200]!r}: a sparse file of {size} bytes")
            self._gather(path, size, expanded(stream.pieces(), member.segments, size), mask, algorithms)
            return
        body = stream.body(MIB)
        if body is not None:
            self._take(path, bytes(body), mask, algorithms)
            return
        self._gather(path, size, stream.pieces(), mask, algorithms)

    def _take(self, path: str, content: bytes, mask: int, algorithms: frozenset[str]) -> None:
        """A file that is in memory as a whole: nearly all are."""
        kept = self._plan.within(mask, len(content)) if mask else 0
        hits, unsearched = self._searched(path, content)
        parts = _Parts(self._plan, len(content))
        parts.feed(content)
        if mask or algorithms or hits or parts.found:
            self.contents.facts[path] = Facts(
                kept=kept,
                content=self._spool.add(content) if kept else None,
                oversized=kept != mask,
                hits=hits,
                unsearched=unsearched,
                checksums=tuple((name, _hash(name, content)) for name in sorted(algorithms)),
                parts=tuple((name, self._spool.add(found)) for name, found in parts.found),
            )
        elif unsearched:
            self.contents.facts[path] = _BINARY if unsearched == "binary" else _LARGE
        if self._waiting_size >= _TOGETHER:  # last: what is found is added to what is known of the file
            self._search_waiting()

    def _gather(
        self,
        path: str,
        size: int,
        pieces: Iterable[bytes | memoryview],
        mask: int,
        algorithms: frozenset[str],
    ) -> None:
        """A large file, in one pass over its pieces."""
        if size <= max(MIB, self._plan.max_search):
            # Each piece is good until the next is asked for, and `join` asks for all before it copies.
            self._take(path, b"".join(map(bytes, pieces)), mask, algorithms)
            return
        kept = self._plan.within(mask, size)
        hashes = {name: hashlib.new(name, usedforsecurity=False) for name in sorted(algorithms)}

        parts = _Parts(self._plan, size)

        def passed() -> Iterable[bytes | memoryview]:
            for piece in pieces:
                for one in hashes.values():
                    one.update(piece)
                parts.feed(piece)
                yield piece

        content = self._spool.add_pieces(passed(), size) if kept else None
        if not kept:
            all(hashes or parts.waiting for _ in passed())
        self.contents.facts[path] = Facts(
            kept=kept,
            content=content,
            oversized=kept != mask,
            unsearched="large" if self._search is not None else "",
            checksums=tuple((name, one.hexdigest()) for name, one in hashes.items()),
            parts=tuple((name, self._spool.add(found)) for name, found in parts.found),
        )

    def _searched(self, path: str, content: bytes) -> tuple[Hits, str]:
        if self._search is None:
            return (), ""
        if len(content) > self._search.max_size:
            return (), "large"
        if self._search.leaves_out(content):
            return (), "binary"
        if self._waiting is None:
            return self._search.find(content), ""
        self._waiting.append((path, self.contents.records[path], content))
        self._waiting_size += len(content)
        return (), ""

    def _search_waiting(self) -> None:
        """Search the files that were put aside, and add what is found to what is known of them."""
        waiting, self._waiting, self._waiting_size = self._waiting or [], [], 0
        if self._search is None or not waiting:
            return
        facts = self.contents.facts
        for number in self._search.suspects([content for _, _, content in waiting]):
            path, record, content = waiting[number]
            hits = self._search.find(content)
            if hits and self.contents.records.get(path) is record:  # no later member took its place
                facts[path] = replace(facts.get(path, NOTHING), hits=hits)


class _Parts:
    """Looks for the parts that are kept of a file."""

    def __init__(self, plan: Plan, size: int) -> None:
        self._readers = [(one.name, one.reader()) for one in plan.parts if size >= one.least]
        self.waiting = [reader for _, reader in self._readers]

    def feed(self, piece: bytes | memoryview) -> None:
        self.waiting = [one for one in self.waiting if one.feed(piece)]

    @property
    def found(self) -> tuple[tuple[str, bytes], ...]:
        return tuple((name, reader.found) for name, reader in self._readers if reader.found)


def _hash(algorithm: str, content: bytes) -> str:
    return hashlib.new(algorithm, content, usedforsecurity=False).hexdigest()
