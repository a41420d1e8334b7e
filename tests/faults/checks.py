"""What every fault must leave behind: nothing, and no figure that was not measured."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from bench.cgroup.mounts import PARENT_NAME, find_mounts
from bench.runtimes.protocol import LABEL

if TYPE_CHECKING:
    from bench.analysis.model import TrialResult
    from bench.results.run import Run
    from bench.runtimes.protocol import Runtime

TIMES_TO_READY = frozenset({"startup_s", "ready_s", "ready_resolution_s"})
TIMES = TIMES_TO_READY | {
    "pull_s", "create_s", "start_s", "first_output_s", "run_s", "stop_s", "restart_s", "remove_s",
}  # fmt: skip


def left(run_id: str, *engines: Runtime) -> list[str]:
    """All that is still there of a run: on the engines, in cgroups, in the host's network."""
    found = []
    for engine in engines:
        found += [str(item) for item in engine.owned(LABEL) if item.run_id == run_id]
    mounts = find_mounts()
    assert mounts is not None
    for controller in mounts.controllers:
        base = mounts.path(controller, PARENT_NAME)
        found += [str(one) for one in base.glob(f"{run_id}-*")]
    if Path("/sys/class/net/cbenchl0").exists():
        found.append("the host's end of a link")
    spaces = subprocess.run(["ip", "netns"], capture_output=True, text=True, check=True).stdout
    return found + [one for one in spaces.splitlines() if "cbench" in one]


def of(run: Run, case: str, network: str = "open") -> list[TrialResult]:
    """Every attempt at a trial of a case."""
    return [one for one in run.results if (one.key.case, one.key.network) == (case, network)]


def times(trial: TrialResult) -> set[str]:
    """The times that a trial claims to have measured."""
    return set(trial.metrics) & TIMES
