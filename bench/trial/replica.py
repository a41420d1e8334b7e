"""One of several containers that are started at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.core.domain import Arm, TrialStatus
from bench.journal.facts.behaviour import ProcessUse
from bench.observe.writes import outside
from bench.trial.container_network import TrialNetwork
from bench.trial.outcome import judge_host
from bench.trial.participant import Participant
from bench.trial.record import TrialRecord
from bench.trial.restart import start_again

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.core.domain import TrialKey
    from bench.journal.facts.host import HostUse
    from bench.observe.process_table import Process
    from bench.trial.context import PreparedCase, TrialContext

_MOST_PROCESSES = 200


class Replica(Participant):
    """One container of a group, which goes through its steps with the group."""

    def __init__(
        self,
        context: TrialContext,
        prepared: PreparedCase,
        key: TrialKey,
        number: int,
        attempt: int,
    ) -> None:
        """`key` holds the number of the replica, from 1."""
        record = TrialRecord(context, number, attempt, f"r{key.replica}")
        network = TrialNetwork(context, prepared, key)
        super().__init__(context, prepared, key, record, network, Arm(key.arm))

    def begin(self) -> None:
        """Write the start of the trial."""
        self.record.begin(self._key)

    def start(self) -> None:
        """Start it and wait until it is ready."""
        self.container.start()
        self.container.await_ready()

    def observe(self, mounts: Sequence[str]) -> None:
        """Keep sampling for a while; record which of its processes are active, and what it wrote.

        Args:
            mounts: mount points of volumes and in-memory file systems, which may be written to.
        """
        before = self.container.processes()
        self.container.observe()
        after = self.container.processes()
        if before and after:
            self.record.facts.processes = tuple(process_uses(before, after))
        files = self.container.workload.files if self.container.workload else None
        if files is not None:
            self.record.facts.writes = outside(files.changes(), mounts)

    def restart(self) -> None:
        """Start it again; its counters are those of its first run."""
        self.container.end_sampling()
        assert self.container.workload is not None, "it is restarted before it is removed"
        start_again(self._context, self._prepared, self.container.workload, self.record)

    def end(self, load: HostUse, status: TrialStatus | None, reason: str) -> None:
        """Write how it ended; a successful one is also judged by the host's load."""
        if status is None and self.is_fine:
            self.status, self.reason = judge_host(load, self._context.bounds)
        super().end(load, status, reason)


def process_uses(before: Sequence[Process], after: Sequence[Process]) -> list[ProcessUse]:
    """Resource usage of each process alive at the second reading, largest first."""
    inner = {process.pid: process.inner_pid for process in after}
    used_s = {process.pid: process.cpu_s for process in before}
    uses = [
        ProcessUse(
            inner_pid=process.inner_pid,
            parent=inner.get(process.parent, 0),
            name=process.name,
            is_init=process.is_init,
            is_shell=process.is_shell,
            cpu_s=process.cpu_s,
            observed_cpu_s=round(process.cpu_s - used_s.get(process.pid, 0.0), 2),
            anon_bytes=process.anon_bytes,
        )
        for process in after
        if not process.is_zombie
    ]
    by_size = sorted(uses, key=lambda use: (-(use.anon_bytes or 0), use.inner_pid))
    return by_size[:_MOST_PROCESSES]
