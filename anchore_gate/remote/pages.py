"""Lists that come in pages, and the several ways to say that there is another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from anchore_gate.errors import RemoteError
from anchore_gate.remote.client import Client
from anchore_gate.remote.values import listing
from anchore_gate.typed import Any

MAX_PAGES = 10_000
# Where an envelope keeps its entries.
_PLACES = ("items", "results", "images", "vulnerabilities", "content", "service_states")
_NO_MORE = frozenset({"", "false", "none", "null", "0"})


def rows(client: Client, path: str, query: Mapping[str, str] | None = None) -> Iterator[Any]:
    """
    Every entry of a list: of a bare array, or of an envelope and of the pages that follow it.

    What stands on a page that nobody reads would be hidden, so pages are asked for as long as the service
    names one. Raises `RemoteError`.
    """
    page = 1
    for _ in range(MAX_PAGES):
        asked = {**(query or {}), **({"page": str(page)} if page > 1 else {})}
        raw = client.get(path, asked)
        yield from entries(raw, path)
        following = _next(raw.get("next_page"), page, path) if isinstance(raw, dict) else None
        if following is None:
            return
        page = following
    raise RemoteError(f"{path}: the list has more than {MAX_PAGES} pages")


def entries(raw: Any, what: str) -> list[Any]:
    """What a list holds, an array or an envelope. Raises `RemoteError`."""
    if isinstance(raw, dict):
        raw = next((raw[name] for name in _PLACES if name in raw), None)
    return listing(raw, what)


def _next(said: Any, page: int, path: str) -> int | None:
    """The page after `page`: `/events` says true or false, `/query` a number as text, others a number."""
    if said is None or said is False or (isinstance(said, str) and said.strip().lower() in _NO_MORE):
        return None
    if isinstance(said, str) and said.isascii() and said.isdigit():
        said = int(said[:18])
    if not isinstance(said, int) or isinstance(said, bool):
        return page + 1
    if said == 0:
        return None
    if said <= page:
        raise RemoteError(f"{path}: the service names page {said} after page {page}")
    return said
