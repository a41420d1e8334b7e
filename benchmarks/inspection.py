"""`bench inspect` against `tar tf` over the same layers, in one run: CPU time and wall time.

Both read the layers of one archive of `docker save`, as they are (plain, as an engine with overlay2
saves them) and compressed by gzip (as a registry serves them). `tar` lists names alone; bench also
computes the digest of each layer and the checksum of each file.
"""

from __future__ import annotations

import gzip
import json
import resource
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from bench.core.units import format_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

IMAGE = "node:18-bookworm-slim"
TIMES = 5

_READ = """
import sys
from bench.images.inspection.sources.source import path_budget, read_blob
budget = path_budget()
for path in sys.argv[1:]:
    with open(path, "rb") as file:
        read_blob(file, budget)
with open("/proc/self/status") as status:
    print(next(line.split()[1] for line in status if line.startswith("VmHWM")))
"""


def ratios() -> Iterator[tuple[str, str, str]]:
    """Lines for the table."""
    with tempfile.TemporaryDirectory(prefix="container-bench-") as folder:
        plain = _layers(Path(folder))
        total = sum(path.stat().st_size for path in plain)
        packed = [_compressed(path) for path in plain]
        for form, paths in (("plain", plain), ("gzip", packed)):
            what = f"inspect / tar tf, {form}, {format_bytes(total)}"
            yield _line(what, paths)


def _line(what: str, paths: list[Path]) -> tuple[str, str, str]:
    names = [str(path) for path in paths]
    own, peak_kib = [], 0
    others = []
    for _ in range(TIMES):  # interleaved: what else the machine does falls on both
        own.append(_timed(lambda: _bench(names)))
        others.append(_timed(lambda: _tar(names)))
        peak_kib = max(peak_kib, int(_bench(names)))
    wall, used = (
        statistics.median(pair[part] for pair in own)
        / statistics.median(pair[part] for pair in others)
        for part in (0, 1)
    )
    value = f"{wall:.2f} ({used:.2f} CPU)"
    return f"{what}, peak {format_bytes(peak_kib * 1024)}", value, "1.5, 300 MiB"


def _bench(names: list[str]) -> str:
    done = subprocess.run(
        [sys.executable, "-c", _READ, *names], check=True, capture_output=True, text=True
    )
    return done.stdout


def _tar(names: list[str]) -> None:
    """Through a pipe: tar would skip the files' content in a file that it can seek in."""
    for name in names:
        compression = ["--gzip"] if name.endswith(".gz") else []
        with subprocess.Popen(["cat", name], stdout=subprocess.PIPE) as source:
            subprocess.run(
                ["tar", "--list", *compression, "--file", "-"],
                check=True,
                stdin=source.stdout,
                stdout=subprocess.DEVNULL,
            )


def _timed(call: Callable[[], object]) -> tuple[float, float]:
    """Wall time and CPU time of the programs that `call` runs."""
    begun, before = time.perf_counter(), _children_s()
    call()
    return time.perf_counter() - begun, _children_s() - before


def _children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _layers(folder: Path) -> list[Path]:
    """The layers of the image, unpacked from what the private engine's builder saves."""
    from bench.runtimes.known import connect
    from bench.runtimes.managed.private import PrivateEngine

    private = PrivateEngine()
    private.up()
    engine = connect(private.address("building"), private.login())
    saved = folder / "image.tar"
    with saved.open("wb") as file:
        for chunk in engine.images.save(IMAGE):
            file.write(chunk)
    engine.close()
    with tarfile.open(saved) as archive:
        archive.extractall(folder, filter="data")
    saved.unlink()
    (image,) = json.loads((folder / "manifest.json").read_text())
    return [folder / name for name in image["Layers"]]


def _compressed(path: Path) -> Path:
    packed = path.with_suffix(".gz")
    with gzip.open(packed, "wb", compresslevel=6) as file, path.open("rb") as plain:
        while chunk := plain.read(1 << 20):
            file.write(chunk)
    return packed
