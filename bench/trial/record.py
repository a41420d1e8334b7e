"""What a trial leaves in the journal: its beginning, its phases and samples, and its end."""

from __future__ import annotations

import dataclasses
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bench.results.model import LayerPull, TrialKey, TrialStatus
    from bench.sampling.sampler import Columns
    from bench.trial.laboratory import Laboratory


class TrialRecord:
    """Writes the events of one trial, and tells them to whoever watches.

    Attributes:
        trial_id: such as `t0007`, or `t0007.1` for the second attempt at it.
        facts: what is written at the end beside the phases.
    """

    def __init__(self, lab: Laboratory, number: int, attempt: int) -> None:
        self._lab = lab
        self._attempt = attempt
        self.trial_id = f"t{number:04d}" if attempt == 0 else f"t{number:04d}.{attempt}"
        self.facts: dict[str, Any] = {}

    def begin(self, key: TrialKey) -> None:
        """The trial begins."""
        self._lab.journal.append(
            "trial_started",
            trial_id=self.trial_id,
            key=dataclasses.asdict(key),
            attempt=self._attempt,
            at=self._lab.clock.utc_now().isoformat(timespec="milliseconds"),
        )

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Time a phase; one that ends in an error keeps no duration."""
        start_ns = self._lab.clock.monotonic_ns()
        yield
        self.phase_was(name, start_ns, self._lab.clock.monotonic_ns())

    def phase_was(
        self, name: str, start_ns: int, end_ns: int, resolution_ns: int | None = None
    ) -> None:
        """A phase has ended."""
        self._lab.journal.append(
            "phase",
            trial_id=self.trial_id,
            phase=name,
            start_ns=start_ns,
            end_ns=end_ns,
            clock="monotonic",
            resolution_ns=resolution_ns,
        )
        self._lab.progress.phase_ended(name, (end_ns - start_ns) / 1e9)

    def layers(self, layers: Sequence[LayerPull]) -> None:
        """What a pull did with each layer."""
        self._lab.journal.append(
            "layers",
            trial_id=self.trial_id,
            layers=[dataclasses.asdict(layer) for layer in layers],
        )

    def samples(self, method: str, columns: Columns) -> None:
        """A batch of samples; called from the sampler's thread."""
        self._lab.journal.append("samples", trial_id=self.trial_id, method=method, columns=columns)

    def end(
        self,
        status: TrialStatus,
        reason: str,
        log_tail: list[str],
        seconds_to_ready: float | None,
    ) -> None:
        """The trial has ended."""
        self._lab.journal.append(
            "trial_ended",
            trial_id=self.trial_id,
            status=status.value,
            reason=reason,
            facts=self.facts,
            log_tail=log_tail,
        )
        self._lab.progress.trial_ended(status.value, reason, seconds_to_ready)
