"""Destinations that the cases tried to reach before they were ready."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.core.domain import TrialStatus
from bench.core.units import format_seconds
from bench.journal.facts.contacts import WayOut
from bench.judge.checks.egress import starts
from bench.judge.destinations import destinations
from bench.report.sections.section import Section

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.analysis.model import TrialResult
    from bench.judge.destinations import TriedDestination
    from bench.results.run import Run

MOST_ROWS = 100
"""Destinations of one case that are shown."""

_WAYS = {
    WayOut.OPEN: "network open",
    WayOut.REFUSED: "connections refused",
    WayOut.SILENT: "no answers",
}


def contacts(run: Run) -> Section | None:
    """One row per case and destination; None where none was tried."""
    rows: list[tuple[str, ...]] = []
    notes: dict[str, None] = {}
    for case in run.scenario.cases:
        seen = starts(run.results, case)
        free, cut = seen.open, seen.cut.trials
        found = destinations((*free, *cut))
        rows += [_row(case, destination, len(free), len(cut)) for destination in found[:MOST_ROWS]]
        if len(found) > MOST_ROWS:
            notes[f"{case}: {len(found) - MOST_ROWS} more are in the journal."] = None
        notes |= dict.fromkeys(_without(case, cut))
        notes |= dict.fromkeys(_reach(case, (*free, *cut)))
    if not rows:
        return None
    return Section(
        title="outside contacts",
        beside="destinations tried before ready, in starts with the network open and cut off",
        columns=("case", "destination", "protocol", "open", "cut", "earliest", "process", ""),
        rows=tuple(rows),
        notes=tuple(notes),
        in_terminal=False,
    )


def _row(case: str, destination: TriedDestination, free: int, cut: int) -> tuple[str, ...]:
    return (
        case,
        destination.label,
        destination.protocol,
        f"{destination.in_open} of {free}",
        f"{destination.in_cut} of {cut}",
        f"{format_seconds(destination.earliest_s)} after the start",
        ", ".join(destination.processes),
        "declared" if destination.allowed else "",
    )


def _without(case: str, cut: Sequence[TrialResult]) -> list[str]:
    """How the case fared with the network cut off."""
    found = []
    for trial in cut:
        seen = trial.facts.egress
        ready_s = trial.metrics.get("ready_s")
        if trial.status is TrialStatus.OK and ready_s is not None and seen:
            how = f"ready {format_seconds(ready_s)} after start ({_WAYS[seen.way_out]})"
        else:
            how = trial.reason
        found.append(f"{case} with the network cut off: {how}.")
    return found


def _reach(case: str, trials: Sequence[TrialResult]) -> list[str]:
    """Notes on contacts that could not be observed."""
    found = []
    for trial in trials:
        seen = trial.facts.egress
        if seen and not seen.observed:
            found.append(f"{case}: contacts could not be observed: {seen.reach}.")
        elif seen and seen.dropped:
            found.append(f"{case}: {seen.dropped} packets were missed in {trial.trial_id}.")
    return found
