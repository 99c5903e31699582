"""
What Go writes into the programs that it builds: their modules, and its own version.

Source: `debug/buildinfo` of Go's standard library, for ELF. Programs of Go before 1.18 hold addresses of it
instead, which are not followed: they are told as not read.
"""

from __future__ import annotations

from collections.abc import Iterator
from struct import error, unpack_from

from anchore_gate.catalog.database import layer_of
from anchore_gate.image.filesystem import Filesystem
from anchore_gate.image.needs import MIB, Needs, Part
from anchore_gate.model.inventory import Distro, Package, Unknown
from anchore_gate.model.purl import purl
from anchore_gate.regex import regex
from anchore_gate.values import dataclass

_ELF = b"\x7fELF"
_MAGIC = b"\xff Go buildinf:"
_ALIGNED = 16  # bytes
_HEADERS = 4096  # bytes of a program that hold its headers
_HEAD = 32  # bytes of the build info before its texts
_MOST = MIB  # of build info; that of a program with 300 modules has 30 kB
_LOAD, _WRITABLE = 1, 2  # of program headers
_IS_INLINE = 2  # a flag of the build info
_DEVEL = "(devel)"
_RELEASE = regex(r"-X[ =]\S*\.(?:git|build|release)?[vV]ersion=v?(\d+\.\d+\.\d+[-+.0-9A-Za-z]*)")
_TOOLCHAIN = regex(r"go[0-9]\S*")


class _Faulty(ValueError):
    """Build info that is none."""


class _Reader:
    """See `PartReader`: finds the build info in the data of an ELF program."""

    def __init__(self) -> None:
        self.found = b""
        self._passed = 0  # bytes before what is at hand
        self._rest = b""  # the end of the last piece
        self._range: tuple[int, int] | None = None  # of the data, in the file

    def feed(self, piece: bytes | memoryview, /) -> bool:
        if self.found:
            self.found += bytes(piece)
            return self._goes_on()
        if self._range is None:
            piece, self._rest = self._rest + bytes(piece), b""
            if len(piece) < _HEADERS and _ELF.startswith(piece[: len(_ELF)]):
                self._rest = piece
                return True
            self._range = _data(piece[:_HEADERS])
        start, end = self._range
        last = self._passed + len(piece)
        if last > start and self._passed < end:
            at_hand = self._rest + bytes(piece)
            first = self._passed - len(self._rest)
            place = at_hand.find(_MAGIC, max(0, start - first))
            while place >= 0 and (first + place) % _ALIGNED:
                place = at_hand.find(_MAGIC, place + 1)
            if place >= 0:
                self.found = at_hand[place:]
                return self._goes_on()
            self._rest = at_hand[1 - len(_MAGIC) :]
        self._passed = last
        return last < end

    def _goes_on(self) -> bool:
        needed = _length(self.found)
        if needed is not None and len(self.found) >= needed:
            self.found = self.found[:needed]
            return False
        if len(self.found) < _MOST:
            return True
        self.found = self.found[:_HEAD]  # it is told as too long
        return False


def _data(head: bytes) -> tuple[int, int]:
    """Where the data of a program lies in its file, (0, 0) of what is no ELF program."""
    try:
        if not head.startswith(_ELF):
            return 0, 0
        order = "<" if head[5] == 1 else ">"
        is_64 = head[4] == 2
        table, size, count = (
            (*unpack_from(f"{order}Q", head, 32), *unpack_from(f"{order}HH", head, 54))
            if is_64
            else (*unpack_from(f"{order}I", head, 28), *unpack_from(f"{order}HH", head, 42))
        )
        ranges = []
        for number in range(count):
            at = table + number * size
            if is_64:
                kind, flags, offset = unpack_from(f"{order}IIQ", head, at)
                (length,) = unpack_from(f"{order}Q", head, at + 32)
            else:
                kind, offset = unpack_from(f"{order}II", head, at)
                length, flags = unpack_from(f"{order}I4xI", head, at + 16)
            if kind == _LOAD and flags & _WRITABLE:
                ranges.append((offset, offset + length))
    except (error, IndexError):
        return 0, 0
    return (min(ranges)[0], max(end for _, end in ranges)) if ranges else (0, 0)


def _length(found: bytes) -> int | None:
    """How many bytes the build info has, None where that is not known yet."""
    if len(found) < _HEAD:
        return None
    if not found[15] & _IS_INLINE:
        return _HEAD
    place: int | None = _HEAD
    for _ in range(2):
        size, place = _size(found, place or 0)
        if place is None:
            return None
        place += size
    return place


