"""A workload that uses a bit of everything that a limit can be set on, and times itself.

To get ready it writes a data file to disk and reads it once. As many services do, it takes the rest
of what it needs when there is work: it fills a table in memory and starts its threads. Then it works
in rounds: it computes in all threads at once, reads the whole data file, and writes a record. Each
round prints what its parts took, as a line of JSON.

- memory: the table and the interpreter must fit (about 40 MiB), else the kernel kills it. What is
  left holds the data file as page cache; where it does not fit, every round reads the disk.
- cores: computing takes one core for each thread that runs at once.
- pids: the threads must start.
- disk: file and records are written around the page cache, so that a limit on writing holds on
  every kernel; the file is read through it.
"""

import hashlib
import json
import mmap
import os
import time
from concurrent.futures import ThreadPoolExecutor

MIB = 2**20
TABLE = 24 * MIB
FILE = 32 * MIB
THREADS = 4
ROUNDS = 10
PASSES = 4
RECORD = MIB
PATH = "data.bin"


def say(**what: object) -> None:
    print(json.dumps(what), flush=True)


def write(path: str, size: int) -> None:
    """Write `size` bytes that are on the disk when this returns; a megabyte at a time."""
    block = mmap.mmap(-1, MIB)  # O_DIRECT wants memory that is aligned to pages
    block.write(os.urandom(MIB))
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_DIRECT | os.O_DSYNC)
    for _ in range(size // MIB):
        os.write(file, block)
    os.close(file)


def read(path: str) -> None:
    """Read all of a file through the page cache."""
    with open(path, "rb", buffering=0) as file:
        while file.read(MIB):
            pass


def compute(part: memoryview) -> None:
    """Work that leaves the interpreter's lock to the other threads."""
    for _ in range(PASSES):
        hashlib.sha256(part)


def milliseconds(function, *arguments: object) -> float:
    """How long a call took."""
    begin = time.perf_counter()
    function(*arguments)
    return round((time.perf_counter() - begin) * 1000, 3)


def main() -> None:
    write(PATH, FILE)
    read(PATH)
    say(event="ready")

    table = bytearray(os.urandom(MIB)) * (TABLE // MIB)
    share = TABLE // THREADS
    parts = [memoryview(table)[start:][:share] for start in range(0, TABLE, share)]
    with ThreadPoolExecutor(THREADS) as threads:
        # each waits for the others, so that all of them have to start
        list(threads.map(lambda _: time.sleep(0.01), range(THREADS)))
        begin = time.perf_counter()
        for number in range(ROUNDS):
            say(
                round=number,
                compute_ms=milliseconds(lambda: list(threads.map(compute, parts))),
                read_ms=milliseconds(read, PATH),
                write_ms=milliseconds(write, "record.bin", RECORD),
            )
        say(event="done", rounds_per_s=round(ROUNDS / (time.perf_counter() - begin), 3))


if __name__ == "__main__":
    main()
