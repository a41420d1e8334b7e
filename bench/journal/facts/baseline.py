"""The comparison of a run with the earlier run of `--baseline`, metric by metric.

It is kept in the journal, so that later reports stay the same after the earlier run is deleted.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

# ruff: noqa: TC001 - pydantic reads the annotations
from bench.journal.facts.comparison import Comparison
from bench.journal.facts.form import FINITE

if TYPE_CHECKING:
    from pydantic import ConfigDict

EVENT = "baseline_compared"


@dataclass(frozen=True)
class Baseline:
    """The comparison of a run with an earlier one.

    Attributes:
        run_id: of the earlier run.
        folder: where it lay.
        unlike: why the two cannot be compared; empty where they can.
        notes: what differs between them and does not forbid it.
        comparisons: every metric of every case that both have.
    """

    __pydantic_config__: ClassVar[ConfigDict] = FINITE

    run_id: str
    folder: str
    unlike: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    comparisons: tuple[Comparison, ...] = ()

    def fields(self) -> dict[str, Any]:
        """The fields of its event."""
        return dataclasses.asdict(self)
