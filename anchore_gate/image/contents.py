"""What a layer holds: its members, what it takes away, and what was learnt from the bytes of files."""

from __future__ import annotations

from collections.abc import Iterator

from anchore_gate.image.plan import Plan
from anchore_gate.image.spool import Content
from anchore_gate.values import dataclass, field, replace

Meta = tuple[str, int, int, int, int]  # type, mode, uid, gid, layer: shared by many files
Record = tuple[Meta, int, str]  # meta, size, link
Hits = tuple[tuple[int, tuple[int, ...]], ...]  # number of the search, lines


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What was learnt from a file's bytes."""

    kept: int = 0  # the wants it was kept for
    content: Content | None = None
    oversized: bool = False  # longer than a want allows
    hits: Hits = ()
    unsearched: str = ""  # why it was not searched: `large`, `binary`
    checksums: tuple[tuple[str, str], ...] = ()  # algorithm, hex
    parts: tuple[tuple[str, Content], ...] = ()  # name, what was found


NOTHING = Facts()


@dataclass(slots=True)
class LayerContents:
    """What one layer holds; filled by its walk."""

    records: dict[str, Record] = field(default_factory=dict)
    removed: set[str] = field(default_factory=set)  # whited out
    opaque: set[str] = field(default_factory=set)  # directories that hide what lies below
    facts: dict[str, Facts] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)  # hard links and what they lead to
    skipped: set[str] = field(default_factory=set)  # not looked into: a higher layer hides them
    dangling: set[str] = field(default_factory=set)  # hard links to what no member before them brought
    _folders: set[str] | None = None

    def folders(self) -> set[str]:
        """What has something in it: asked for when the walk is over."""
        if self._folders is None:
            self._folders = set()
            for path in self.records:
                while (path := path.rpartition("/")[0]) and path not in self._folders:
                    self._folders.add(path)
        return self._folders

    def drop_replaced(self) -> None:
        """Forget what lay in a folder that a later member of the layer, no folder, replaced."""
        folders = self.folders()
        replacing = {path for path in folders & self.records.keys() if self.records[path][0][0] != "dir"}
        if not replacing:
            return
        self._folders = None
        order = {path: number for number, path in enumerate(self.records)}
        for path, number in order.items():
            if any(order[folder] > number for folder in _folders_of(path) if folder in replacing):
                del self.records[path]
                self.facts.pop(path, None)
                self.links.pop(path, None)
                self.dangling.discard(path)


def shared(facts: Facts, plan: Plan, path: str, size: int) -> Facts:
    """What is known of a hard link at `path`, from what is known of the file it leads to."""
    mask = plan.wanted(path)
    fitting = plan.within(mask, size)
    content = facts.content if fitting else None
    return replace(
        facts, kept=fitting if content is not None else 0, content=content, oversized=fitting != mask
    )


def _folders_of(path: str) -> Iterator[str]:
    while path := path.rpartition("/")[0]:
        yield path
