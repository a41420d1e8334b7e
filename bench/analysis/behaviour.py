"""Behaviour of a workload in a trial: its process 1, its stop, the files it writes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bench.journal.facts.behaviour import ProcessUse, Standing, Stop, Writes
from bench.journal.facts.form import read_facts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bench.analysis.model import TrialResult


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
    """The behaviour recorded in the facts of `trial`.

    Raises:
        ValueError: they have another form.
    """
    facts: Mapping[str, Any] = trial.facts
    standing, stop, ending = facts.get("process"), facts.get("stop"), facts.get("exit")
    processes, writes = facts.get("processes"), facts.get("writes")
    unseen = standing.get("unseen", "") if standing else "it was not looked at"
    return Behaviour(
        standing=None if unseen else read_facts(Standing, standing),
        unseen=unseen,
        stop=None if stop is None else read_facts(Stop, stop),
        exit_code=ending["code"] if ending else None,
        processes=None if processes is None else read_facts(tuple[ProcessUse, ...], processes),
        writes=None if writes is None else read_facts(Writes, writes),
    )
