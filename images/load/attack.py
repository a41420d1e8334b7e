"""An open-loop load generator for HTTP: requests leave at a constant rate, whatever the answers do.

    python attack.py URL --rate 50 --duration 10 [--body FILE] [--connections 16]

Each request has a moment at which it is due. It takes a free connection, or makes one, at that
moment; where all are busy it waits for one, and its latency counts from when it was due. So a server
that stalls pays for every request that came in the meantime, as it does with real users. A tool that
sends the next request when the answer to the last has come leaves those out: the stall is one bad
request of thousands ("coordinated omission").

The report is one line of JSON: requests, errors, the rate that was answered, the percentiles of the
latency of all requests that were answered with 2xx, in milliseconds, and how late the tool itself was.
It ends with 1 where no request was answered.
"""

import argparse
import asyncio
import json
import math
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

TIMEOUT_S = 10.0


@dataclass
class Seen:
    """What came of the requests; times in seconds."""

    latencies_s: list[float] = field(default_factory=list)
    errors: dict[str, int] = field(default_factory=dict)
    lateness_s: list[float] = field(default_factory=list)

    def error(self, what: str) -> None:
        """Count one more."""
        self.errors[what] = self.errors.get(what, 0) + 1


class Connections:
    """At most so many connections to one server, kept open between requests."""

    def __init__(self, host: str, port: int, most: int) -> None:
        self._host = host
        self._port = port
        self._room = asyncio.Semaphore(most)
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def ask(self, request: bytes) -> int:
        """Send `request` and read its answer to the end; the status."""
        async with self._room:
            if self._idle:
                reader, writer = self._idle.pop()
            else:
                reader, writer = await asyncio.open_connection(self._host, self._port)
            try:
                writer.write(request)
                head = await reader.readuntil(b"\r\n\r\n")
                lines = head.decode("latin-1").lower().split("\r\n")
                fields = dict(line.split(": ", 1) for line in lines[1:] if ": " in line)
                await reader.readexactly(int(fields.get("content-length", 0)))
            except BaseException:
                writer.close()
                raise
            if fields.get("connection") == "close":
                writer.close()
            else:
                self._idle.append((reader, writer))
            return int(lines[0].split()[1])

    def close(self) -> None:
        """Close those that are idle."""
        for _, writer in self._idle:
            writer.close()


async def attack(
    url: str, rate: float, duration_s: float, body: bytes, connections: int
) -> tuple[Seen, float]:
    """Send `rate` requests a second for `duration_s`; what came of them, and how long it took."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or 80
    path = parts.path or "/"
    method = "POST" if body else "GET"
    head = (
        f"{method} {path} HTTP/1.1\r\nHost: {host}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    request = head.encode() + body
    pool, seen = Connections(host, port, connections), Seen()

    async def one(due: float) -> None:
        seen.lateness_s.append(max(0.0, time.perf_counter() - due))
        try:
            status = await asyncio.wait_for(pool.ask(request), TIMEOUT_S)
        except (OSError, EOFError, asyncio.LimitOverrunError, ValueError) as error:
            seen.error(type(error).__name__)
            return
        if 200 <= status < 300:
            seen.latencies_s.append(time.perf_counter() - due)
        else:
            seen.error(f"status {status}")

    begun = time.perf_counter()
    tasks = []
    for number in range(round(rate * duration_s)):
        due = begun + number / rate
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        tasks.append(asyncio.create_task(one(due)))
    await asyncio.gather(*tasks)
    took_s = time.perf_counter() - begun
    pool.close()
    return seen, took_s


def percentile_ms(values_s: list[float], share: float) -> float | None:
    """The smallest value that at least `share` of all do not exceed, in milliseconds."""
    if not values_s:
        return None
    ordered = sorted(values_s)
    return round(1e3 * ordered[math.ceil(share * len(ordered)) - 1], 3)


def main() -> int:
    """Attack, print the report, and say whether anything was answered."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("url")
    options.add_argument("--rate", type=float, required=True, help="requests a second")
    options.add_argument("--duration", type=float, required=True, help="seconds")
    options.add_argument("--body", type=Path, help="file that is posted as JSON")
    options.add_argument("--connections", type=int, default=16, help="at most at once")
    chosen = options.parse_args()
    body = chosen.body.read_bytes() if chosen.body else b""
    seen, took_s = asyncio.run(
        attack(chosen.url, chosen.rate, chosen.duration, body, chosen.connections)
    )
    latencies = seen.latencies_s
    report = {
        "requests": len(seen.lateness_s),
        "errors": sum(seen.errors.values()),
        "errors_by_kind": seen.errors,
        "answered_per_s": round(len(latencies) / took_s, 2),
        "latency_ms": {
            "p50": percentile_ms(latencies, 0.5),
            "p95": percentile_ms(latencies, 0.95),
            "p99": percentile_ms(latencies, 0.99),
            "max": percentile_ms(latencies, 1.0),
        },
        "own_lateness_ms": {"p99": percentile_ms(seen.lateness_s, 0.99)},
    }
    print(json.dumps(report), flush=True)
    return 0 if latencies else 1


if __name__ == "__main__":
    sys.exit(main())
