"""How the time between start and ready was spent: pure arithmetic on what was sampled in it.

Every moment belongs to one of five: something of the container was running, waited for a core,
was held back by its quota, waited for a disk, or none of it, and it was idle.

The kernel counts by thread, and each time when it ends: a wait when the thread gets its core, a
quota's pause when the period is over. So a count is moved back to where there was room for it.
Threads that ran side by side within a sample's interval count one after the other, up to its
length: the busy shares are upper bounds and the idle share is a lower one. Within the busy time,
running and waiting share as the threads' own times do.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from bench.journal.columns import THREAD_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bench.journal.columns import Samples

Values = np.ndarray[Any, np.dtype[np.float64]]

LEAST_NS = 20_000_000
"""A stretch shorter than this is not divided: a thread's use is counted at ticks of up to 10 ms."""

LEAST_COVERED = 0.8
"""Share of the stretch that must lie between readings."""

MOST_FOR_ONE_LOOK = 0.25
"""Share of the stretch beyond which the states at one moment cannot stand for a whole interval."""

OFTEN_NS = 100_000_000
"""An interval up to this long has been looked at often enough, however short the stretch."""

_NEEDED = {"threads", "cpu_ns", "throttled_ns"}
_PRESSURE, _BLOCKED = "pressure_io_us", "threads_blocked"
_DISK = {_PRESSURE, _BLOCKED}
"""Columns of which one says what waited for a disk."""


@dataclass(frozen=True)
class TimeShares:
    """Shares of a stretch of time, which add up to 1."""

    running: float
    core_wait: float
    throttled: float
    disk_wait: float
    idle: float


def time_shares(
    samples: Samples, threads: Sequence[Mapping[str, Any]], begin_ns: int, end_ns: int
) -> TimeShares | None:
    """The shares between two moments; None where that was not, or too little, observed.

    Args:
        samples: of one trial; those with a column `threads` say that threads were looked at.
        threads: the `threads` events of the trial.
        begin_ns: the first moment, on the clock of the samples.
        end_ns: the second.
    """
    if end_ns - begin_ns < LEAST_NS or not samples.keys() >= _NEEDED:
        return None
    if not _DISK & samples.keys():
        return None
    looked = ~np.isnan(samples["threads"]) & ~np.isnan(samples["cpu_ns"])
    at = {name: values[looked] for name, values in samples.items()}
    stamps = at["t_ns"]
    if len(stamps) < 2:
        return None
    within = np.clip(stamps, begin_ns, end_ns)
    weights = np.diff(within) / np.maximum(np.diff(stamps), 1.0)
    covered_ns = float(within[-1] - within[0])
    seen = (weights > 0) & (at["threads"][1:] > 0)
    if covered_ns < LEAST_COVERED * (end_ns - begin_ns) or not seen.any():
        return None
    *busy, rest = _divide(at, *_busy(at, threads))
    if _PRESSURE not in at and _stands_for_too_much(rest * weights, covered_ns):
        return None
    shares = np.array((*busy, _disk(at, rest))) @ weights / covered_ns
    running, core_wait, throttled, disk_wait = shares.tolist()
    idle = max(0.0, 1.0 - running - core_wait - throttled - disk_wait)
    return TimeShares(running, core_wait, throttled, disk_wait, idle)


def _busy(at: Samples, threads: Sequence[Mapping[str, Any]]) -> tuple[Values, Values]:
    """Time that threads ran and that they waited, in each interval; added up over threads."""
    stamps = at["t_ns"]
    lengths = np.diff(stamps)
    run, wait, counted = np.zeros(len(lengths)), np.zeros(len(lengths)), np.zeros(len(stamps))
    for reading, run_ns, wait_ns in _by_thread(stamps, threads):
        ran, waited = _growth(run_ns), _growth(wait_ns)
        known = reading > 0
        np.add.at(counted, reading[known], ran[known])
        used = _settle(reading - 1, ran, lengths, lengths)
        run += used
        wait += _settle(reading - 1, waited, lengths, lengths - used)
    # What the cgroup has used and no thread that was seen: of threads that lived for less than
    # an interval. As a running maximum, so that the two being read apart does not add up.
    used_ns = at["cpu_ns"] - at["cpu_ns"][0]
    unseen = np.maximum.accumulate(np.maximum(0.0, used_ns - np.cumsum(counted)))
    return run + np.diff(unseen), wait


