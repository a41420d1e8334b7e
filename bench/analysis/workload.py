"""The figures of a trial that were found in what its workload printed."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bench.journal.facts.trial import TrialFacts


def workload_metrics(facts: TrialFacts) -> dict[str, float]:
    """The figures of a trial that were found in its output, by name."""
    found = {name: matches.value for name, matches in (facts.figures or {}).items()}
    return {name: value for name, value in found.items() if value is not None}
