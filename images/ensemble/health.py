"""An answer on a port, for whoever asks whether a process is ready."""

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer


class Healthy(BaseHTTPRequestHandler):
    """Answers every question with yes."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Probes ask many times a second, and nobody reads that."""


def answer(port: int) -> None:
    """Answer from now on, in a thread of its own."""
    server = HTTPServer(("", port), Healthy)
    threading.Thread(target=server.serve_forever, daemon=True).start()
