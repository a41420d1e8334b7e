"""The figures of a trial that were found in what its workload printed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bench.journal.facts.matches import Matches

if TYPE_CHECKING:
    from collections.abc import Mapping


def workload_metrics(facts: Mapping[str, Any]) -> dict[str, float]:
    """The figures of a trial that were found in its output, by name."""
    found = {
        name: Matches(**matches).value for name, matches in (facts.get("figures") or {}).items()
    }
    return {name: value for name, value in found.items() if value is not None}
