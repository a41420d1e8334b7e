"""The bundled load tool, against servers on loopback: rate, latencies, errors, a stall."""

from __future__ import annotations

import http.server
import json
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from bench.observe.figures import FigureSearch
from bench.scenario.loading.load import load_scenario

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
ATTACK = ROOT / "images" / "load" / "attack.py"


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers what its server says, and stalls once where that is asked."""

    protocol_version = "HTTP/1.1"
    server: Server

    def _answer(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        self.server.bodies.append(self.rfile.read(length))
        with self.server.lock:
            if self.server.stall_s and len(self.server.bodies) == 5:
                time.sleep(self.server.stall_s)
        self.send_response(self.server.status)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    do_GET = do_POST = _answer  # noqa: N815 - the names that the server calls

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, *, status: int = 200, stall_s: float = 0.0) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.status = status
        self.stall_s = stall_s
        self.bodies: list[bytes] = []
        self.lock = threading.Lock()


@pytest.fixture
def serve() -> Iterator[Any]:
    servers: list[Server] = []

    def start(**settings: Any) -> Server:
        server = Server(**settings)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        servers.append(server)
        return server

    yield start
    for one in servers:
        one.shutdown()
        one.server_close()


def attack(port: int, *arguments: str) -> tuple[int, dict[str, Any]]:
    url = f"http://127.0.0.1:{port}/x"
    done = subprocess.run(
        [sys.executable, str(ATTACK), url, *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.stdout.count("\n") == 1, done.stderr
    return done.returncode, json.loads(done.stdout)


def test_it_asks_at_its_rate_and_reports_in_one_line(serve, tmp_path):
    body = tmp_path / "body.json"
    body.write_text('{"a": 1}')
    server = serve()
    code, report = attack(
        server.server_port, "--rate", "50", "--duration", "0.4", "--body", str(body)
    )
    assert code == 0
    assert (report["requests"], report["errors"]) == (20, 0)
    assert server.bodies == [b'{"a": 1}'] * 20
    latency = report["latency_ms"]
    assert 0 < latency["p50"] <= latency["p95"] <= latency["p99"] <= latency["max"]


def test_a_stall_is_paid_for_by_every_request_that_was_due_in_it(serve):
    server = serve(stall_s=0.5)
    _, report = attack(server.server_port, "--rate", "100", "--duration", "1", "--connections", "2")
    assert report["requests"] == 100
    # 50 requests were due while the server stood still: half of all waited, on average half of it
    assert report["latency_ms"]["p95"] > 300
    assert report["latency_ms"]["max"] >= 490


def test_answers_that_are_no_success_are_errors_and_no_latencies(serve):
    code, report = attack(serve(status=503).server_port, "--rate", "50", "--duration", "0.2")
    assert code == 1
    assert report["errors_by_kind"] == {"status 503": 10}
    assert report["latency_ms"]["p50"] is None


def test_where_nobody_listens_it_fails(serve):
    server = serve()
    port = server.server_port
    server.shutdown()
    server.server_close()
    code, report = attack(port, "--rate", "50", "--duration", "0.1")
    assert code == 1
    assert report["errors"] == report["requests"] == 5


def test_the_scenario_looks_for_what_it_prints(serve):
    _, report = attack(serve().server_port, "--rate", "50", "--duration", "0.1")
    scenario = load_scenario(ROOT / "scenarios" / "online-inference.yaml", environ={}).scenario
    tool = scenario.cases["container"].load
    assert tool is not None
    search = FigureSearch(tool.metrics)
    search.take(json.dumps(report))
    assert {name: one.n for name, one in search.facts().items()} == dict.fromkeys(tool.metrics, 1)
