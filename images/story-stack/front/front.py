"""A small front: each story that it is asked for is told by the model and kept in the database.

It tells one before it listens, so that its first answer shows that all of the stack works.
"""

import json
import os
import signal
import sys
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import psycopg

PORT = 8501
PASSWORD = Path("/run/secrets/database-password").read_text(encoding="utf-8").strip()
DATABASE = (
    f"host=database dbname={os.environ['POSTGRES_DB']} user={os.environ['POSTGRES_USER']} "
    f"password={PASSWORD}"
)


def told(beginning: str) -> str:
    """What the model goes on with."""
    asked = {"prompt": beginning, "n_predict": int(os.environ.get("STORY_TOKENS", "16"))}
    request = urllib.request.Request(
        f"{os.environ['MODEL_URL']}/completion",
        json.dumps(asked).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)["content"].replace("\0", "")


def keep(beginning: str) -> str:
    """Tell a story and write it down; returns the whole history."""
    rest = told(beginning)
    with psycopg.connect(DATABASE) as connection:
        connection.execute(
            "CREATE TABLE IF NOT EXISTS history (id serial PRIMARY KEY, beginning text, rest text)"
        )
        connection.execute("INSERT INTO history (beginning, rest) VALUES (%s, %s)", (beginning, rest))
    return history()


def history() -> str:
    with psycopg.connect(DATABASE) as connection:
        rows = connection.execute("SELECT id, beginning, rest FROM history ORDER BY id").fetchall()
    return json.dumps([{"id": row[0], "beginning": row[1], "rest": row[2]} for row in rows])


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self._answer(history())

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        self._answer(keep(self.rfile.read(length).decode()))

    def _answer(self, text: str) -> None:
        data = text.encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Nothing: the probe asks often."""


def main() -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    keep("Once upon a time")
    print(f"listens on {PORT}", flush=True)
    ThreadingHTTPServer(("", PORT), Handler).serve_forever()


if __name__ == "__main__":
    main()
