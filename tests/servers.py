"""A server on loopback to be probed, whose answers are scripted."""

from __future__ import annotations

import socket
import threading
from typing import Self


class FakeServer:
    """A listener on loopback that treats each connection in turn as it is told, the last for ever.

    An answer is a status to reply with, or one of `hang` (accept, and never answer), `close`
    (accept, and hang up) and `garbage` (answer with what is not HTTP).
    """

    def __init__(self, *answers: int | str) -> None:
        self._answers = list(answers) or [200]
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.requests: list[bytes] = []
        self.asked = threading.Event()
        self._open: list[socket.socket] = []
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()
        for connection in self._open:
            connection.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
            self._open.append(connection)
            if answer != "close":
                self.requests.append(connection.recv(65536))
            self.asked.set()
            if isinstance(answer, int):
                head = f"HTTP/1.1 {answer} Text\r\nContent-Length: 2\r\n\r\nok"
                connection.sendall(head.encode())
            elif answer == "garbage":
                connection.sendall(b"SSH-2.0-OpenSSH_9.2p1\r\n")
            if answer != "hang":
                connection.close()


def closed_port() -> int:
    """A port of loopback on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
