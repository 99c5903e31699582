"""Small HTTP servers on 127.0.0.1 that answer as a test tells them to."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BufferedIOBase
from pathlib import Path


@dataclass
class Asked:
    """One request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]  # names in lower case
    body: bytes = b""


@dataclass
class Reply:
    """One answer; `cut` closes the connection after so many bytes of the body."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    cut: int | None = None
    endless: bool = False
    drip: float = 0.0  # seconds between the bytes of the body

    def write(self, stream: BufferedIOBase) -> None:
        """The body, at once or byte by byte."""
        whole = self.body if self.cut is None else self.body[: self.cut]
        if not self.drip:
            stream.write(whole)
            return
        for place in range(len(whole)):
            stream.write(whole[place : place + 1])
            time.sleep(self.drip)


Respond = Callable[[Asked], Reply]


@dataclass
class Site:
    """A running server and what it was asked."""

    host: str
    scheme: str
    asked: list[Asked]

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.host}"


@contextmanager
def serve(
    respond: Respond,
    *,
    certificate: Path | None = None,
    client_ca: Path | None = None,
    address: str = "127.0.0.1",
) -> Iterator[Site]:
    """
    Answer with `respond` until the `with` ends; with TLS where a certificate (and key) file is given.

    `client_ca` signs the certificates that clients must show.
    """
    asked: list[Asked] = []
    server = ThreadingHTTPServer((address, 0), _handler(respond, asked))
    server.daemon_threads = True
    scheme = "http"
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        if client_ca is not None:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(client_ca)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        scheme = "https"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield Site(f"{address}:{server.server_address[1]}", scheme, asked)
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def _handler(respond: Respond, asked: list[Asked]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 10
        disable_nagle_algorithm = True  # headers and body are two writes: 40 ms between them otherwise

        def _any(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            one = Asked(
                self.command,
                self.path,
                {name.lower(): value for name, value in self.headers.items()},
                self.rfile.read(length),
            )
            asked.append(one)
            try:
                self._reply(respond(one))
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True

        do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _any  # noqa: N815

        def _reply(self, reply: Reply) -> None:
            self.send_response(reply.status)
            headers = {name.lower(): value for name, value in reply.headers.items()}
            if not reply.endless and "content-length" not in headers:
                self.send_header("Content-Length", str(len(reply.body)))
            for name, value in reply.headers.items():
                for line in value.split("\n"):
                    self.send_header(name, line)
            if reply.endless:
                self.send_header("Connection", "close")
            self.end_headers()
            if self.command == "HEAD":
                return
            reply.write(self.wfile)
            if reply.cut is not None:
                self.close_connection = True
            while reply.endless:
                self.wfile.write(b"x" * 65536)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    return Handler
