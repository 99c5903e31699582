"""A daemon that answers as clamd does (clamd(8), "INSTREAM"), and knows what it is told."""

from __future__ import annotations

import socket
import struct
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def clamd(known: Mapping[bytes, str], *, answer: bytes = b"") -> Iterator[Path]:
    """
    Its local socket. `known` are contents and their signatures.

    `answer` is what it says whatever it gets.
    """
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as listener:
        place = Path(folder) / "clamd.ctl"
        listener.bind(str(place))
        listener.listen()
        thread = threading.Thread(target=_serve, args=(listener, known, answer))
        thread.start()
        try:
            yield place
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def _serve(listener: socket.socket, known: Mapping[bytes, str], answer: bytes) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        with connection, connection.makefile("rb") as stream:
            assert stream.read(10) == b"zINSTREAM\0"
            content = b""
            while (size := struct.unpack("!L", stream.read(4))[0]) > 0:
                content += stream.read(size)
            signature = next((name for text, name in known.items() if text in content), None)
            verdict = b"OK" if signature is None else f"{signature} FOUND".encode()
            connection.sendall(answer or b"stream: " + verdict + b"\0")
