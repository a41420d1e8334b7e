"""The time that a history of a thousand runs takes, from its index; and that of reading a run."""

from __future__ import annotations

import dataclasses
import datetime as dt
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from bench.results.run_figures import RecordedRun, Sample

RUNS = 1000
CHANGED_AT = 700
"""Runs from here on start a fifth slower."""

_BEGUN = dt.datetime(2024, 1, 1, 8, tzinfo=dt.UTC)


def history_cost(runs: int = RUNS) -> list[tuple[str, str, str]]:
    """Lines for the table."""
    with tempfile.TemporaryDirectory(prefix="container-bench-") as name:
        folder = Path(name)
        read_s = fill(folder / "reports", runs, folder / "one")
        listed_s, listed_cpu_s = _seconds(folder / "reports")
        page_s, page_cpu_s = _seconds(folder / "reports", "--format", "html")
        page_bytes = (folder / "reports" / "history.html").stat().st_size
    return [
        (f"history of {runs} runs; {listed_cpu_s:.2f} s of CPU", f"{listed_s:.2f} s", "1 s"),
        (
            f"its page of {page_bytes / 1e3:.0f} kB; {page_cpu_s:.2f} s of CPU",
            f"{page_s:.2f} s",
            "3 s",
        ),
        ("reading a run into the index", f"{1e3 * read_s:.0f} ms", "200 ms"),
    ]


def fill(out: Path, runs: int, scratch: Path) -> float:
    """Make a folder of runs with their index, all after the pattern of one that is read.

    Of each run there is the index's entry, and a journal that nobody need read.

    Returns:
        The seconds that reading the pattern took.
    """
    from bench.journal.writer import FILE_NAME
    from bench.results.history_index import INDEX_NAME, HistoryIndex, JournalStamp
    from bench.results.run import load_run
    from bench.results.run_figures import record
    from tests.journals import write_journal

    write_journal(scratch)
    record(load_run(scratch))  # imports
    begun = time.perf_counter()
    pattern = record(load_run(scratch))
    read_s = time.perf_counter() - begun
    rng = np.random.default_rng(1)
    index = HistoryIndex.empty(out / INDEX_NAME)
    for number in range(runs):
        run, samples = _like(pattern, number, rng)
        folder = out / run.folder
        folder.mkdir(parents=True)
        (folder / FILE_NAME).write_text("\n")
        index.add(JournalStamp.of(folder / FILE_NAME), run, samples)
    index.save()
    index.close()
    return read_s


def _like(
    pattern: tuple[RecordedRun, list[Sample]], number: int, rng: np.random.Generator
) -> tuple[RecordedRun, list[Sample]]:
    """A run like the pattern, with scatter between runs and between trials."""
    run, samples = pattern
    at = _BEGUN + dt.timedelta(hours=6 * number)
    folder = f"{at:%Y%m%dT%H%M%SZ}-{run.name}"
    slower = 1.2 if number >= CHANGED_AT else 1.0
    of_run = slower * np.exp(rng.normal(0, 0.02))
    varied = [
        sample._replace(
            values=tuple(
                float(value * of_run * scatter)
                for value, scatter in zip(
                    sample.values, np.exp(rng.normal(0, 0.05, len(sample.values))), strict=True
                )
            ),
        )
        if sample.arm
        else sample
        for sample in samples
    ]
    return dataclasses.replace(run, folder=folder, run_id=folder, at=at.isoformat()), varied


def _seconds(folder: Path, *options: str) -> tuple[float, float]:
    """Wall and CPU seconds of the best of three calls: the machine may be busy otherwise."""
    found = []
    for _ in range(3):
        begun, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(
            [sys.executable, "-m", "bench", "history", str(folder), *options],
            check=True,
            capture_output=True,
        )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        found.append((time.perf_counter() - begun, used))
    return min(found)
