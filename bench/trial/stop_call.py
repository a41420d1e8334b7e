"""Stopping a container, and how long that takes."""

from __future__ import annotations

import contextlib
import math
from typing import TYPE_CHECKING

from bench.journal.facts.behaviour import Stop
from bench.trial.stopping import Endings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.observe.process_table import Process
    from bench.runtimes.workload import Workload
    from bench.trial.attachments import Attachments
    from bench.trial.context import TrialContext
    from bench.trial.record import TrialRecord

_KILLED = 137
_NOTICED_S = 5.0
"""Longest wait for a container's exit to be observed after the stop call."""


def stopped(
    context: TrialContext,
    record: TrialRecord,
    attached: Attachments,
    workload: Workload,
    table: Sequence[Process],
    grace_period_s: float,
) -> Stop:
    """Stop a running container, and wait for its end.

    Args:
        context: of the trial.
        record: receives the phases.
        attached: the observers of the container.
        workload: the container or process.
        table: its processes, process 1 first; empty if not visible from this host.
        grace_period_s: time after which the engine kills it.
    """
    grace_s = math.ceil(grace_period_s)  # engines wait whole seconds
    with contextlib.closing(Endings(table[1:])) as endings:
        start_ns = context.clock.monotonic_ns()
        with record.phase("stop"):
            workload.stop(grace_s)
        took_s = (context.clock.monotonic_ns() - start_ns) / 1e9
        with record.phase("settle"):
            attached.exit.wait(_NOTICED_S)
            killed_below = endings.killed() if table and attached.exit.ended else None
            code = attached.note_exit()
    # a program may also end itself with this code, but sooner
    killed = code == _KILLED and took_s >= grace_s - 0.1
    at_ns = attached.exit.at_ns
    ended_s = None if at_ns is None else max(0, at_ns - start_ns) / 1e9
    below = None if killed_below is None else tuple(killed_below)
    return Stop(grace_s, killed, ended_s, below)
