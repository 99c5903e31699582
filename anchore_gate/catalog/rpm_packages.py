"""RPM packages, from the three formats of rpm's database and the list of distroless Mariner."""

from __future__ import annotations

from collections.abc import Iterator

from anchore_gate.catalog import rpm_bdb, rpm_ndb, rpm_sqlite
from anchore_gate.catalog.cataloger import Ownership
from anchore_gate.catalog.database import (
    MAX_PACKAGES,
    BadDatabase,
    Budget,
    empty,
    layer_of,
)
from anchore_gate.catalog.distro import distro_qualifier
from anchore_gate.catalog.rpm import SYSTEM
from anchore_gate.catalog.rpm_files import recorded_files
from anchore_gate.catalog.rpm_header import Header, Tag, parse
from anchore_gate.image.filesystem import Filesystem
from anchore_gate.model.inventory import Distro, Package, Unknown
from anchore_gate.model.purl import purl
from anchore_gate.regex import regex

_SOURCE = regex(r"(.+)-([^-]+-[^-]+?)(?:\.(?:no)?src\.rpm)?")


def _headers(files: Filesystem, path: str) -> Iterator[bytes]:
    content = files.read(path)
    if path.endswith("/Packages"):
        return rpm_bdb.headers(content)
    if path.endswith("/Packages.db"):
        return rpm_ndb.headers(content)
    log = f"{path}-wal"
    if any(oversized == log for oversized, _ in files.oversized):
        raise BadDatabase("its write-ahead log is too large")
    return rpm_sqlite.headers(content, files.read(log) if files.has(log) else b"")


def read(
    files: Filesystem, path: str, distro: Distro | None, *, with_files: bool
) -> Iterator[Package | Ownership | Unknown]:
    """
    Yield what a database holds, and what each package owns.

    Raises `BadDatabase` or `struct.error` for a damaged one.
    """
    budget, is_empty = Budget(), True
    for blob in _headers(files, path):
        is_empty = False
        budget.package()
        header = parse(blob)
        owned = tuple(budget.counted(header.paths()))
        package = _package(header, path, distro, layer_of(files, path, owned))
        yield package
        yield Ownership(package, frozenset(owned), tuple(recorded_files(header)) if with_files else ())
    if is_empty:
        yield Unknown(path, "rpm", "no packages in it")


def _package(header: Header, path: str, distro: Distro | None, layer: int | None) -> Package:
    name, version = header.text(Tag.NAME), header.text(Tag.VERSION)
    if not name or not version:
        raise BadDatabase("a package without name or version")
    terms = _given(header.text(Tag.LICENSE))
    return _built(
        name=name,
        version=f"{version}-{header.text(Tag.RELEASE)}",
        epoch=header.integer(Tag.EPOCH),
        architecture=header.text(Tag.ARCH),
        source=_given(header.text(Tag.SOURCERPM)),
        vendor=_given(header.text(Tag.VENDOR)),
        maintainer=_given(header.text(Tag.PACKAGER)),
        licenses=(terms,) if terms else (),
        modularity=header.text(Tag.MODULARITYLABEL),
        path=path,
        distro=distro,
        layer=layer,
    )


def _built(
    *,
    name: str,
    version: str,
    epoch: int | None,
    architecture: str,
    source: str,
    vendor: str,
    path: str,
    distro: Distro | None,
    layer: int | None,
    maintainer: str = "",
    licenses: tuple[str, ...] = (),
    modularity: str | None = None,
) -> Package:
    found = _SOURCE.fullmatch(source)
    upstream, upstream_version = (found[1], found[2]) if found else ("", "")
    qualifiers = {
        "arch": architecture,
        "epoch": "" if epoch is None else str(epoch),
        "upstream": source,
        "distro": distro_qualifier(distro),
    }
    namespace = distro.id if distro else ""
    return Package(
        type="rpm",
        name=name,
        version=version if epoch is None else f"{epoch}:{version}",
        purl=purl("rpm", "redhat" if namespace == "rhel" else namespace, name, version, qualifiers),
        architecture=architecture,
        licenses=licenses,
        locations=(path,),
        layer=layer,
        upstream="" if upstream == name else upstream,
        upstream_version="" if upstream_version == version else upstream_version,
        epoch=epoch,
        modularity=modularity,
        vendor=vendor,
        maintainer=maintainer,
        found_by="rpm",
    )


def manifest(files: Filesystem, path: str, distro: Distro | None) -> Iterator[Package | Unknown]:
    """`rpm -qa` in tab-separated columns: name, version, times, vendor, epoch, size, arch, …, source."""
    count = 0
    text = files.read(path).decode("utf-8", "replace")
    for line in text.splitlines()[:MAX_PACKAGES]:
        columns = line.split("\t")
        if len(columns) < 10 or not columns[0] or "-" not in columns[1]:
            yield Unknown(path, "rpm", f"not a package: {line[:100]!r}")
            continue
        count += 1
        epoch = columns[5]
        yield _built(
            name=columns[0],
            version=columns[1],
            epoch=int(epoch) if epoch.isascii() and epoch.isdigit() and len(epoch) < 10 else None,
            architecture=columns[7],
            source=_given(columns[9]),
            vendor=_given(columns[4]),
            path=path,
            distro=distro,
            layer=layer_of(files, path),
        )
    if not count:
        yield empty(path, text, system=SYSTEM, cataloger="rpm")


def _given(text: str) -> str:
    return "" if text == "(none)" else text