def _by_thread(
    stamps: Values, threads: Sequence[Mapping[str, Any]]
) -> list[tuple[np.ndarray[Any, np.dtype[np.int64]], Values, Values]]:
    """For each thread: the indices of the readings that saw it change, and its times then.

    What a thread had at the first reading of all belongs to no interval.
    """
    if not threads:
        return []
    table = np.array(
        [np.concatenate([event[name] for event in threads]) for name in THREAD_COLUMNS],
        dtype=np.float64,
    )
    table = table[:, np.lexsort((table[1], table[0]))]
    reading = np.searchsorted(stamps, table[1], side="right") - 1
    edges = np.flatnonzero(np.diff(table[0])) + 1
    return [
        (reading[part], table[2][part], table[3][part])
        for part in np.split(np.arange(table.shape[1]), edges)
    ]


def _growth(counter: Values) -> Values:
    """From each value to the next, from zero; one that falls is of a new thread of that number."""
    steps = np.diff(counter, prepend=0.0)
    return np.where(steps < 0, counter, steps)


def _settle(
    where: np.ndarray[Any, np.dtype[np.int64]], amounts: Values, lengths: Values, room: Values
) -> Values:
    """Amounts put into the intervals at whose end they were counted, and before these.

    An amount that finds no room where it was counted goes into the interval before, and so on,
    no further back than it is long. What finds no room at all is left out.

    Args:
        where: index of each amount's interval, ascending; below zero for none.
        amounts: what was counted.
        lengths: of the intervals.
        room: what each interval can still take.
    """
    counted = np.flatnonzero((amounts > 0) & (where >= 0))[::-1]
    settled = [0.0] * len(lengths)
    free = room.tolist()  # plain numbers: those of an array are slow one by one
    ends = np.cumsum(lengths)
    earliest = (ends - lengths)[where[counted]] - amounts[counted]
    roomy = np.maximum.accumulate(np.where(room == 0, -1, np.arange(len(room))))
    below = [-1, *roomy[:-1].tolist()]
    reached = [*ends.tolist(), -np.inf]  # at -1, below the first interval, nothing goes on
    index = len(lengths)  # from here up to where the amount before was counted there is no room
    for last, amount, until in zip(
        where[counted].tolist(), amounts[counted].tolist(), earliest.tolist(), strict=True
    ):
        index, rest = min(index, last), amount
        while reached[index] > until:
            room_here = free[index]
            if rest <= room_here:
                settled[index] += rest
                free[index] = room_here - rest
                break
            settled[index] += room_here
            free[index] = 0.0
            rest -= room_here
            index = below[index]
    return np.array(settled)


def _divide(at: Samples, run: Values, wait: Values) -> tuple[Values, Values, Values, Values]:
    """Running, waiting for a core, throttled, and the rest of each interval."""
    lengths = np.diff(at["t_ns"])
    wanted = run + wait
    busy = np.minimum(lengths, wanted)
    running = np.divide(busy * run, wanted, out=np.zeros_like(wanted), where=wanted > 0)
    held = busy - running
    pauses = np.diff(_known(at["throttled_ns"]))
    everywhere = np.arange(len(lengths))
    throttled = _settle(everywhere, np.maximum(0.0, pauses), lengths, held)
    # what is left of a difference of floats may be just below zero
    core_wait, rest = np.maximum(0.0, held - throttled), np.maximum(0.0, lengths - busy)
    return running, core_wait, throttled, rest


def _known(values: Values) -> Values:
    """The values, with zero for those that are not known."""
    return np.where(np.isnan(values), 0.0, values)


def _stands_for_too_much(rest: Values, covered_ns: float) -> bool:
    """Whether the states of the threads at one moment would divide much of the stretch.

    It is so where reading the threads was held up, or takes so long that it is seldom done.
    """
    return bool(rest.max() > max(OFTEN_NS, MOST_FOR_ONE_LOOK * covered_ns))


def _disk(at: Samples, rest: Values) -> Values:
    """How much of the `rest` of each interval something waited for a disk.

    The kernel says it where it keeps io.pressure. Elsewhere the states of the threads at the end
    of an interval stand for all of its rest, unless one was running then, which says nothing of
    the rest: that is divided as the others are.
    """
    if _PRESSURE in at:
        held_ns = np.diff(_known(at[_PRESSURE])) * 1e3
        return np.minimum(rest, np.maximum(0.0, held_ns))
    blocked = _known(at[_BLOCKED][1:]) > 0
    tells = _known(at["threads_runnable"][1:]) == 0
    known = float(rest[tells].sum())
    share = float(rest[tells & blocked].sum()) / known if known > 0 else 0.0
    return np.where(tells, rest * blocked, rest * share)
