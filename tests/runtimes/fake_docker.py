"""A Docker API on a unix socket, answered from a table that each test fills in."""

from __future__ import annotations

import json
import shutil
import socketserver
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

VERSION = {
    "Version": "20.10.24",
    "ApiVersion": "1.41",
    "Components": [{"Name": "Engine", "Version": "20.10.24"}],
}
INFO = {
    "ID": "AAAA:BBBB",
    "Driver": "overlay2",
    "DriverStatus": [["Backing Filesystem", "extfs"]],
    "CgroupDriver": "cgroupfs",
    "CgroupVersion": "1",
    "DefaultRuntime": "runc",
    "KernelVersion": "6.18.44",
    "NCPU": 2,
    "MemTotal": 25_000_000_000,
    "SecurityOptions": ["name=seccomp,profile=default"],
}


@dataclass(frozen=True)
class Request:
    """What the SDK asked: `query` holds the first value of each parameter."""

    method: str
    path: str
    query: dict[str, str]
    body: bytes
    headers: dict[str, str]

    def json(self) -> Any:
        return json.loads(self.body)


Answer = Callable[["Handler"], object]


def answer(body: Any = None, status: int = 200) -> Answer:
    """A whole answer: JSON, or nothing at all."""

    def write(handler: Handler) -> None:
        data = b"" if body is None else json.dumps(body).encode()
        handler.send_response(status)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data)

    return write


def refusal(status: int, message: str) -> Answer:
    return answer({"message": message}, status)


def stream(*pieces: Any, cut: bool = False) -> Answer:
    """A chunked answer: JSON lines, or bytes as they are; `cut` ends it as a dying daemon does."""

    def write(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        for piece in pieces:
            data = piece if isinstance(piece, bytes) else json.dumps(piece).encode() + b"\r\n"
            handler.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        if cut:
            handler.wfile.write(b"2000\r\n{")
            handler.close_connection = True
        else:
            handler.wfile.write(b"0\r\n\r\n")

    return write


def silence_after(piece: Any) -> Answer:
    """A chunked answer that says one thing and then nothing, until the client has gone."""

    def write(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        data = json.dumps(piece).encode() + b"\r\n"
        handler.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        handler.rfile.read(1)
        handler.close_connection = True

    return write


def hang_up(handler: Handler) -> None:
    """No answer: the connection closes."""
    handler.close_connection = True


def upgraded(talk: Answer) -> Answer:
    """The connection becomes a raw stream, on which `talk` speaks; then it closes."""

    def write(handler: Handler) -> None:
        handler.wfile.write(
            b"HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\n"
            b"Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n"
        )
        handler.close_connection = True
        talk(handler)

    return write


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: FakeDocker

    def _handle(self) -> None:
        url = urlsplit(self.path)
        path = "/" + url.path.lstrip("/").partition("/")[2] if url.path[:2] == "/v" else url.path
        if url.path == "/version":
            path = url.path
        query = {key: values[0] for key, values in parse_qs(url.query).items()}
        request = Request(self.command, path, query, self._body(), dict(self.headers))
        self.server.requests.append(request)
        known = self.server.answers.get((self.command, path))
        (known or refusal(404, f"the fake knows no {self.command} {path}"))(self)

    do_GET = do_POST = do_DELETE = do_PUT = do_HEAD = _handle  # noqa: N815 - http.server's names

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") == "chunked":
            body = b""
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return body
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        pass


class FakeDocker(socketserver.ThreadingUnixStreamServer):
    """Serves until closed; `on` sets what it answers, `requests` holds what it was asked."""

    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        self._folder = tempfile.mkdtemp(prefix="fake-docker-")  # short: sockets have short paths
        self.path = Path(self._folder) / "docker.sock"
        self.address = f"unix://{self.path}"
        self.requests: list[Request] = []
        self.answers: dict[tuple[str, str], Answer] = {
            ("GET", "/version"): answer(VERSION),
            ("GET", "/info"): answer(INFO),
        }
        super().__init__(str(self.path), Handler)
        self._thread = threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    def on(self, method: str, path: str, reply: Answer) -> None:
        self.answers[method, path] = reply

    def asked(self, path: str) -> Request:
        """The one request for `path`."""
        (found,) = [one for one in self.requests if one.path == path]
        return found

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is no news."""

    def close(self) -> None:
        self.shutdown()
        self._thread.join()
        self.server_close()
        shutil.rmtree(self._folder, ignore_errors=True)
