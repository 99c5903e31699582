"""Alpine packages, from `lib/apk/db/installed`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from anchore_gate.catalog.cataloger import Ownership
from anchore_gate.catalog.database import BadDatabase, Budget, databases, empty, layer_of, unreadable
from anchore_gate.catalog.distro import distro_qualifier
from anchore_gate.image.filesystem import Filesystem
from anchore_gate.image.needs import MIB, Needs, Want
from anchore_gate.model.inventory import Distro, Package, PackageFile, Unknown
from anchore_gate.model.purl import purl
from anchore_gate.regex import regex

MAX_DATABASE = 128 * MIB

_WANT = Want(names=frozenset({"installed"}), pattern=r"(?:/.*)?/lib/apk/db/installed", limit=MAX_DATABASE)
_PLACES = (Want.exact("/lib/apk/db/installed", limit=MAX_DATABASE),)
_REPOSITORIES = Want.exact("/etc/apk/repositories", limit=MIB)
_SYSTEM = frozenset({"/lib/apk/db", "/usr/lib/apk/db"})
_FIELD = regex(r"^([A-Za-z]):(.*)$", re.MULTILINE)
_BRANCH = regex(r"^[ \t]*https?://\S+/alpine/v(\d+\.\d+)/", re.MULTILINE)


class ApkCataloger:
    """See `Cataloger`."""

    name = "apk"

    def needs(self) -> Needs:
        """See `Cataloger.needs`."""
        return Needs(wants=(_WANT, *_PLACES, _REPOSITORIES))

    def catalog(
        self, files: Filesystem, distro: Distro | None, *, with_files: bool
    ) -> Iterator[Package | Ownership | Unknown]:
        """See `Cataloger.catalog`."""
        distro = distro or _from_repositories(files)
        for path in databases(files, _WANT, system=_SYSTEM, cataloger=self.name, places=_PLACES):
            if isinstance(path, Unknown):
                yield path
                continue
            try:
                yield from _read(files, path, distro, with_files=with_files)
            except BadDatabase as problem:
                yield unreadable(path, str(problem), system=_SYSTEM, cataloger=self.name)


CATALOGER = ApkCataloger()


def _from_repositories(files: Filesystem) -> Distro | None:
    """Without a release file, the first Alpine branch that packages come from."""
    if not files.has("/etc/apk/repositories"):
        return None
    found = _BRANCH.search(files.read("/etc/apk/repositories").decode("utf-8", "replace"))
    return Distro(id="alpine", name="Alpine Linux", version_id=found[1]) if found else None


def _read(
    files: Filesystem, path: str, distro: Distro | None, *, with_files: bool
) -> Iterator[Package | Ownership | Unknown]:
    text = files.read(path).decode("utf-8", "replace")
    count, budget = 0, Budget()
    for paragraph in text.split("\n\n"):
        if not paragraph.strip():
            continue
        # The fields of the package stand before its first folder (apk-tools, database.c)
        head, _, tail = f"\n{paragraph}".partition("\nF:")
        fields = dict(_FIELD.findall(head))
        if not fields.get("P") or not fields.get("V"):
            yield Unknown(path, "apk", "an entry without name or version")
            continue
        budget.package()
        owned = tuple(budget.counted(_paths(f"F:{tail}"))) if tail else ()
        package = _package(fields, path, distro, layer_of(files, path, owned))
        count += 1
        yield package
        recorded = tuple(_files(f"F:{tail}")) if with_files and tail else ()
        yield Ownership(package, frozenset(owned), recorded)
    if not count:
        yield empty(path, text, system=_SYSTEM, cataloger="apk")


def _package(fields: dict[str, str], path: str, distro: Distro | None, layer: int | None) -> Package:
    name, version, origin = fields["P"], fields["V"], fields.get("o", "")
    upstream = "" if origin == name else origin
    architecture = fields.get("A", "")
    qualifiers = {"arch": architecture, "upstream": upstream, "distro": distro_qualifier(distro)}
    return Package(
        type="apk",
        name=name,
        version=version,
        purl=purl("apk", distro.id if distro else "alpine", name, version, qualifiers),
        architecture=architecture,
        licenses=_licenses(fields.get("L", "")),
        locations=(path,),
        layer=layer,
        upstream=upstream,
        maintainer=fields.get("m", ""),
        found_by="apk",
    )


def _licenses(text: str) -> tuple[str, ...]:
    """An SPDX expression as it is; an older list of words, word by word."""
    text = text.strip()
    words = text.split()
    if len(words) < 2 or any(word.upper() in {"AND", "OR", "WITH"} for word in words):
        return (text,) if text else ()
    return tuple(dict.fromkeys(words))


def _paths(listing: str) -> Iterator[str]:
    """Files and folders, absolute."""
    folder = "/"
    for line in listing.split("\n"):
        if line.startswith("R:"):
            yield f"{folder}{line[2:]}"
        elif line.startswith("F:"):
            name = line[2:].strip("/")
            folder = f"/{name}/" if name else "/"
            if name:
                yield f"/{name}"


def _files(listing: str) -> Iterator[PackageFile]:
    """Files and folders with what `F:`/`M:` and `R:`/`a:`/`Z:` lines say of them."""
    folder, fields = "/", dict[str, str]()
    for line in listing.split("\n"):
        key, _, value = line.partition(":")
        if key in {"F", "R"}:
            if fields:
                yield _file(fields)
            if key == "F":
                folder = f"/{value.strip('/')}/" if value.strip("/") else "/"
            path = folder.rstrip("/") if key == "F" else f"{folder}{value}"
            fields = {"path": path or "/", "type": "dir" if key == "F" else "file"}
        elif key in {"M", "a", "Z"}:
            fields[key] = value
    if fields:
        yield _file(fields)


def _file(fields: dict[str, str]) -> PackageFile:
    is_folder = fields["type"] == "dir"
    user, group, mode = _owner(fields.get("M" if is_folder else "a", ""))
    digest, algorithm = _checksum(fields.get("Z", ""))
    # A file without an `a:` line has root:root 644, a folder without `M:` 755 (apk-tools, database.c)
    default = 0o755 if is_folder else 0o644
    return PackageFile(
        path=fields["path"],
        digest="" if is_folder else digest,
        algorithm="" if is_folder else algorithm,
        mode=default if mode is None else mode,
        user=user or "0",
        group=group or "0",
        type=fields["type"],
    )


def _owner(value: str) -> tuple[str, str, int | None]:
    user, _, rest = value.partition(":")
    group, _, rest = rest.partition(":")
    mode = rest.partition(":")[0]
    is_octal = 0 < len(mode) <= 6 and all(digit in "01234567" for digit in mode)
    return user, group, int(mode, 8) if is_octal else None


def _checksum(value: str) -> tuple[str, str]:
    """`Q1` + base64 is SHA-1, `Q2` SHA-256; bare hex is the MD5 of old databases."""
    algorithm = {"Q1": "sha1", "Q2": "sha256"}.get(value[:2])
    if algorithm is None:
        return (value.lower(), "md5") if re.fullmatch(r"[0-9a-fA-F]{32}", value) else ("", "")
    import base64
    import binascii

    try:
        return base64.b64decode(value[2:], validate=True).hex(), algorithm
    except (binascii.Error, ValueError):
        return "", ""
