"""The events of one trial, collected while the journal is read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from bench.journal.columns import Samples
    from bench.journal.facts.course import Phase, TrialEnd, TrialStart
    from bench.journal.facts.pull import LayerPull


@dataclass
class TrialEvents:
    """The events of one trial, collected as its lines are read."""

    started: TrialStart
    phases: list[Phase] = field(default_factory=list)
    layers: list[LayerPull] = field(default_factory=list)
    batches: list[Samples] = field(default_factory=list)
    threads: list[Samples] = field(default_factory=list)
    method: str = ""
    ended: TrialEnd | None = None

    def add_samples(self, method: str, columns: Samples) -> None:
        """Add a batch of samples, read by `method`.

        Raises:
            ValueError: it does not follow the previous batches in time.
        """
        stamps = columns["t_ns"]
        falls = (stamps[1:] < stamps[:-1]).any()
        if len(stamps):
            falls |= bool(self.batches) and stamps[0] < self.batches[-1]["t_ns"][-1]
        if falls:
            raise ValueError(f"samples of {self.started.trial_id} are out of order")
        if len(stamps):
            self.method = self.method or method
            self.batches.append(columns)

    def samples(self) -> Samples:
        """Every column over all batches; NaN where a batch lacks it."""
        names = list(dict.fromkeys(name for batch in self.batches for name in batch))
        samples = {
            name: np.concatenate(
                [
                    batch[name] if name in batch else np.full(len(batch["t_ns"]), np.nan)
                    for batch in self.batches
                ]
            )
            for name in names
        }
        self.batches = [samples] if samples else []  # which are not kept twice
        return samples
