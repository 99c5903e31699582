"""Layers on top of each other: the filesystem a container would see."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from anchore_gate.errors import ImageError
from anchore_gate.image.contents import NOTHING, Facts, LayerContents, Record
from anchore_gate.image.filesystem import ContentHit, FileEntry
from anchore_gate.image.needs import Want
from anchore_gate.image.plan import Plan
from anchore_gate.image.search import notes_on
from anchore_gate.image.spool import Spool
from anchore_gate.typed import BinaryIO

_MAX_LINKS = 40  # as Linux: a longer chain of symbolic links is ELOOP


class SquashedFilesystem:
    """See `Filesystem`. Layers are added from the top down."""

    def __init__(self, plan: Plan, spool: Spool) -> None:
        self._plan = plan
        self._spool = spool
        self._records: dict[str, Record] = {}
        self._facts: dict[str, Facts] = {}
        self._removed: set[str] = set()
        self._opaque: set[str] = set()
        self._hidden_folders: dict[str, bool] = {}
        self._folders: set[str] = set()  # what has something in it
        self._real = {""}  # folders that no link leads to or through, as far as somebody asked
        self._sorted: list[str] | None = None
        self._aliases: dict[str, tuple[str, int]] | None = None
        self._hits: tuple[ContentHit, ...] | None = None  # a thousand rules ask
        self._is_bare = True  # no layer yet: the top one, often the largest, has nothing over it
        self.links: dict[str, str] = {}  # hard links and what they lead to
        self.dangling: set[str] = set()  # those that lead out of their layer
        self.unseen: set[str] = set()  # those whose file was skipped because its own name is hidden

    def add(self, contents: LayerContents) -> None:
        """Put the next lower layer beneath what is there."""
        visible, replaced = self._split(contents.records)
        self._facts.update((path, facts) for path, facts in contents.facts.items() if path in visible)
        links = {path: target for path, target in contents.links.items() if path in visible}
        self.links.update(links)
        self.dangling |= contents.dangling & links.keys()
        self.unseen |= {path for path, target in links.items() if target in contents.skipped}
        self._is_bare = False
        self._records.update(visible)
        self._removed |= contents.removed | replaced
        self._opaque |= contents.opaque
        # A new dictionary, not an emptied one: a walk in another thread may hold the old one.
        self._hidden_folders = {}
        self._sorted = self._aliases = self._hits = None
        self._folders |= contents.folders()  # of hidden paths too: their folders replaced files
        self._real = {""}

    def _split(self, records: dict[str, Record]) -> tuple[dict[str, Record], set[str]]:
        """What can be seen, and what is hidden but still hides what lies beneath it in lower layers."""
        if self._is_bare:
            return records, set()
        visible, replaced = dict[str, Record](), set[str]()
        for path, record in records.items():
            type_ = record[0][0]
            # A folder that is only implied replaces a file, not a link: a runtime may write through that.
            if not self.covers(path) and (path not in self._folders or type_ in ("dir", "symlink")):
                visible[path] = record
            elif type_ != "dir":
                replaced.add(path)
        return visible, replaced

    def covers(self, path: str) -> bool:
        """Whether the layers added so far replace or remove what a lower layer has at `path`."""
        if self._is_bare:
            return False
        if path in self._records or path in self._removed:
            return True
        return self._hides(path.rpartition("/")[0] or "/", self._hidden_folders)

    def learn(self, path: str, facts: Facts, record: Record) -> None:
        """Put in what a second look at a file gave."""
        self._hits = None
        self._facts[path] = facts
        self._records[path] = record

    def facts(self, path: str) -> Facts:
        """What is known of the bytes at `path`."""
        return self._facts.get(path, NOTHING)

    def record(self, path: str) -> Record | None:
        """The raw entry."""
        return self._records.get(path)

    @property
    def hits(self) -> tuple[ContentHit, ...]:
        """See `Filesystem.hits`."""
        if self._hits is None:
            found = [
                ContentHit(
                    kind=search.kind,
                    name=search.name,
                    regex=search.regex,
                    path=path,
                    lines=lines,
                    layer=self._records[target][0][4],
                )
                for path, target in self._leading_to({path for path, one in self._facts.items() if one.hits})
                for number, lines in self._facts[target].hits
                for search in (self._plan.searches[number],)
            ]
            self._hits = tuple(sorted(found, key=lambda hit: (hit.path, hit.name, hit.kind, hit.regex)))
        return self._hits

    def _leading_to(self, targets: set[str]) -> Iterator[tuple[str, str]]:
        """The files, and every symbolic link to one of them: Anchore's search looks through links."""
        yield from ((path, path) for path in targets)
        if targets:
            for path in [path for path, record in self._records.items() if record[0][0] == "symlink"]:
                target = self.resolve(path)
                if target in targets:
                    yield path, target

    @property
    def oversized(self) -> tuple[tuple[str, int], ...]:
        """See `Filesystem.oversized`."""
        here = [(path, self._records[path][1]) for path, facts in self._facts.items() if facts.oversized]
        behind = [
            (path, size)
            for path, (target, wants) in self._wanted_links().items()
            if not self._plan.within(wants, size := self._records[target][1])
        ]
        return tuple(sorted(here + behind))

    @property
    def notes(self) -> tuple[str, ...]:
        """See `Filesystem.notes`."""
        reasons = [facts.unsearched for facts in self._facts.values() if facts.unsearched]
        return notes_on(reasons, self._plan.max_search)

    def entries(self, *, mode: int = 0) -> Iterator[FileEntry]:
        """See `Filesystem.entries`."""
        if mode:
            having = sorted(path for path, record in self._records.items() if record[0][1] & mode)
            return (self._entry(path, self._records[path]) for path in having)
        if self._sorted is None:
            self._sorted = sorted(self._records)
        return (self._entry(path, self._records[path]) for path in self._sorted)

    def entry(self, path: str) -> FileEntry | None:
        """See `Filesystem.entry`."""
        record = self._records.get(path)
        return None if record is None else self._entry(path, record)

    def resolve(self, path: str) -> str | None:
        """See `Filesystem.resolve`."""
        record = self._records.get(path)
        if record is not None and record[0][0] != "symlink" and self._is_real(path.rpartition("/")[0]):
            return path
        parts = [part for part in path.split("/") if part not in ("", ".")][::-1]
        here, links = "/", 0
        while parts:
            part = parts.pop()
            if part == "..":
                here = posixpath.dirname(here)
                continue
            there = posixpath.join(here, part)
            record = self._records.get(there)
            if record is not None and record[0][0] == "symlink":
                links += 1
                if links > _MAX_LINKS:
                    return None
                here = "/" if record[2].startswith("/") else here
                parts += [one for one in record[2].split("/") if one not in ("", ".")][::-1]
                continue
            is_known = record is not None or there in self._folders
            if not is_known or (parts and record and record[0][0] != "dir"):
                return self._beneath_link(path)
            here = there
        return here

    def _is_real(self, folder: str) -> bool:
        """Whether a folder that has something in it is what its path says, with no link on the way."""
        passed = []
        while folder not in self._real:
            record = self._records.get(folder)
            if record is not None and record[0][0] != "dir":
                return False
            passed.append(folder)
            folder = folder.rpartition("/")[0]
        self._real.update(passed)
        return True

    def kept(self, want: Want) -> Iterator[str]:
        """See `Filesystem.kept`."""
        bit = self._plan.bit(want)
        found = [path for path, facts in self._facts.items() if facts.kept & bit]
        for path, (target, wants) in self._wanted_links().items():
            if wants & bit and self._records[target][1] <= want.limit and self.has(target):
                found.append(path)
        return iter(sorted(found))

    def behind_links(self) -> Iterator[FileEntry]:
        """See `Filesystem.behind_links`."""
        for target, wants in self._wanted_links().values():
            record = self._records[target]
            if self.facts(target).content is None and self._plan.within(wants, record[1]):
                yield self._entry(target, record)

    def has(self, path: str) -> bool:
        """See `Filesystem.has`."""
        found = self.resolve(path)
        return found is not None and self.facts(found).content is not None

    def read(self, path: str) -> bytes:
        """See `Filesystem.read`."""
        with self.open(path) as stream:
            return stream.read()

    def open(self, path: str) -> BinaryIO:
        """See `Filesystem.open`."""
        found = self.resolve(path)
        content = self.facts(found).content if found is not None else None
        if content is None:
            raise ImageError(f"{path!r} was not kept")
        return self._spool.open(content)

    def parts(self, name: str) -> Iterator[tuple[str, bytes]]:
        """See `Filesystem.parts`."""
        having = sorted(path for path, one in self._facts.items() if one.parts and name in dict(one.parts))
        return ((path, self._spool.open(dict(self._facts[path].parts)[name]).read()) for path in having)

    def checksum(self, path: str, algorithm: str) -> str | None:
        """See `Filesystem.checksum`."""
        return dict(self.facts(path).checksums).get(algorithm)

    def _wanted_links(self) -> dict[str, tuple[str, int]]:
        """Wanted symbolic links to files: the file, and the wants that its own path does not fit."""
        if self._aliases is None:
            self._aliases = {}
            for path in [path for path, record in self._records.items() if record[0][0] == "symlink"]:
                wants = self._plan.wanted(path)
                target = self.resolve(path) if wants else None
                record = self._records.get(target) if target is not None else None
                if target is not None and record is not None and record[0][0] == "file":
                    wants &= ~self._plan.wanted(target)
                    if wants:
                        self._aliases[path] = target, wants
        return self._aliases

    def _beneath_link(self, path: str) -> str | None:
        """A file that one layer wrote beneath what another made a symbolic link: evidence is found."""
        normal = "/" + posixpath.normpath("/" + path).lstrip("/")
        record = self._records.get(normal)
        return normal if record is not None and record[0][0] != "symlink" else None

    def written_through(self) -> Iterator[tuple[str, str]]:
        """What lies beneath a symbolic link, and where a runtime has it: it writes through the link."""
        known = (path for path in self._folders if path in self._records)
        links = {path for path in known if self._records[path][0][0] == "symlink"}
        for path in self._records if links else ():
            folder = path.rpartition("/")[0]
            while folder and folder not in links:
                folder = folder.rpartition("/")[0]
            if folder:
                written = posixpath.join(posixpath.dirname(folder), self._records[folder][2])
                yield path, (self.resolve(folder) or posixpath.normpath(written)) + path[len(folder) :]

    def _hides(self, folder: str, known: dict[str, bool]) -> bool:
        """Whether what lies in `folder` in a lower layer is hidden."""
        passed = []
        while True:
            found = known.get(folder)
            if found is None:
                record = self._records.get(folder)
                is_gone = folder in self._removed or folder in self._opaque
                if is_gone or (record is not None and record[0][0] != "dir"):
                    found = True
                elif folder == "/":
                    found = False
            if found is not None:
                break
            passed.append(folder)
            folder = folder.rpartition("/")[0] or "/"
        known.update((one, found) for one in (folder, *passed))
        return found

    def _entry(self, path: str, record: Record) -> FileEntry:
        (type_, mode, uid, gid, layer), size, link = record
        return FileEntry(
            path=path,
            type=type_,
            mode=mode,
            uid=uid,
            gid=gid,
            size=size,
            link=link,
            layer=layer,
            is_hard_link=self._records.get(self.links.get(path, "")) is record,
        )
