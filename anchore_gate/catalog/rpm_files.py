"""The files of an RPM package as its header records them, as `rpm --verify` would look at them."""

from __future__ import annotations

import stat
from collections.abc import Iterator

from anchore_gate.catalog.database import BadDatabase
from anchore_gate.catalog.rpm_header import Header, Tag
from anchore_gate.model.inventory import PackageFile
from anchore_gate.typed import TypeVar

_ALGORITHMS = {1: "md5", 2: "sha1", 8: "sha256", 9: "sha384", 10: "sha512"}  # RFC 4880, section 9.4
_CONFIG, _GHOST = 1, 1 << 6  # rpmfileAttrs
_DIGEST, _SIZE, _MODE = 1, 1 << 1, 1 << 6  # rpmVerifyAttrs: what a package asks to be compared
_ALL = 0xFFFFFFFF
_T = TypeVar("_T")
_INSTALLED = 0  # rpmfileState; others are replaced, left out (as with `nodocs`) or of another arch


def recorded_files(header: Header) -> Iterator[PackageFile]:
    """The files that were installed, ghosts left out. Raises `BadDatabase`."""
    paths = tuple(header.paths())
    count = len(paths)
    algorithm = _ALGORITHMS.get(header.integer(Tag.FILEDIGESTALGO) or 1, "")
    columns = zip(
        paths,
        _column(header.integers(Tag.FILESTATES), count, _INSTALLED),
        _column(header.integers(Tag.FILEFLAGS), count, 0),
        _column(header.integers(Tag.FILEVERIFYFLAGS), count, _ALL),
        _column(header.integers(Tag.FILEMODES), count, 0),
        _column(header.integers(Tag.LONGFILESIZES) or header.integers(Tag.FILESIZES), count, 0),
        _column(header.texts(Tag.FILEDIGESTS), count, ""),
        _column(header.texts(Tag.FILEUSERNAME), count, ""),
        _column(header.texts(Tag.FILEGROUPNAME), count, ""),
        strict=True,
    )
    for path, state, flags, verify, mode, size, digest, user, group in columns:
        if state != _INSTALLED or flags & _GHOST:
            continue
        digest = digest if verify & _DIGEST else ""
        yield PackageFile(
            path=path,
            digest=digest,
            algorithm=algorithm if digest else "",
            mode=mode if mode and verify & _MODE else None,
            size=size if stat.S_ISREG(mode) and verify & _SIZE else None,
            user=user,
            group=group,
            is_config=bool(flags & _CONFIG),
            type="dir" if stat.S_ISDIR(mode) else "link" if stat.S_ISLNK(mode) else "file",
        )


def _column(values: tuple[_T, ...], count: int, default: _T) -> tuple[_T, ...]:
    if values and len(values) != count:
        raise BadDatabase(f"{len(values)} values for {count} files")
    return values or (default,) * count
