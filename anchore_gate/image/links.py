"""Wanted files that lie behind symbolic links: where these lead is only known when the scan is over."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from anchore_gate.image.filesystem import Filesystem
from anchore_gate.image.needs import Needs, Want
from anchore_gate.image.source import OpenImage
from anchore_gate.values import replace


def scan(opened: OpenImage, needs: Needs) -> Filesystem:
    """
    Scan an image, and once more where a single wanted path leads to a file that nobody asked for.

    Else an `/etc/passwd` that is a link would keep its accounts from the policy. Raises as `OpenImage.scan`.
    """
    files = opened.scan(needs)
    behind = tuple(_behind(files, needs.wants))
    return opened.scan(replace(needs, wants=(*needs.wants, *behind))) if behind else files


def _behind(files: Filesystem, wants: Iterable[Want]) -> Iterator[Want]:
    for want in wants:
        if not want.path or files.has(want.path):
            continue
        found = files.resolve(want.path)
        entry = files.entry(found) if found is not None and found != want.path else None
        if entry is not None and entry.type == "file" and entry.size <= want.limit:
            yield Want.exact(entry.path, limit=want.limit)
