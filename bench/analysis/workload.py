"""Figures that a workload printed in one trial, as a trial records them and as they are read back.

Kept is what is enough for any choice among several matches: their number, the first, the last,
the smallest, the largest and the sum. So a journal stays small however much was printed, and
reports need no logs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bench.journal.facts.matches import Matches

if TYPE_CHECKING:
    from collections.abc import Mapping


def workload_metrics(facts: Mapping[str, Any]) -> dict[str, float]:
    """The figures of a trial that were found in its output, by name."""
    found = {name: Matches(**one).value for name, one in (facts.get("figures") or {}).items()}
    return {name: value for name, value in found.items() if value is not None}
