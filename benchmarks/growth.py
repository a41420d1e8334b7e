"""What a trial costs as the trials of a run grow in number, and what many containers at once cost.

The trials are plain processes that end at once, under `bench run` in a process of its own, whose
CPU time and memory are read from outside. On a shared machine its CPU time says more than the time
that passes.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from bench.analysis.own_load import CoreUser, own_load
from bench.core.domain import TrialStatus
from bench.results.run import load_run
from benchmarks.bare import COMMAND, PORT

if TYPE_CHECKING:
    from bench.analysis.model import TrialResult

_MANY = """
version: 1
name: growth
max_other_load: any
max_steal: any
defaults: {{repeat: {trials}, cache: warm, observe: 0s, stop_grace_period: 1s}}
cases:
  job: {{host: {{command: ["true"]}}, ready: {{exit: true, timeout: 60s}}}}
"""
_AT_ONCE = """
version: 1
name: at-once
max_other_load: any
max_steal: any
defaults: {{repeat: 1, cache: image, observe: 0s, stop_grace_period: 2s}}
cases:
  server:
    image: python:3.11-slim-bookworm
    command: {command}
    replicas: [{few}, {many}]
    ready: {{http: {{port: {port}, path: /}}, timeout: 120s}}
"""
_STEP_S = 0.05
_ENDED = b'"event":"trial_ended"'


@dataclass(frozen=True)
class _Reading:
    """Where a run was at one moment."""

    trials: int
    cpu_s: float
    memory_bytes: int


def growth(trials: int = 1000) -> list[tuple[str, str, str]]:
    """Lines for the table: a trial's cost and the process's memory, late in a run over early."""
    with tempfile.TemporaryDirectory(prefix="container-bench-") as name:
        readings = _watched(Path(name), _MANY.format(trials=trials), "host")
    lines = []
    early = _cost_s(readings, 2, 10)
    for begin, end in ((10, 100), (trials - trials // 5, trials)):
        later = _cost_s(readings, begin, end)
        what = f"CPU time of a trial, {begin} to {end} / {early * 1e3:.0f} ms of 2 to 10"
        lines.append((what, f"{later / early:.2f}", "1.10"))
    few, most = (_memory_bytes(readings, count) for count in (10, trials - 1))
    what = f"memory after {trials - 1} trials, beyond {few / 2**20:.0f} MiB after 10"
    return [*lines, (what, f"{(most - few) / 2**20:.1f} MiB", "50 MiB")]


def at_once(few: int = 5, many: int = 50) -> list[tuple[str, str, str]]:
    """Lines for the table: what bench and the engine use for each of many containers at once."""
    text = _AT_ONCE.format(few=few, many=many, port=PORT, command=json.dumps(COMMAND))
    with tempfile.TemporaryDirectory(prefix="container-bench-") as name:
        _watched(Path(name), text, "private")
        run = load_run(Path(name) / "reports" / "latest")
    groups = {
        count: [one for one in run.results if one.key.replicas == count] for count in (few, many)
    }
    lines = []
    for user in (CoreUser.BENCH, CoreUser.ENGINE):
        each_s = [_used_s(groups[count], user) / count for count in (few, many)]
        what = (
            f"{user} for each of {many} at once / {each_s[0] * 1e3:.0f} ms of CPU for each of {few}"
        )
        lines.append((what, f"{each_s[1] / each_s[0]:.2f}", "1.10"))
    ready = sum(one.status is TrialStatus.OK for one in groups[many])
    return [*lines, (f"of {many} at once got ready", str(ready), str(many))]


def _used_s(group: list[TrialResult], user: CoreUser) -> float:
    """CPU seconds for the whole group, which each of its containers has on record."""
    load = own_load(group[0])
    if load is None:
        raise RuntimeError("the trial does not say who used the host")
    return load.used_s[user]


def _watched(folder: Path, text: str, engine: str) -> list[_Reading]:
    """Run a scenario, and read its process again and again."""
    (folder / "s.yaml").write_text(text)
    command = [sys.executable, "-m", "bench", "run", "s.yaml", "--engine", engine]
    with subprocess.Popen(
        [*command, "--progress", "quiet"], cwd=folder, stdout=subprocess.DEVNULL
    ) as process:
        readings = []
        seen = _Journal(folder / "reports" / "latest" / "events.jsonl")
        watched = psutil.Process(process.pid)
        while process.poll() is None:
            with watched.oneshot():
                used = watched.cpu_times()
                now = _Reading(seen.ended(), used.user + used.system, watched.memory_info().rss)
            readings.append(now)
            time.sleep(_STEP_S)
    if process.returncode:
        raise RuntimeError(f"the run ended with {process.returncode}")
    return readings


class _Journal:
    """Counts the trials that have ended, reading each part of the journal once."""

    def __init__(self, path: Path) -> None:
        self._path, self._at, self._ended = path, 0, 0

    def ended(self) -> int:
        """How many have."""
        if self._path.is_file():
            with self._path.open("rb") as file:
                file.seek(self._at)
                text = file.read()
            whole = text[: text.rfind(b"\n") + 1]
            self._at += len(whole)
            self._ended += whole.count(_ENDED)
        return self._ended


def _cost_s(readings: list[_Reading], begin: int, end: int) -> float:
    """CPU seconds of a trial between the ends of two."""
    first = next(one for one in readings if one.trials >= begin)
    last = next(one for one in readings if one.trials >= end)
    return (last.cpu_s - first.cpu_s) / (last.trials - first.trials)


def _memory_bytes(readings: list[_Reading], trials: int) -> int:
    return next(one for one in readings if one.trials >= trials).memory_bytes
