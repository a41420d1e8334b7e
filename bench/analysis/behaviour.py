"""Behaviour of a workload in a trial: its process 1, its stop, the files it writes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.journal.facts.behaviour import Unseen

if TYPE_CHECKING:
    from bench.analysis.model import TrialResult
    from bench.journal.facts.behaviour import ProcessUse, Standing, Stop, Writes


@dataclass(frozen=True)
class Behaviour:
    """All of this for one trial.

    Attributes:
        unseen: why process 1 was not looked at, where `standing` is None.
        processes: those that were alive some time after ready, None where they were not seen.
        writes: None where they were not looked for.
    """

    standing: Standing | None
    unseen: str
    stop: Stop | None
    exit_code: int | None
    processes: tuple[ProcessUse, ...] | None
    writes: Writes | None


def behaviour(trial: TrialResult) -> Behaviour:
    """The behaviour recorded in the facts of `trial`."""
    facts = trial.facts
    seen, ending = facts.process or Unseen("it was not looked at"), facts.exit
    return Behaviour(
        standing=None if isinstance(seen, Unseen) else seen,
        unseen=seen.unseen if isinstance(seen, Unseen) else "",
        stop=facts.stop,
        exit_code=ending.code if ending else None,
        processes=facts.processes,
        writes=facts.writes,
    )
