"""Servers on loopback that answer each connection as they are told."""

from __future__ import annotations

import contextlib
import socket
import ssl
import subprocess
import threading
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Fields = list[tuple[str, str]]


class Answering:
    """A listener that hands each connection to `serve`, in a thread of its own.

    Attributes:
        place: what a client connects to: a port of loopback, or the path of a Unix socket.
    """

    def __init__(self, serve: Callable[[socket.socket], object], path: Path | None = None) -> None:
        self._serve = serve
        if path is None:
            self._listener = socket.create_server(("127.0.0.1", 0))
            self.port = int(self._listener.getsockname()[1])
        else:
            self._listener = socket.socket(socket.AF_UNIX)
            self._listener.bind(str(path))
            self._listener.listen()
            self.port = 0
        self._threads: list[threading.Thread] = []
        self._open: list[socket.socket] = []

    def __enter__(self) -> Self:
        accepting = threading.Thread(target=self._accept, daemon=True)
        accepting.start()
        self._threads.append(accepting)
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for one in self._open:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(5)
        for one in self._open:
            one.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._open.append(connection)
            thread = threading.Thread(target=self._treat, args=(connection,), daemon=True)
            thread.start()
            self._threads.append(thread)

    def _treat(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            self._serve(connection)
            connection.shutdown(socket.SHUT_RDWR)


def saying(answer: bytes) -> Callable[[socket.socket], object]:
    """Reads a request, and sends these bytes."""

    def serve(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(answer)

    return serve


def over_tls(
    serve: Callable[[socket.socket], object],
    folder: Path,
    *protocols: str,
    name: str = "app.test",
    change: Callable[[ssl.SSLContext], object] = lambda _: None,
    without: bytes = b"",
) -> Callable[[socket.socket], object]:
    """The same behind TLS, with a certificate for `name` that nobody has signed.

    Args:
        serve: what is done on the connection.
        folder: where certificate and key are made.
        protocols: chosen among by ALPN.
        name: of the host.
        change: what is done with the server's context.
        without: what is answered to a request without TLS.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate(folder, name))
    change(context)
    if protocols:
        context.set_alpn_protocols(list(protocols))

    def wrapped(connection: socket.socket) -> None:
        if without and connection.recv(1, socket.MSG_PEEK) != b"\x16":
            connection.recv(65536)
            connection.sendall(without)
            return
        with context.wrap_socket(
            connection, server_side=True, do_handshake_on_connect=False
        ) as secure:
            try:
                secure.do_handshake()
                serve(secure)
            except ssl.SSLError:
                wait_for_the_end(secure)

    return wrapped


def wait_for_the_end(connection: socket.socket) -> None:
    """Read until the client closes; a server that closes before it may take its words back."""
    connection.settimeout(5)
    with contextlib.suppress(OSError):
        while socket.socket.recv(connection, 65536):  # of TLS the bytes as they come
            pass


def certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """A certificate for `name` and its key, made anew."""
    chain, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(
        [
            "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
            "-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}",
            "-keyout", str(key), "-out", str(chain),
        ],
        check=True,
        capture_output=True,
    )  # fmt: skip
    return chain, key


def speaking_http2(
    answer: Callable[[dict[str, str], bytes], tuple[Fields, bytes, Fields]],
) -> Callable[[socket.socket], object]:
    """A server of HTTP/2 alone: `answer` makes headers, body and trailers of headers and body."""
    from h2.config import H2Configuration
    from h2.connection import H2Connection
    from h2.events import DataReceived, RequestReceived, StreamEnded
    from h2.exceptions import ProtocolError

    def serve(connection: socket.socket) -> None:
        session = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))
        session.initiate_connection()
        connection.sendall(session.data_to_send())
        head: dict[str, str] = {}
        body = b""
        while data := connection.recv(65536):
            try:
                events = session.receive_data(data)
            except ProtocolError:
                connection.sendall(session.data_to_send())
                return
            for event in events:
                if isinstance(event, RequestReceived):
                    head = {str(name): str(value) for name, value in event.headers}
                elif isinstance(event, DataReceived):
                    body += event.data
                elif isinstance(event, StreamEnded):
                    headers, content, trailers = answer(head, body)
                    only = not content and not trailers
                    session.send_headers(1, headers, end_stream=only)
                    if content:
                        session.send_data(1, content, end_stream=not trailers)
                    if trailers:
                        session.send_headers(1, trailers, end_stream=True)
            connection.sendall(session.data_to_send())

    return serve
