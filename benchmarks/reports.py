"""The cost of the reports of a large run: time and memory, in a process of their own."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

_CHILD = """
import json, pathlib, re, sys, time
begun = time.perf_counter()
from bench.report.formats import write_reports
from bench.results.run import load_run
write_reports(load_run(sys.argv[1]))
status = pathlib.Path("/proc/self/status").read_text()  # not that of the process that asked for it
peak = int(re.search(r"VmHWM:\\s*(\\d+)", status)[1]) * 1024
print(json.dumps([time.perf_counter() - begun, time.process_time(), peak]))
"""


def report_cost(trials: int = 1000, samples: int = 1_000_000) -> list[tuple[str, str, str]]:
    """Lines for the table: seconds and peak memory of all reports of a synthetic run."""
    from tests.journals import Build, write_journal

    with tempfile.TemporaryDirectory(prefix="container-bench-") as name:
        folder = Path(name) / "run"
        build = Build(
            rounds=trials // 2,
            calibrate=False,
            need=False,
            troubles={},
            samples_each=samples // trials,
        )
        write_journal(folder, build)
        done = subprocess.run(
            [sys.executable, "-c", _CHILD, str(folder)], check=True, capture_output=True, text=True
        )
    seconds, used_s, peak = json.loads(done.stdout)
    what = f"reports of {trials} trials and {samples} samples"
    return [
        (f"{what}, {used_s:.1f} s of CPU", f"{seconds:.1f} s", "6 s"),
        (f"{what}, peak memory", f"{peak / 2**20:.0f} MiB", "1024 MiB"),
    ]
