"""Load of the measurement: CPU time of bench, engine and registry beside the workload's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.analysis.own_load import CoreUser, OwnLoad, own_load
from bench.core.units import format_seconds
from bench.judge.statistics import stats
from bench.report.sections.section import Section
from bench.report.wording import unit_words
from bench.results.summary import good_trials, measured_states

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bench.results.run import Run

MOST_LINES = 100
"""Trials that are shown one by one; of longer runs they stand in the journal alone."""

_HEAD = ("trial", "lasted", "busy", *CoreUser, "stolen")


def own_load_section(run: Run) -> Section | None:
    """One row per case and cache state; None where nothing was recorded."""
    rows, details = [], []
    lines_n = 0
    for case in run.scenario.cases:
        for cache, arm in measured_states(run, case):
            found = {
                trial.trial_id: load
                for trial in good_trials(run, case, cache, arm)
                if (load := own_load(trial)) is not None
            }
            if arm != "fit" or not found:
                continue
            rows.append((case, cache, str(len(found)), *_cells(list(found.values()))))
            lines = (_line(_HEAD), *(_trial_line(name, load) for name, load in found.items()))
            lines_n += len(found)
            details.append((f"{case}, {cache}: trial by trial", "\n".join(lines)))
    if not rows:
        return None
    return Section(
        title="own load",
        beside="CPU time from before the preparation of a trial to after its removal (medians), "
        f"with its share of the host's {run.header.host['cores']} cores",
        columns=("case", "cache", "n", *_HEAD[1:]),
        rows=tuple(rows),
        notes=tuple(_notes(run)),
        in_terminal=False,
        details=tuple(details) if lines_n <= MOST_LINES else (),
    )


def _cells(loads: Sequence[OwnLoad]) -> tuple[str, ...]:
    """How long, how busy, and what each took: medians over `loads`."""
    return (
        unit_words(_median([load.wall_s for load in loads]), "s"),
        _share_words([load.busy_share for load in loads]),
        *(_used_words(loads, user) for user in CoreUser),
        _share_words([load.steal_share for load in loads]),
    )


def _used_words(loads: Sequence[OwnLoad], user: CoreUser) -> str:
    used_s = _median([load.used_s.get(user) for load in loads])
    share = _median([load.share(user) for load in loads])
    if used_s is None:
        return unit_words(None, "s")
    return format_seconds(used_s) + ("" if share is None else f" ({share:.0%})")


def _share_words(shares: Sequence[float | None]) -> str:
    share = _median(shares)
    return unit_words(None if share is None else 100 * share, "pct")


def _median(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return stats.median(known) if known else None


def _trial_line(name: str, load: OwnLoad) -> str:
    used = (unit_words(load.used_s.get(user), "s") for user in CoreUser)
    busy, stolen = _share_words([load.busy_share]), _share_words([load.steal_share])
    return _line((name, unit_words(load.wall_s, "s"), busy, *used, stolen))


def _line(cells: Sequence[str]) -> str:
    return " ".join(f"{cell:>8}" for cell in cells)


def _notes(run: Run) -> Iterator[str]:
    yield (
        "Engine: its daemons, with what they start to unpack layers. Others: all other programs "
        "on the host, and kernel work that belongs to no program. The kernel counts in ticks of "
        "10 ms on most hosts, so that small figures are coarse."
    )
    hosts = [trial.facts.host for trial in run.results]
    known = [load for load in hosts if load and load.core_s is not None]
    if known and not any(load.thermal for load in known):
        yield "This host does not report thermal throttling."
    if known and not any(load.stalled_s for load in known):
        yield "This host does not report stalled programs (PSI)."
