"""The peers: the engine's calls made bare with `http.client`, and the docker client."""

from __future__ import annotations

import http.client
import json
import shutil
import socket
import subprocess
import time
from typing import Any

SERVER = (
    "import signal,socket,sys;signal.signal(15,lambda *a:sys.exit());"
    "s=socket.create_server(('',8080),backlog=64)\n"
    "while 1:\n c,_=s.accept();c.recv(4096);"
    "c.sendall(b'HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\nConnection: close\\r\\n\\r\\n');"
    "c.close()"
)
COMMAND = ["python", "-S", "-c", SERVER]
PORT = 8080


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("localhost")
        self._path = path

    def connect(self) -> None:
        """Connect to the engine's socket."""
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self._path)


def _call(connection: http.client.HTTPConnection, method: str, path: str, body: Any = None) -> Any:
    headers = {"Content-Type": "application/json"} if body is not None else {}
    connection.request(method, path, json.dumps(body) if body is not None else None, headers)
    answer = connection.getresponse()
    data = answer.read()
    if answer.status >= 400:
        raise RuntimeError(f"{method} {path}: {answer.status} {data[:200]!r}")
    return json.loads(data) if data else None


def wait_ready(address: str) -> None:
    """Ask every 5 ms until the server answers."""
    while True:
        connection = http.client.HTTPConnection(address, PORT, timeout=5)
        try:
            connection.request("GET", "/")
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.005)
        finally:
            connection.close()


def cycle(path: str, image: str) -> float:
    """Seconds for create, start, ready, stop, remove with nothing around them."""
    begun = time.perf_counter()
    connection = _UnixConnection(path)
    made = _call(connection, "POST", "/containers/create", {"Image": image, "Cmd": COMMAND})
    container = f"/containers/{made['Id']}"
    _call(connection, "POST", f"{container}/start")
    state = _call(connection, "GET", f"{container}/json")
    wait_ready(next(iter(state["NetworkSettings"]["Networks"].values()))["IPAddress"])
    _call(connection, "POST", f"{container}/stop?t=2")
    _call(connection, "DELETE", f"{container}?v=1&force=1")
    connection.close()
    return time.perf_counter() - begun


def has_client() -> bool:
    """Whether the docker client is installed."""
    return shutil.which("docker") is not None


def client_cycle(path: str, image: str) -> float:
    """Seconds for `docker run -d`, the probe, and `docker rm -f`."""
    docker = ["docker", "-H", f"unix://{path}"]
    begun = time.perf_counter()
    made = subprocess.run(
        [*docker, "run", "-d", image, *COMMAND], check=True, capture_output=True, text=True
    ).stdout.strip()
    form = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}"
    address = subprocess.run(
        [*docker, "inspect", "-f", form, made], check=True, capture_output=True, text=True
    ).stdout.strip()
    wait_ready(address)
    subprocess.run([*docker, "rm", "-f", made], check=True, capture_output=True)
    return time.perf_counter() - begun
