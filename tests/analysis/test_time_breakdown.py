"""How the time to ready is divided, on containers whose every moment is known."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.analysis.time_breakdown import LEAST_NS, TimeShares, _settle, time_shares

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.journal.columns import Samples

MS = 1_000_000
BEGIN = 7 * 10**9


@dataclass(frozen=True)
class Stretch:
    """What a thread does for a while: `run`, `wait` (for a core), `disk` or `sleep`."""

    does: str
    ms: float


def does(*stretches: tuple[str, float]) -> list[Stretch]:
    return [Stretch(*one) for one in stretches]


def _spans(life: list[Stretch]) -> Iterator[tuple[str, int, int]]:
    at = BEGIN
    for one in life:
        end = at + round(one.ms * MS)
        yield one.does, at, end
        at = end


def _counted(life: list[Stretch], what: str, now: int, tick_ns: int) -> int:
    """What the kernel shows at `now`: of a run what ended with a tick, of waits only whole ones."""
    total = 0
    for kind, begin, end in _spans(life):
        if kind != what or begin > now:
            continue
        if end <= now:
            total += end - begin
        elif what == "run":
            total += (now - begin) // tick_ns * tick_ns
    return total


def observe(
    *lives: list[Stretch],
    every_ms: float = 20,
    tick_ms: float = 4,
    throttled: tuple[tuple[float, float], ...] = (),
    pressure: bool = False,
    ends_ms: float = 0,
) -> tuple[Samples, list[dict[str, Any]]]:
    """What bench would sample of threads that live so; each begins as the stretch to ready does.

    Args:
        throttled: (end, length) of each pause by the quota, in milliseconds.
        pressure: whether the kernel keeps io.pressure.
        ends_ms: when the last reading is taken.
    """
    tick_ns = round(tick_ms * MS)
    last = ends_ms or max(sum(one.ms for one in life) for life in lives)
    stamps = [BEGIN - 5 * MS + round(n * every_ms * MS) for n in range(int(last / every_ms) + 3)]
    event: dict[str, list[int]] = {"t_ns": [], "thread": [], "run_ns": [], "wait_ns": []}
    columns: dict[str, list[float]] = {
        name: [] for name in ("t_ns", "threads", "cpu_ns", "throttled_ns", "states", "blocked")
    }
    before: dict[int, tuple[int, int]] = {}
    for now in stamps:
        times = [(_counted(one, "run", now, tick_ns), _counted(one, "wait", now, tick_ns))
                 for one in lives]  # fmt: skip
        for thread, pair in enumerate(times):
            if pair != before.get(thread, (0, 0)):
                event["t_ns"].append(now + 50_000)
                event["thread"].append(thread)
                event["run_ns"].append(pair[0])
                event["wait_ns"].append(pair[1])
                before[thread] = pair
        doing = [kind for life in lives for kind, b, e in _spans(life) if b <= now < e]
        columns["t_ns"].append(now)
        columns["threads"].append(len(lives) if now >= BEGIN else 0)
        columns["cpu_ns"].append(sum(run for run, _ in times))
        paused = sum(length for end, length in throttled if BEGIN + end * MS <= now)
        columns["throttled_ns"].append(paused * MS)
        columns["states"].append(doing.count("run") + doing.count("wait"))
        columns["blocked"].append(doing.count("disk"))
    states, blocked = columns.pop("states"), columns.pop("blocked")
    if pressure:
        held = [sum(max(0, min(e, now) - b) for life in lives for kind, b, e in _spans(life)
                    if kind == "disk") for now in stamps]  # fmt: skip
        columns["pressure_io_us"] = [one / 1000 for one in held]
    else:
        columns |= {"threads_runnable": states, "threads_blocked": blocked}
    return {name: np.array(values, dtype=np.float64) for name, values in columns.items()}, [event]


def shares(length_ms: float, *lives: list[Stretch], **options: Any) -> TimeShares:
    found = time_shares(*observe(*lives, **options), BEGIN, BEGIN + round(length_ms * MS))
    assert found is not None
    return found


def total(found: TimeShares) -> float:
    return found.running + found.core_wait + found.throttled + found.disk_wait + found.idle


def test_one_that_sleeps_and_then_answers_was_idle():
    found = shares(1000, does(("run", 2), ("sleep", 998)))
    assert found.idle == pytest.approx(1.0, abs=0.01)


def test_one_that_computes_was_running():
    found = shares(1000, does(("run", 1000)))
    assert found.running == pytest.approx(1.0, abs=0.01)


def test_half_a_core_for_a_busy_thread_is_half_a_time_throttled():
    """The kernel counts each pause at its end, and the wait when the thread has its core again."""
    life = does(*[("run", 50), ("wait", 50)] * 10)
    found = shares(1000, life, throttled=tuple((100 * n, 50) for n in range(1, 11)))
    assert found.throttled == pytest.approx(0.5, abs=0.02)
    assert found.running == pytest.approx(0.5, abs=0.02)


def test_pauses_on_two_cores_at_once_count_once():
    lives = [does(*[("run", 25), ("wait", 75)] * 10)] * 2
    found = shares(1000, *lives, throttled=tuple((100 * n, 150) for n in range(1, 11)))
    assert found.throttled == pytest.approx(0.75, abs=0.06)
    assert found.core_wait == pytest.approx(0, abs=0.02)


def test_a_pause_does_not_take_what_was_waited_long_before_it():
    """Of two cores paused for 50 ms, all that finds room are the 50 ms just before the end."""
    life = does(("wait", 400), ("run", 300), ("wait", 50), ("run", 250))
    found = shares(1000, life, throttled=((750, 100),))
    assert found.throttled == pytest.approx(0.05, abs=0.015)
    assert found.core_wait == pytest.approx(0.40, abs=0.02)


def test_two_busy_threads_on_one_core_wait_for_it_half_of_the_time():
    mine, yours = ("run", 4.0), ("wait", 4.0)
    found = shares(1000, does(*[mine, yours] * 125), does(*[yours, mine] * 125))
    assert found.running == pytest.approx(0.5, abs=0.02)
    assert found.core_wait == pytest.approx(0.5, abs=0.02)
    assert found.throttled == 0


def test_a_long_wait_is_put_where_it_was_and_not_cut_at_the_interval_in_which_it_ended():
    found = shares(1000, does(("sleep", 500), ("wait", 400), ("run", 100)))
    assert found.core_wait == pytest.approx(0.4, abs=0.02)
    assert found.idle == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize("pressure", [True, False])
def test_waiting_for_a_disk_is_told_from_idling(pressure):
    life = does(("run", 100), ("disk", 500), ("sleep", 400))
    found = shares(1000, life, pressure=pressure)
    assert found.disk_wait == pytest.approx(0.5, abs=0.03)
    assert found.idle == pytest.approx(0.4, abs=0.03)


@pytest.mark.parametrize("pressure", [True, False])
def test_a_disk_that_one_thread_waits_for_while_another_runs_is_no_reason_to_wait(pressure):
    found = shares(1000, does(("disk", 1000)), does(("run", 1000)), pressure=pressure)
    assert found.running == pytest.approx(1.0, abs=0.01)
    assert found.disk_wait == pytest.approx(0, abs=0.01)


def test_short_reads_between_short_runs_are_told_by_the_states():
    """Most samples meet the disk; those that meet a run say nothing of the rest."""
    life = does(*[("run", 1.3), ("disk", 5.4)] * 150)
    found = shares(1000, life)
    assert found.running == pytest.approx(0.19, abs=0.03)
    assert found.disk_wait == pytest.approx(0.81, abs=0.03)


def test_threads_one_after_the_other_do_not_hide_the_idling_between_them():
    lives = [does(("sleep", 250 * n), ("run", 50), ("sleep", 950 - 250 * n)) for n in range(4)]
    found = shares(1000, *lives)
    assert found.running == pytest.approx(0.2, abs=0.01)
    assert found.idle == pytest.approx(0.8, abs=0.01)


def test_threads_side_by_side_are_busy_together_and_idle_before():
    """Eight seconds of cores in one: they stay in their half, whatever they add up to."""
    found = shares(2000, *[does(("sleep", 1000), ("run", 1000))] * 8)
    assert found.idle == pytest.approx(0.5, abs=0.02)
    assert found.running == pytest.approx(0.5, abs=0.02)


def test_within_an_interval_the_idle_share_is_a_lower_bound():
    life = does(*[("run", 5), ("sleep", 15)] * 50)
    together = shares(1000, life, life)
    assert together.idle == pytest.approx(0.5, abs=0.03)  # in truth 0.75
    assert shares(1000, life, life, every_ms=5).idle == pytest.approx(0.75, abs=0.08)


def test_programs_that_come_and_go_between_two_samples_were_running():
    samples, _ = observe(does(("run", 1000)))
    found = time_shares(samples, [], BEGIN, BEGIN + 1000 * MS)
    assert found is not None
    assert found.running == pytest.approx(1.0, abs=0.02)


def test_programs_that_come_and_go_are_seen_beside_a_thread_that_was_there_before_all_readings():
    samples, threads = observe(does(("run", 500), ("sleep", 500)))
    late = {name: values[26:] for name, values in samples.items()}
    since_ms = (late["t_ns"] - BEGIN) / MS - 520
    late["cpu_ns"] = late["cpu_ns"] + np.clip(since_ms, 0, 240) * MS
    found = time_shares(late, threads, BEGIN + 520 * MS, BEGIN + 1000 * MS)
    assert found is not None
    assert found.running == pytest.approx(0.5, abs=0.05)


def test_counters_that_are_read_one_after_the_other_do_not_make_up_programs():
    life = does(*[("run", 20), ("sleep", 20)] * 25)
    samples, threads = observe(life)
    samples["cpu_ns"][1::2] -= 3 * MS
    found = time_shares(samples, threads, BEGIN, BEGIN + 1000 * MS)
    assert found is not None
    assert found.running == pytest.approx(0.5, abs=0.02)


def test_what_was_before_the_start_call_returned_belongs_to_the_start():
    samples, threads = observe(does(("run", 500), ("sleep", 500)))
    found = time_shares(samples, threads, BEGIN + 500 * MS, BEGIN + 1000 * MS)
    assert found is not None
    assert found.idle == pytest.approx(1.0, abs=0.02)


def test_a_thread_that_was_there_before_the_first_reading_brings_nothing_from_then():
    samples, threads = observe(does(("run", 500), ("sleep", 500)))
    late = {name: values[26:] for name, values in samples.items()}
    found = time_shares(late, threads, BEGIN + 520 * MS, BEGIN + 1000 * MS)
    assert found is not None
    assert found.idle == pytest.approx(1.0, abs=0.02)


def lives() -> st.SearchStrategy[list[Stretch]]:
    stretch = st.builds(
        Stretch, st.sampled_from(["run", "wait", "sleep"]), st.floats(0.1, 130, allow_nan=False)
    )
    return st.lists(stretch, min_size=1, max_size=40)


def truth(threads: list[list[Stretch]], length_ns: int) -> dict[str, float]:
    """Share of the time in which any thread runs, and in which none runs or waits."""
    edges = sorted({BEGIN, BEGIN + length_ns, *(
        point for life in threads for _, b, e in _spans(life) for point in (b, e)
        if BEGIN < point < BEGIN + length_ns)})  # fmt: skip
    found = {"running": 0, "idle": 0}
    for begin, end in pairwise(edges):
        kinds = {kind for life in threads for kind, b, e in _spans(life) if b <= begin < e}
        found["running"] += (end - begin) * ("run" in kinds)
        found["idle"] += (end - begin) * (not kinds & {"run", "wait"})
    return {name: ns / length_ns for name, ns in found.items()}


@settings(max_examples=150, deadline=None)
@given(life=lives(), every_ms=st.sampled_from([5, 20, 60]))
def test_of_a_single_thread_the_shares_are_the_truth_but_for_the_edges(life, every_ms):
    length_ns = sum(round(one.ms * MS) for one in life)
    if length_ns < 2 * LEAST_NS:
        return
    samples, threads = observe(life, every_ms=every_ms)
    found = time_shares(samples, threads, BEGIN, BEGIN + length_ns)
    assert found is not None
    exact = truth([life], length_ns)
    # at both ends an interval is cut, and a time is counted up to a tick late within one
    slack = 2 * (every_ms + 4) * MS / length_ns
    assert found.idle == pytest.approx(exact["idle"], abs=slack)
    assert found.running == pytest.approx(exact["running"], abs=slack)
    assert total(found) == pytest.approx(1.0)


@settings(max_examples=150, deadline=None)
@given(several=st.lists(lives(), min_size=2, max_size=5))
def test_of_several_threads_the_idle_share_is_never_more_than_the_truth(several):
    length_ns = min(sum(round(one.ms * MS) for one in life) for life in several)
    if length_ns < 2 * LEAST_NS:
        return
    samples, threads = observe(*several)
    found = time_shares(samples, threads, BEGIN, BEGIN + length_ns)
    assert found is not None
    slack = 2 * 24 * MS / length_ns
    assert found.idle <= truth(several, length_ns)["idle"] + slack
    assert total(found) == pytest.approx(1.0)
    assert min(found.running, found.core_wait, found.throttled, found.disk_wait, found.idle) >= 0


# absent


def test_a_stretch_that_is_too_short_for_the_kernels_ticks_is_not_divided():
    samples, threads = observe(does(("run", 1000)))
    assert time_shares(samples, threads, BEGIN, BEGIN + LEAST_NS - 1) is None
    assert time_shares(samples, threads, BEGIN, BEGIN) is None


@pytest.mark.parametrize("column", ["threads", "cpu_ns", "throttled_ns", "threads_blocked"])
def test_without_one_of_its_sources_nothing_is_said(column):
    samples, threads = observe(does(("run", 1000)))
    del samples[column]
    assert time_shares(samples, threads, BEGIN, BEGIN + 1000 * MS) is None


def test_where_no_thread_was_ever_seen_nothing_is_said():
    samples, threads = observe(does(("sleep", 1000)))
    samples["threads"][:] = 0
    assert time_shares(samples, threads, BEGIN, BEGIN + 1000 * MS) is None


def test_where_the_samples_end_well_before_ready_nothing_is_said():
    samples, threads = observe(does(("run", 1000)), ends_ms=700)
    assert time_shares(samples, threads, BEGIN, BEGIN + 1000 * MS) is None


def _unread(
    samples: Samples, threads: list[dict[str, Any]], begin_ms: float, end_ms: float
) -> tuple[Samples, list[dict[str, Any]]]:
    """The same, had the threads not been looked at between two moments."""

    def is_unread(stamps: Any) -> Any:
        return (stamps > BEGIN + begin_ms * MS) & (stamps < BEGIN + end_ms * MS)

    for name in samples.keys() & {"threads", "threads_runnable", "threads_blocked"}:
        samples[name][is_unread(samples["t_ns"])] = np.nan
    kept = ~is_unread(np.array(threads[0]["t_ns"]))
    event = {name: np.array(values)[kept].tolist() for name, values in threads[0].items()}
    return samples, [event]


def test_where_one_look_would_stand_for_much_of_the_stretch_nothing_is_said():
    """It read past the cache all the while and happened to sleep when it was looked at again."""
    life = does(("run", 100), ("disk", 700), ("sleep", 200))
    samples, threads = _unread(*observe(life), 120, 810)
    assert time_shares(samples, threads, BEGIN, BEGIN + 1000 * MS) is None


def test_a_long_time_between_two_looks_does_not_matter_where_it_was_running():
    samples, threads = _unread(*observe(does(("run", 1000))), 120, 810)
    found = time_shares(samples, threads, BEGIN, BEGIN + 1000 * MS)
    assert found is not None
    assert found.running == pytest.approx(1, abs=0.02)


def test_a_long_time_between_two_looks_does_not_matter_where_the_kernel_keeps_the_pressure():
    life = does(("run", 100), ("disk", 700), ("sleep", 200))
    samples, threads = _unread(*observe(life, pressure=True), 120, 810)
    found = time_shares(samples, threads, BEGIN, BEGIN + 1000 * MS)
    assert found is not None
    assert found.disk_wait == pytest.approx(0.7, abs=0.03)


def test_looks_that_are_rare_but_many_say_how_it_went():
    samples, threads = observe(does(("disk", 6000), ("sleep", 4000)), every_ms=400)
    found = time_shares(samples, threads, BEGIN, BEGIN + 10_000 * MS)
    assert found is not None
    assert found.disk_wait == pytest.approx(0.6, abs=0.05)


def test_a_batch_job_is_divided_up_to_the_last_sample_before_its_end():
    samples, threads = observe(does(("run", 300), ("sleep", 700)))
    for name in samples.keys() - {"t_ns", "cpu_ns"}:
        samples[name][-3:] = np.nan  # its cgroup has gone
    found = time_shares(samples, threads, BEGIN, BEGIN + 1000 * MS)
    assert found is not None
    assert found.running == pytest.approx(0.31, abs=0.02)
    assert total(found) == pytest.approx(1.0)


def test_what_finds_no_room_goes_no_further_back_than_it_is_long():
    """Of 30 in the last of five intervals of 10, the one before and the first of all have room."""
    lengths, room = np.full(5, 10.0), np.array([10.0, 0.0, 0.0, 10.0, 5.0])
    settled = _settle(np.array([4]), np.array([30.0]), lengths, room)
    assert settled.tolist() == [0.0, 0.0, 0.0, 10.0, 5.0]
    further = _settle(np.array([4]), np.array([31.0]), lengths, room)
    assert further.tolist() == [10.0, 0.0, 0.0, 10.0, 5.0]
