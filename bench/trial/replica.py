"""One of several containers that are started at once: its life, its record, how it came out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.core.domain import Arm, TrialStatus
from bench.core.errors import BenchError, StoreError
from bench.journal.facts.behaviour import ProcessUse
from bench.observe.writes import outside
from bench.trial.container import ContainerLifecycle
from bench.trial.container_network import TrialNetwork
from bench.trial.outcome import FailedTrialError, InvalidTrialError, judge_host, outcome_of
from bench.trial.record import TrialRecord
from bench.trial.restart import start_again

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bench.core.domain import TrialKey
    from bench.journal.facts.host import HostUse
    from bench.observe.process_table import Process
    from bench.trial.context import PreparedCase, TrialContext

_MOST_PROCESSES = 200


class Replica:
    """One container of a group, which takes its steps when the group says so.

    Attributes:
        record: of this replica alone.
        life: its container.
        status: ok until a step goes wrong; then no further step is taken.
        reason: why it is not ok.
    """

    def __init__(
        self,
        context: TrialContext,
        prepared: PreparedCase,
        key: TrialKey,
        number: int,
        attempt: int,
    ) -> None:
        """`key` says which replica it is, from 1 on."""
        self._context = context
        self._prepared = prepared
        self._key = key
        self.record = TrialRecord(context, number, attempt, f"r{key.replica}")
        network = TrialNetwork(context, prepared, key)
        self.life = ContainerLifecycle(context, prepared, self.record, Arm(key.arm), network)
        self.status, self.reason = TrialStatus.OK, ""

    @property
    def is_fine(self) -> bool:
        """Whether every step so far went well."""
        return self.status is TrialStatus.OK

    @property
    def seconds_to_ready(self) -> float | None:
        """From the moment at which all were released; None where it did not get ready."""
        ready, zero_ns = self.life.ready, self.record.facts.zero_ns
        return (ready.at_ns - zero_ns) / 1e9 if ready and zero_ns else None

    def begin(self) -> None:
        """The trial begins."""
        self.record.begin(self._key)

    def take(self, step: Callable[[], object]) -> None:
        """Take a step where all is well so far; one that goes wrong decides how this comes out.

        Raises:
            StoreError: the journal cannot be written.
        """
        if not self.is_fine:
            return
        try:
            step()
        except StoreError:
            raise
        except (BenchError, FailedTrialError, InvalidTrialError) as error:
            self.status, self.reason = outcome_of(error)

    def start(self) -> None:
        """Start it and wait until it is ready."""
        self.life.start()
        self.life.await_ready()

    def observe(self, mounts: Sequence[str]) -> None:
        """Go on sampling for a while; see which of its processes work, and what it wrote.

        Args:
            mounts: where volumes and file systems in memory are mounted, which may be written to.
        """
        before = self.life.processes()
        self.life.observe()
        after = self.life.processes()
        if before and after:
            self.record.facts.processes = tuple(process_uses(before, after))
        files = self.life.workload.files if self.life.workload else None
        if files is not None:
            self.record.facts.writes = outside(files.changes(), mounts)

    def restart(self) -> None:
        """Start it again; its counters are those of its first life."""
        self.life.end_sampling()
        assert self.life.workload is not None, "it is restarted before it is removed"
        start_again(self._context, self._prepared, self.life.workload, self.record)

    def end(self, load: HostUse, status: TrialStatus | None = None, reason: str = "") -> None:
        """Write how it ended, after everything was taken down.

        Args:
            load: of the host, while the group lasted.
            status: of all of the group, where it broke off; None where each has its own.
            reason: why.
        """
        self.record.facts.host = load
        if status is not None:
            self.status, self.reason = status, reason
        elif self.is_fine:
            self.status, self.reason = judge_host(load, self._context.bounds)
        self.life.write_end(self.status, self.reason, self._key.case, self.seconds_to_ready)


def process_uses(before: Sequence[Process], after: Sequence[Process]) -> list[ProcessUse]:
    """What each process has used that was alive at the second look, the largest first."""
    inner = {one.pid: one.inner_pid for one in after}
    used_s = {one.pid: one.cpu_s for one in before}
    uses = [
        ProcessUse(
            inner_pid=one.inner_pid,
            parent=inner.get(one.parent, 0),
            name=one.name,
            is_init=one.is_init,
            is_shell=one.is_shell,
            cpu_s=one.cpu_s,
            observed_cpu_s=round(one.cpu_s - used_s.get(one.pid, 0.0), 2),
            anon_bytes=one.anon_bytes,
        )
        for one in after
        if not one.is_zombie
    ]
    by_size = sorted(uses, key=lambda one: (-(one.anon_bytes or 0), one.inner_pid))
    return by_size[:_MOST_PROCESSES]
