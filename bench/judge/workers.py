"""The worker processes of a container, known by the CPU time and memory that they use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.journal.facts.behaviour import ProcessUse

SHARE = 0.10
"""Of the CPU or the anonymous memory of all processes, from which on one is a worker."""

LEAST_CPU_S = 0.1
"""Below this, CPU seconds of all together, shares of it say nothing: the kernel counts 10 ms."""

_BUSY_S = 0.02


@dataclass(frozen=True)
class Worker:
    """A process that does work.

    Attributes:
        inner_pid: its number in the container.
        cpu_share: of the CPU of all processes there; None where they used too little to tell.
        anon_share: of their anonymous memory; None where that could not be read.
    """

    inner_pid: int
    name: str
    cpu_share: float | None
    anon_share: float | None


def workers(processes: Sequence[ProcessUse]) -> list[Worker]:
    """The processes with 10 % or more of CPU or anonymous memory, the largest first.

    Left out are the programs that are made to be process 1, and whatever stands before such a
    process and did nothing itself while they were watched: a shell, a launcher, the master of
    a server with one worker.
    """
    cpu_s = sum(process.cpu_s for process in processes)
    observed_s = sum(process.observed_cpu_s for process in processes)
    known = [process.anon_bytes for process in processes]
    anon_bytes = None if None in known else sum(size for size in known if size is not None)
    found = [
        (process, worker)
        for process in processes
        if not process.is_init
        and (worker := _worker(process, cpu_s, anon_bytes))
        and max(worker.cpu_share or 0.0, worker.anon_share or 0.0) >= SHARE
    ]
    above = _ancestors(processes, [process for process, _ in found])
    return [
        worker
        for process, worker in found
        if process.inner_pid not in above
        or process.observed_cpu_s >= max(_BUSY_S, SHARE * observed_s)
    ]


def _worker(process: ProcessUse, cpu_s: float, anon_bytes: int | None) -> Worker:
    return Worker(
        inner_pid=process.inner_pid,
        name=process.name,
        cpu_share=process.cpu_s / cpu_s if cpu_s >= LEAST_CPU_S else None,
        anon_share=(process.anon_bytes or 0) / anon_bytes if anon_bytes else None,
    )


def _ancestors(processes: Sequence[ProcessUse], of: Sequence[ProcessUse]) -> set[int]:
    """The numbers of the processes that stand before any of `of`."""
    parents = {process.inner_pid: process.parent for process in processes}
    above: set[int] = set()
    for process in of:
        parent = process.parent
        while parent and parent not in above:
            above.add(parent)
            parent = parents.get(parent, 0)
    return above
