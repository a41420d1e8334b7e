"""The parameters of a run, and its result."""

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
    """Parameters of a run.

    Attributes:
        scenario: as loaded, already narrowed to the selected cases.
        out: folder in which the run's own folder is created.
        seed: of the order within rounds; drawn at random if None.
        keep: whether images are left on a user's own engine.
        wait_quiet_s: longest wait for a quiet host before a trial.
        quiet: the load to wait for; the scenario's own bounds if None.
        keep_going: whether cases are measured though another has no image, and a case continues
            though it repeatedly fails in the same way.
        baseline: the folder of the earlier run to compare with.
        afterwards: runs further trials when the plan is done, depending on the results; it
            receives the run's folder, its cases, and a function that runs one more trial.
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
    """A run's folder and exit code: 0, or that of the signal which interrupted it."""

    folder: Path
    interrupted: int = 0
