"""What a run is asked for, and what comes of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bench.core.domain import TrialKey
from bench.runner.quiet import WAIT_QUIET_S
from bench.trial.context import PreparedCase

if TYPE_CHECKING:
    from bench.scenario.host_bounds import HostBounds
    from bench.scenario.loading.load import LoadedScenario

Afterwards = Callable[
    [Path, Mapping[str, PreparedCase], Callable[[PreparedCase, TrialKey], None]], None
]


@dataclass(frozen=True)
class RunRequest:
    """What to run and where to put it.

    Attributes:
        scenario: as loaded, already narrowed to the cases asked for.
        out: folder in which the run's own folder is made.
        seed: of the order within rounds; drawn where None.
        keep: whether images are left on somebody's own engine.
        wait_quiet_s: how long to wait for a quiet host before a trial, at most.
        quiet: what to wait for; what the scenario bears where None.
        keep_going: whether cases are measured though another has no image, and a case goes on
            though it fails in the same way again and again.
        baseline: the folder of the earlier run that it is to be compared with.
        afterwards: measures more when the plan is done, as the results so far suggest; it is
            given the run's folder, its cases, and what measures one more trial.
    """

    scenario: LoadedScenario
    out: Path
    seed: int | None = None
    keep: bool = False
    afterwards: Afterwards | None = None
    wait_quiet_s: float = WAIT_QUIET_S
    quiet: HostBounds | None = None
    keep_going: bool = False
    baseline: str | None = None


@dataclass(frozen=True)
class RunResult:
    """Where a run's folder is, and how the run ended: 0, or the signal's exit code."""

    folder: Path
    interrupted: int = 0
