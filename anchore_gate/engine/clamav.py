"""ClamAV's daemon: an image's files are sent to it over its local socket (clamd(8), "INSTREAM")."""

from __future__ import annotations

import socket
import stat
import struct
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from anchore_gate.errors import ConfigError, ImageError
from anchore_gate.image.filesystem import Filesystem
from anchore_gate.image.needs import MIB, Needs, Want
from anchore_gate.policy.trigger import MalwareFinding
from anchore_gate.typed import BinaryIO
from anchore_gate.values import dataclass

# Where Debian, Fedora and Alpine put it
PLACES = (Path("/run/clamav/clamd.ctl"), Path("/run/clamd.scan/clamd.sock"), Path("/run/clamav/clamd.sock"))
# clamd.conf(5): StreamMaxLength is 25M in the configuration that distributions ship
_LARGEST = 25 * MIB
_EVERY_FILE = Want(limit=_LARGEST)
_PIECE = 64 * 1024
_PATIENCE = 120.0  # seconds; clamd unpacks archives before it answers
_LONGEST_ANSWER = 4096


@dataclass(frozen=True, slots=True)
class Scanner:
    """A clamd that can be asked."""

    place: Path

    @property
    def needs(self) -> Needs:
        """Every file, up to the size that clamd takes."""
        return Needs(wants=(_EVERY_FILE,), malware=True)

    def scan(self, files: Filesystem) -> tuple[MalwareFinding, ...]:
        """What it knows among the files, by path. Raises `ImageError` when a file could not be scanned."""
        return tuple(self._findings(files))

    def notes(self, files: Filesystem) -> tuple[str, ...]:
        """What was not scanned, in words."""
        large = sum(size > _LARGEST for _, size in files.oversized)
        return (
            (f"{large} files larger than {_LARGEST // MIB} MiB were not scanned for malware",)
            if large
            else ()
        )

    def _findings(self, files: Filesystem) -> Iterator[MalwareFinding]:
        for path in files.kept(_EVERY_FILE):
            with files.open(path) as content:
                answer = self._ask(content)
            verdict = answer.removeprefix("stream: ")
            if verdict.endswith(" FOUND"):
                yield MalwareFinding(scanner="clamav", path=path, signature=verdict.removesuffix(" FOUND"))
            elif verdict != "OK":
                advice = " (raise StreamMaxLength in clamd.conf)" if "size limit" in verdict else ""
                said = f"clamd said {answer[:200]!r}{advice}"
                raise ImageError(f"the malware scan of {path[:200]!r} failed: {said}")

    def _ask(self, content: BinaryIO) -> str:
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
                connection.settimeout(_PATIENCE)
                connection.connect(str(self.place))
                with suppress(BrokenPipeError, ConnectionResetError):  # it says why before it hangs up
                    connection.sendall(b"zINSTREAM\0")
                    while piece := content.read(_PIECE):
                        connection.sendall(struct.pack("!L", len(piece)) + piece)
                    connection.sendall(struct.pack("!L", 0))
                return _answer(connection)
        except OSError as problem:
            raise ImageError(f"the malware scan failed: clamd at {self.place}: {problem}") from problem


def find_scanner(place: Path | None, *, required: bool) -> Scanner | None:
    """
    The clamd at a place, or where distributions put it; None where there is none.

    Raises `ConfigError` when there is none at the place that is named, or where it is required.
    """
    places = PLACES if place is None else (place,)
    found = next((one for one in places if _is_socket(one)), None)
    if found is None and (required or place is not None):
        raise ConfigError(f"no clamd at {', '.join(map(str, places))}: the malware scan cannot run")
    return Scanner(found) if found is not None else None


def _is_socket(place: Path) -> bool:
    try:
        return stat.S_ISSOCK(place.stat().st_mode)
    except OSError:
        return False


def _answer(connection: socket.socket) -> str:
    text = b""
    while not text.endswith(b"\0") and len(text) < _LONGEST_ANSWER:
        piece = connection.recv(_LONGEST_ANSWER)
        if not piece:
            break
        text += piece
    return text.rstrip(b"\0\n").decode("utf-8", "replace")
