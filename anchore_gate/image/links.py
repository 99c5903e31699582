"""Wanted files that lie behind symbolic links: where these lead is only known when the scan is over."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from anchore_gate.errors import LimitExceeded
from anchore_gate.image.filesystem import Filesystem
from anchore_gate.image.needs import Needs, Want
from anchore_gate.image.source import OpenImage
from anchore_gate.values import replace

MAX_BEHIND = 1000  # files behind links that are wanted by a pattern


def scan(opened: OpenImage, needs: Needs) -> Filesystem:
    """
    Scan an image, and once more where a wanted path leads to a file that nobody asked for.

    Else an `/etc/passwd` that is a link would keep its accounts from the policy. Raises as `OpenImage.scan`.
    """
    files = opened.scan(needs)
    behind = (*_behind(files, needs.wants), *_evidence(files, needs.wants))
    return opened.scan(replace(needs, wants=(*needs.wants, *behind))) if behind else files


def _behind(files: Filesystem, wants: Iterable[Want]) -> Iterator[Want]:
    for want in wants:
        if not want.path or files.has(want.path):
            continue
        found = files.resolve(want.path)
        entry = files.entry(found) if found is not None and found != want.path else None
        if entry is not None and entry.type == "file" and entry.size <= want.limit:
            yield Want.exact(entry.path, limit=want.limit)


def _evidence(files: Filesystem, wants: Iterable[Want]) -> Iterator[Want]:
    """One want of all files behind links that patterns want. Raises `LimitExceeded`."""
    entries = {entry.path: entry for entry in files.behind_links()}
    if len(entries) > MAX_BEHIND:
        raise LimitExceeded(f"{len(entries)} wanted files lie behind symbolic links, more than {MAX_BEHIND}")
    if entries:
        yield Want(
            names=frozenset(path.rpartition("/")[2] for path in entries),
            pattern="|".join(re.escape(path) for path in sorted(entries)),
            limit=max(want.limit for want in wants),
        )