def _size(found: bytes, place: int) -> tuple[int, int | None]:
    """A length as a varint (`encoding/binary`), and the place behind it: None where it is cut."""
    size = shift = 0
    for byte in found[place : place + 10]:
        place += 1
        size |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:  # the highest bit says that more follows
            return size, place
    return _MOST, None


def _read(path: str, found: bytes, layer: int | None) -> Iterator[Package]:
    """Raises `_Faulty`."""
    length = _length(found)
    if length is None or length > len(found):
        raise _Faulty("its build info is cut or too long")
    if not found[15] & _IS_INLINE:
        raise _Faulty("built by Go before 1.18, whose build info is not read")
    size, place = _size(found, _HEAD)
    assert place is not None, "its length is known"
    version, rest = found[place : place + size], found[place + size :]
    framed = rest[_size(rest, 0)[1] or 0 :]  # its text stands between two marks of 16 bytes
    try:
        toolchain, text = version.decode(), framed[_ALIGNED:-_ALIGNED].decode()
    except UnicodeDecodeError as problem:
        raise _Faulty("its build info is no text") from problem
    modules = tuple(_modules(text))
    main = modules[-1][0] if modules else ""
    for name, of in modules:
        yield _package(name, of, path, layer, main)
    if known := _TOOLCHAIN.match(toolchain):
        yield _package("stdlib", known[0], path, layer, main)


def _modules(text: str) -> Iterator[tuple[str, str]]:
    """Names and versions: of what is linked in, at last of the program itself."""
    path = main = ""
    version = _DEVEL
    linked: list[tuple[str, str]] = []
    settings: dict[str, str] = {}
    for line in text.splitlines():
        word, *fields = line.split("\t")
        name, of = (*fields, "", "")[:2]
        match word:
            case "path":
                path = name
            case "mod":
                main, version = name, of or _DEVEL
            case "dep":
                linked.append((name, of))
            case "=>" if linked:  # by another module, or by a folder of whoever built it
                is_folder = name.startswith((".", "/"))
                linked[-1] = (linked[-1][0], _DEVEL) if is_folder else (name, of)
            case "build":
                key, _, value = name.partition("=")
                settings[key] = value
    yield from linked
    if main or path:
        yield main or path, _release(settings) if version == _DEVEL else version


def _release(settings: dict[str, str]) -> str:
    """The version of a program that was built from a checkout: what the linker was told, or the commit's."""
    told = _RELEASE.search(settings.get("-ldflags", ""))
    if told:
        return f"v{told[1]}"
    revision, moment = settings.get("vcs.revision", ""), settings.get("vcs.time", "")
    digits = "".join(filter(str.isdigit, moment))[:14]
    return f"v0.0.0-{digits}-{revision[:12]}" if revision and len(digits) == 14 else _DEVEL


def _package(name: str, version: str, path: str, layer: int | None, main: str) -> Package:
    plain = version.removeprefix("go") if name == "stdlib" else version
    namespace, _, base = name.rpartition("/")
    return Package(
        type="go-module",
        name=name,
        version=version,
        purl=purl("golang", namespace, base, "" if version == _DEVEL else plain),
        locations=(path,),
        layer=layer,
        cpes=(f"cpe:2.3:a:golang:go:{plain}:-:*:*:*:*:*:*",) if name == "stdlib" else (),
        main_module=main,
        found_by="go",
    )


@dataclass(frozen=True, slots=True)
class _Cataloger:
    name: str = "go"

    def needs(self) -> Needs:
        """See `Cataloger.needs`."""
        return Needs(parts=(_PART,))

    def catalog(
        self,
        files: Filesystem,
        distro: Distro | None,  # noqa: ARG002  # the shape's argument
        *,
        with_files: bool,  # noqa: ARG002  # the shape's argument
    ) -> Iterator[Package | Unknown]:
        """See `Cataloger.catalog`."""
        for path, found in files.parts(_PART.name):
            entry = files.entry(path)
            if entry is None or entry.is_hard_link:
                continue
            try:
                yield from tuple(_read(path, found, layer_of(files, path)))
            except _Faulty as problem:
                yield Unknown(path, self.name, str(problem))


_PART = Part(name="go", least=MIB, reader=_Reader)
CATALOGER = _Cataloger()
