"""Train four network configurations at once, each in a process of its own below this one.

Usage: parent.py

It starts worker.py four times, with MODEL, CUDA_VISIBLE_DEVICES and PORT of their own, and answers
on 8080 when all of them have said that they are ready. CARDS is how many devices they share, where
there is not one for each. SIGTERM is passed on. DIE_S reaches the first of them alone. As it was
found, it waits for its workers to end, and does nothing about one that has: it says so, and goes on.
"""

import json
import os
import signal
import subprocess
import sys
import threading

from configurations import WIDTHS
from health import answer

FIRST_PORT = 8081


def environment(number: int, environ: dict[str, str]) -> dict[str, str]:
    """What worker `number` is started with, where the parent was started with `environ`."""
    own = {
        "MODEL": str(number),
        "CUDA_VISIBLE_DEVICES": str(number % int(environ.get("CARDS", len(WIDTHS)))),
        "PORT": str(FIRST_PORT + number),
    }
    kept = {name: value for name, value in environ.items() if name != "DIE_S" or number == 0}
    return kept | own


def say(**what: object) -> None:
    print(json.dumps(what), flush=True)


def follow(number: int, worker: subprocess.Popen, is_ready: threading.Event) -> None:
    """Pass on what a worker prints, and say when it has ended."""
    assert worker.stdout is not None
    for line in worker.stdout:
        print(line, end="", flush=True)
        is_ready.set()
    say(event="ended", worker=number, code=worker.wait())


def main() -> None:
    workers = [
        subprocess.Popen(
            [sys.executable, "worker.py"],
            env=environment(number, dict(os.environ)),
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(len(WIDTHS))
    ]
    signal.signal(signal.SIGTERM, lambda *_: [one.terminate() for one in workers])
    ready = [threading.Event() for _ in workers]
    threads = [
        threading.Thread(target=follow, args=(number, worker, ready[number]))
        for number, worker in enumerate(workers)
    ]
    for one in threads:
        one.start()
    for one in ready:
        one.wait()
    answer(8080)
    say(event="all ready", workers=len(workers))
    for one in threads:
        one.join()


if __name__ == "__main__":
    main()
