"""The journal events of a trial: its start, its phases and samples, and its end."""

from __future__ import annotations

import dataclasses
from contextlib import contextmanager
from typing import TYPE_CHECKING

from bench.core.atomic import write_text
from bench.core.domain import TrialStatus
from bench.journal.facts.trial import TrialFacts
from bench.trial.same_failure import TrialOutcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bench.core.domain import TrialKey
    from bench.journal.facts.pull import LayerPull
    from bench.sampling.sampler import Columns
    from bench.sampling.thread_source import ThreadChanges
    from bench.trial.context import TrialContext

_FEW_LINES = 5


class TrialRecord:
    """Writes the events of one trial, and reports them as progress.

    Attributes:
        trial_id: such as `t0007`, or `t0007.1` for the second attempt; `t0007-r2` and
            `t0007-r2.1` for the second of several replicas, `t0007-db` for a service of a stack.
        facts: written at the end, besides the phases.
        ending: how it ended; None until then.
    """

    def __init__(self, context: TrialContext, number: int, attempt: int, part: str = "") -> None:
        """`part` names one of several containers; empty for a single one, or for all of them."""
        self._context = context
        self._attempt = attempt
        self.trial_id = f"t{number:04d}" + (f"-{part}" if part else "")
        self.trial_id += f".{attempt}" if attempt else ""
        self.facts = TrialFacts()
        self.ending: TrialOutcome | None = None

    @property
    def cpu_s(self) -> float | None:
        """CPU seconds of its container from the final totals.

        None if they were not read, or if a load tool ran: its CPU time is not counted, so the total
        of the trial's containers is unknown.
        """
        cpu_ns = self.facts.counters.cpu_ns if self.facts.counters else None
        return None if cpu_ns is None or self.facts.load is not None else cpu_ns / 1e9

    def begin(self, key: TrialKey, service: str = "") -> None:
        """Write the start of the trial; `service` is the service of a stack it is for."""
        self._context.journal.append(
            "trial_started",
            trial_id=self.trial_id,
            key=dataclasses.asdict(key),
            service=service,
            attempt=self._attempt,
            at=self._context.clock.utc_now().isoformat(timespec="milliseconds"),
        )

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Time a phase; a phase that ends in an error has no duration."""
        start_ns = self._context.clock.monotonic_ns()
        yield
        self.phase_was(name, start_ns, self._context.clock.monotonic_ns())

    def phase_was(
        self, name: str, start_ns: int, end_ns: int, resolution_ns: int | None = None
    ) -> None:
        """Record a phase that has ended."""
        self._context.journal.append(
            "phase",
            trial_id=self.trial_id,
            phase=name,
            start_ns=start_ns,
            end_ns=end_ns,
            clock="monotonic",
            resolution_ns=resolution_ns,
        )
        self._context.progress.phase_ended(name, (end_ns - start_ns) / 1e9)

    def layers(self, layers: Sequence[LayerPull]) -> None:
        """Record how a pull handled each layer."""
        self._context.journal.append(
            "layers",
            trial_id=self.trial_id,
            layers=[dataclasses.asdict(layer) for layer in layers],
        )

    def samples(self, method: str, columns: Columns) -> None:
        """Record a batch of samples; called from the sampler's thread."""
        self._context.journal.append(
            "samples", trial_id=self.trial_id, method=method, columns=columns
        )

    def threads(self, changes: ThreadChanges) -> None:
        """Record the CPU and wait times of threads; called from the sampler's thread."""
        self._context.journal.append(
            "threads", trial_id=self.trial_id, **dataclasses.asdict(changes)
        )

    def end(
        self,
        status: TrialStatus,
        reason: str,
        log_tail: list[str],
        startup_s: float | None,
    ) -> None:
        """Write the end of the trial; successful trials keep only the last lines of output."""
        self._context.journal.append(
            "trial_ended",
            trial_id=self.trial_id,
            status=status.value,
            reason=reason,
            facts=self.facts.fields(),
            log_tail=log_tail[-_FEW_LINES:] if status is TrialStatus.OK else log_tail,
        )
        self.ending = TrialOutcome(
            trial_id=self.trial_id,
            status=status,
            reason=reason,
            exit_code=self.facts.exit.code if self.facts.exit else None,
            was_ready=self.facts.ready is not None,
            log_tail=tuple(log_tail),
        )
        self._context.progress.trial_ended(status.value, reason, startup_s)

    def write_log(self, case: str, text: str) -> None:
        """Write the output to a file of its own.

        Raises:
            StoreError: it cannot be written.
        """
        write_text(self._context.log_folder / f"{case}-{self.trial_id}.log", text)


def total_cpu_s(records: Sequence[TrialRecord]) -> float | None:
    """Total CPU seconds of all containers; None if any is unknown."""
    used = [record.cpu_s for record in records]
    known = [used_s for used_s in used if used_s is not None]
    return sum(known) if len(known) == len(used) else None
