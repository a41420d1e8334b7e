"""From the events of one trial to its metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.analysis.trial_metrics import derive, unreclaimable, working_set
from bench.core.domain import TrialKey, TrialStatus
from bench.core.metrics import METRICS, Scope
from bench.journal.events import check_event
from bench.journal.facts.course import Phase, TrialEnd, TrialStart
from bench.journal.facts.pull import LayerPull
from bench.journal.trial_events import TrialEvents
from tests import journals
from tests.facts import facts_of

if TYPE_CHECKING:
    from bench.analysis.model import TrialResult
    from bench.journal.columns import Samples

S = 1_000_000_000
MS = 1_000_000
ZERO = 40 * S
STARTED = TrialStart("t0003", TrialKey("web", 2, "cold"), 1)
NAMES = ("prepare", "pull", "create", "arm", "start", "ready", "observe", "stop", "remove")
LENGTHS_S = (0.5, 3.0, 0.02, 0.003, 0.3, 1.2, 1.0, 0.2, 0.05)


def phase(name: str, start_s: float, end_s: float, resolution_ns: int | None = None):
    begin_ns, end_ns = ZERO + round(start_s * S), ZERO + round(end_s * S)
    return Phase("t0003", name, begin_ns, end_ns, "monotonic", resolution_ns)


def all_phases() -> list[Phase]:
    """One after the other, the preparation before the zero."""
    found, at_s = [], -LENGTHS_S[0]
    for name, length_s in zip(NAMES, LENGTHS_S, strict=True):
        found.append(phase(name, at_s, at_s + length_s))
        at_s += length_s
    return found


def events_of(
    phases: list[Phase] | None = None,
    facts: dict[str, Any] | None = None,
    *,
    status: str | None = "ok",
    **columns: list[float | None],
) -> TrialEvents:
    """A trial; one without a status was cut off, and one without facts has at least its zero."""
    ended = None
    if status is not None:
        known = facts_of(**{"zero_ns": ZERO} | (facts or {}))
        ended = TrialEnd("t0003", TrialStatus(status), "", known, ("bye",))
    events = TrialEvents(STARTED, list(phases or []), ended=ended)
    if columns:
        events.add_samples("cgroup-v2", arrays(**columns))
    return events


def arrays(**columns: list[float | None]) -> Samples:
    return {name: np.array(values, dtype=np.float64) for name, values in columns.items()}


def result_of(*arguments: Any, **options: Any) -> TrialResult:
    events = events_of(*arguments, **options)
    return derive(events, events.samples())


def metrics_of(*arguments: Any, **options: Any) -> dict[str, float]:
    return result_of(*arguments, **options).metrics


# Times


def test_a_restart_is_the_stop_and_the_start_to_ready_again():
    found = metrics_of([phase("stop", 5.0, 5.4), phase("restart", 6.0, 7.5)])
    assert found["restart_s"] == pytest.approx(0.4 + 1.5)


@pytest.mark.parametrize("name", ["stop", "restart"])
def test_without_both_halves_there_is_no_restart(name):
    assert "restart_s" not in metrics_of([phase(name, 5.0, 5.4)])


def test_the_phases_after_the_zero_add_up_to_the_total_within_a_hundredth():
    result = result_of(all_phases(), {"ready": {"at_ns": ZERO + round(4.523 * S),
                                                "resolution_ns": 5 * MS}})  # fmt: skip
    parts = [span.duration_s for span in result.phases if span.start_s >= 0]
    total_s = result.phases[-1].end_s
    assert sum(parts) == pytest.approx(total_s, rel=0.01)
    to_ready = [span.duration_s for span in result.phases if span.phase in NAMES[1:6]]
    assert sum(to_ready) == pytest.approx(result.metrics["startup_s"], rel=0.01)


def test_each_phase_has_its_length():
    metrics = metrics_of(all_phases())
    for name, length_s in zip(NAMES, LENGTHS_S, strict=True):
        if f"{name}_s" in METRICS:
            assert metrics[f"{name}_s"] == pytest.approx(length_s)


def test_what_is_before_the_zero_is_negative():
    result = result_of(all_phases())
    assert result.phases[0].phase == "prepare"
    assert (result.phases[0].start_s, result.phases[0].end_s) == (-0.5, 0.0)
    assert result.phases[1].start_s == 0.0


def test_startup_counts_from_the_zero_to_the_confirming_answer():
    ready = {"at_ns": ZERO + 4523 * MS, "resolution_ns": 5 * MS}
    metrics = metrics_of(all_phases(), {"ready": ready})
    assert metrics["startup_s"] == pytest.approx(4.523)
    assert metrics["ready_resolution_s"] == pytest.approx(0.005)


def test_the_resolution_of_a_phase_is_kept_and_absent_where_there_is_none():
    spans = result_of([phase("pull", 0, 1), phase("ready", 1, 2, 5 * MS)]).phases
    assert [span.resolution_s for span in spans] == [None, 0.005]


def test_a_port_opens_so_long_after_the_start_call_returned():
    port = {"at_ns": ZERO + round(4.0 * S), "resolution_ns": 5 * MS, "probe": "http 80/"}
    started_s = sum(LENGTHS_S[1:5])
    assert metrics_of(all_phases(), {"port_open": port})["port_open_s"] == pytest.approx(
        4.0 - started_s
    )


def test_a_port_that_opened_before_the_start_call_returned_is_no_moment_of_it():
    port = {"at_ns": ZERO + round(0.1 * S), "resolution_ns": 5 * MS, "probe": "tcp 80"}
    with pytest.raises(ValueError, match="port_open_s would be -"):
        metrics_of(all_phases(), {"port_open": port})


def test_where_no_probe_connected_no_port_opened():
    assert "port_open_s" not in metrics_of(all_phases())


def test_the_first_output_counts_from_the_sending_of_the_start():
    facts = {"start_sent_ns": ZERO + 3 * S, "first_output_ns": ZERO + 3 * S + 250 * MS}
    assert metrics_of(all_phases(), facts)["first_output_s"] == pytest.approx(0.25)


def test_a_batch_job_has_the_time_that_it_ran_for():
    facts = {"exit": {"code": 0, "at_ns": ZERO + 5 * S}}
    metrics = metrics_of([phase("start", 1, 2)], facts)
    assert metrics["run_s"] == pytest.approx(3.0)
    assert metrics["exit_code"] == 0


def test_one_that_ended_before_the_start_call_returned_has_no_such_end():
    facts = {"exit": {"code": 0, "at_ns": ZERO + 2 * S - 7 * MS}}
    with pytest.raises(ValueError, match="run_s would be -"):
        metrics_of([phase("start", 1, 2)], facts)


def test_one_that_was_stopped_has_no_such_time():
    facts = {
        "exit": {"code": 143, "at_ns": ZERO + 5 * S},
        "stop": {"grace_s": 1.0, "killed": False},
    }
    metrics = metrics_of(all_phases(), facts)
    assert "run_s" not in metrics
    assert (metrics["stop_killed"], metrics["exit_code"]) == (0, 143)


def test_where_the_end_of_a_trial_is_missing_its_zero_is_the_first_phase_after_the_preparation():
    cut = result_of([phase("prepare", -1, 0), phase("create", 0.5, 1)], status=None)
    assert [(span.start_s, span.end_s) for span in cut.phases] == [(-1.5, -0.5), (0.0, 0.5)]
    only = result_of([phase("prepare", -1, 0)], status=None)
    assert [(span.start_s, span.end_s) for span in only.phases] == [(-1.0, 0.0)]
    assert result_of([], status=None).phases == ()


# What happened


def test_a_trial_that_was_cut_off_counts_as_interrupted():
    result = result_of(all_phases()[:3], status=None)
    assert result.status is TrialStatus.INTERRUPTED
    assert result.reason == "the run was cut off in this trial"
    assert "startup_s" not in result.metrics
    assert result.log_tail == ()


def test_a_trial_that_never_got_ready_has_no_time_of_it():
    facts = {"exit": {"code": 1, "at_ns": ZERO + 5 * S}}
    result = result_of([phase("pull", 0, 3), phase("start", 3, 4)], facts, status="failed")
    assert result.status is TrialStatus.FAILED
    assert {"startup_s", "ready_s", "ready_resolution_s"}.isdisjoint(result.metrics)
    assert result.metrics["exit_code"] == 1


def test_the_key_the_attempt_the_layers_and_the_last_lines_are_kept():
    events = events_of()
    layer = LayerPull(0, "sha256:1", "FROM x", 1, 2, 0.1, 0.2, 0.3, 0.4, "Pull complete")
    events.layers.append(layer)
    result = derive(events, events.samples())
    assert (result.trial_id, result.key.case, result.key.round) == ("t0003", "web", 2)
    assert (result.attempt, result.layers, result.log_tail) == (1, (layer,), ("bye",))


def test_what_cannot_be_is_refused():
    with pytest.raises(ValueError, match="startup_s would be -1"):
        metrics_of([], {"ready": {"at_ns": ZERO - S, "resolution_ns": 1}})


# Nothing that was not measured


def test_what_was_not_measured_is_absent():
    assert metrics_of() == {}


def test_without_samples_there_are_only_times_and_what_the_kernel_keeps():
    metrics = metrics_of(all_phases(), {"counters": {"memory_peak_bytes": 5}})
    times = {f"{name}_s" for name in NAMES if f"{name}_s" in METRICS}
    assert set(metrics) == {*times, "memory_peak_bytes"}


@pytest.mark.parametrize("column", ["throttled_ns", "oom_kills", "io_read_bytes", "net_rx_bytes"])
def test_a_column_that_never_had_a_value_is_absent_and_one_of_zeros_is_zero(column):
    name = {"throttled_ns": "cpu_throttled_s"}.get(column, column)
    assert name not in metrics_of(t_ns=[1, 2], **{column: [None, None]})
    assert metrics_of(t_ns=[1, 2], **{column: [None, 0]})[name] == 0


def test_no_high_water_mark_is_no_peak():
    assert "memory_peak_bytes" not in metrics_of([], {"counters": {"method": "engine-stats"}})


def test_every_metric_is_one_of_the_table_and_of_a_trial():
    for event in _made_up_trials():
        assert set(event.metrics) <= {
            name for name, metric in METRICS.items() if metric.scope is Scope.TRIAL
        }


def _made_up_trials() -> list[TrialResult]:
    from bench.journal.columns import sample_columns

    trials: dict[str, TrialEvents] = {}
    for event in journals.events():
        name = event.get("trial_id", "")
        if event["event"] == "trial_started":
            trials[name] = TrialEvents(check_event(event))
        elif event["event"] == "phase":
            trials[name].phases.append(check_event(event))
        elif event["event"] == "samples":
            trials[name].add_samples(event["method"], sample_columns(event))
        elif event["event"] == "trial_ended":
            trials[name].ended = check_event(event)
    return [derive(one, one.samples()) for one in trials.values()]


# Counters


@pytest.mark.parametrize(
    ("column", "metric", "value"),
    [
        ("cpu_ns", "cpu_s", 3.0),
        ("throttled_ns", "cpu_throttled_s", 3.0),
        ("oom_kills", "oom_kills", 3 * S),
        ("io_write_bytes", "io_write_bytes", 3 * S),
        ("net_tx_bytes", "net_tx_bytes", 3 * S),
    ],
)
def test_a_counter_counts_for_the_most_that_it_ever_showed(column, metric, value):
    columns = {column: [None, 1 * S, 3 * S, None]}
    assert metrics_of(t_ns=[1, 2, 3, 4], **columns)[metric] == pytest.approx(value)


def test_periods_throttled_are_a_share_of_all_periods():
    found = metrics_of(t_ns=[1, 2, 3], quota_periods_n=[0, 10, None], throttled_n=[0, 4, None])
    assert found["cpu_throttled_periods_pct"] == pytest.approx(40.0)


def test_without_a_quota_there_are_no_periods_to_share():
    found = metrics_of(t_ns=[1, 2], quota_periods_n=[0, 0], throttled_n=[0, 0])
    assert "cpu_throttled_periods_pct" not in found


@pytest.mark.parametrize(("counted", "kills"), [(None, 1.0), (0, 1.0), (3, 3.0)])
def test_a_kill_that_the_engine_saw_is_at_least_one(counted, kills):
    said = {"memory_kill": {"kernel_kills": counted, "engine_flag": True, "exit_code": 137}}
    assert metrics_of(facts=said, t_ns=[1], oom_kills=[counted])["oom_kills"] == kills


def test_where_nobody_saw_a_kill_the_kernels_count_stands():
    said = {"memory_kill": {"kernel_kills": 0, "engine_flag": False, "exit_code": 143}}
    assert metrics_of(facts=said, t_ns=[1], oom_kills=[0])["oom_kills"] == 0
    assert "oom_kills" not in metrics_of(facts=said)


def test_the_time_to_ready_is_divided_in_per_cent():
    """Ready takes 1.2 s from the return of the start call; half of it, one thread ran."""
    started = ZERO + round(sum(LENGTHS_S[1:5]) * S)
    stamps = [started + step * 100 * MS for step in range(-1, 14)]
    used = [min(max(0, at - started), 600 * MS) for at in stamps]
    events = events_of(
        all_phases(),
        t_ns=[*stamps],
        cpu_ns=[*used],
        threads=[1] * 15,
        throttled_ns=[0] * 15,
        pressure_io_us=[0] * 15,
    )
    columns = arrays(t_ns=[*stamps], thread=[7] * 15, run_ns=[*used], wait_ns=[0] * 15)
    events.threads.append(columns)
    found = derive(events, events.samples()).metrics
    assert found["running_share_pct"] == pytest.approx(50, abs=1)
    assert found["idle_share_pct"] == pytest.approx(50, abs=1)
    assert found["core_wait_share_pct"] == found["throttled_share_pct"] == 0
    assert found["disk_wait_share_pct"] == 0


def test_a_trial_that_never_got_ready_has_no_such_shares():
    assert not [name for name in metrics_of(all_phases()[:5]) if name.endswith("_share_pct")]


def test_cpu_time_at_ready_and_the_bytes_of_the_pull_are_taken_over():
    metrics = metrics_of([], {"cpu_ns_at_ready": 1_500_000_000, "downloaded_bytes": 4196})
    assert (metrics["cpu_to_ready_s"], metrics["downloaded_bytes"]) == (1.5, 4196)


def test_energy_is_what_was_added_and_needs_two_readings():
    assert metrics_of(t_ns=[1, 2, 3], gpu_energy_mj=[None, 5000, 8500])["gpu_energy_j"] == 3.5
    assert "gpu_energy_j" not in metrics_of(t_ns=[1, 2], gpu_energy_mj=[None, 5000])


def test_what_a_limit_cannot_squeeze_is_anonymous_shared_and_kernel_memory_at_one_moment():
    samples = arrays(
        t_ns=[1, 2, 3],
        memory_anon_bytes=[100, 50, None],
        memory_shmem_bytes=[0, 70, 900],
        memory_kernel_bytes=[1, None, 900],
    )
    assert unreclaimable(samples) == pytest.approx([101, 120, np.nan], nan_ok=True)
    assert unreclaimable(arrays(t_ns=[1], memory_shmem_bytes=[1])) is None


def test_caches_of_the_kernel_s_that_can_be_reclaimed_are_apart():
    metrics = metrics_of(
        t_ns=[1, 2, 3],
        memory_anon_bytes=[100, 100, 100],
        memory_kernel_bytes=[50, 900, None],
        memory_slab_reclaimable_bytes=[30, 870, None],
    )
    assert metrics["memory_anon_peak_bytes"] == 130
    assert metrics["memory_anon_shmem_peak_bytes"] == 100
    assert metrics["memory_slab_reclaimable_peak_bytes"] == 870


def test_without_the_kernel_s_whole_memory_nothing_is_taken_off():
    """As with kernels before 5.18, whose cgroups know the slab and not the sum."""
    samples = arrays(t_ns=[1], memory_anon_bytes=[100], memory_slab_reclaimable_bytes=[30])
    assert unreclaimable(samples) == pytest.approx([100])


def test_where_the_kernel_does_not_tell_them_apart_they_are_in_it_and_it_is_seen_to_be_so():
    metrics = metrics_of(t_ns=[1], memory_anon_bytes=[100], memory_kernel_bytes=[900])
    assert metrics["memory_anon_peak_bytes"] == 1000
    assert metrics["memory_anon_shmem_peak_bytes"] == 100
    assert "memory_slab_reclaimable_peak_bytes" not in metrics


def test_its_peak_is_that_of_the_sum_and_not_the_sum_of_the_peaks():
    metrics = metrics_of(t_ns=[1, 2], memory_anon_bytes=[100, 10], memory_shmem_bytes=[10, 80])
    assert metrics["memory_anon_peak_bytes"] == 110


def test_the_working_set_leaves_out_what_the_kernel_would_give_up_first():
    samples = arrays(t_ns=[1, 2], memory_usage_bytes=[100, 90], memory_inactive_file_bytes=[60, 95])
    assert working_set(samples) == pytest.approx([40, 0])
    assert working_set(arrays(t_ns=[1], memory_usage_bytes=[1])) is None


def test_batches_are_joined_and_what_one_of_them_lacks_is_missing_there():
    events = TrialEvents(STARTED)
    events.add_samples("cgroup-v1", arrays(t_ns=[1, 2], tasks=[1, 2]))
    events.add_samples("cgroup-v1", arrays(t_ns=[3], net_rx_bytes=[7]))
    samples = events.samples()
    assert samples["t_ns"].tolist() == [1, 2, 3]
    assert samples["tasks"] == pytest.approx([1, 2, np.nan], nan_ok=True)
    assert samples["net_rx_bytes"] == pytest.approx([np.nan, np.nan, 7], nan_ok=True)
    assert derive(events, samples).method == "cgroup-v1"


@pytest.mark.parametrize("late", [[0, S], [2 * S, 3 * S], [4 * S, 3 * S]])
def test_samples_that_do_not_follow_those_before_are_refused(late):
    events = TrialEvents(STARTED)
    events.add_samples("cgroup-v1", arrays(t_ns=[2 * S, 3 * S], cpu_ns=[2 * S, 3 * S]))
    with pytest.raises(ValueError, match="out of order"):
        events.add_samples("cgroup-v1", arrays(t_ns=late, cpu_ns=late))


# Peaks over windows of a second


def used(steps: list[tuple[float, float]]) -> dict[str, list[float | None]]:
    """Stamps and a counter that grows by steps of (seconds, cores)."""
    stamps, total = [0.0], [0.0]
    for seconds, cores in steps:
        stamps.append(stamps[-1] + seconds * S)
        total.append(total[-1] + seconds * S * cores)
    return {"t_ns": [*map(round, stamps)], "cpu_ns": [*map(round, total)]}


steps_strategy = st.lists(
    st.tuples(st.floats(0.005, 0.8), st.floats(0, 8)), min_size=1, max_size=60
)


@settings(max_examples=80)
@given(steps_strategy)
def test_the_peak_is_never_above_the_highest_rate_nor_below_that_of_any_whole_second(steps):
    peak = metrics_of(**used(steps))["cpu_cores_peak"]
    assert peak <= max(cores for _, cores in steps) * (1 + 1e-6) + 1e-6
    whole_s = sum(seconds for seconds, _ in steps)
    mean = sum(seconds * cores for seconds, cores in steps) / max(1.0, np.ceil(whole_s))
    assert peak >= mean * (1 - 1e-6) - 1e-6


@settings(max_examples=40)
@given(
    st.floats(0.01, 16),
    st.lists(st.floats(0.005, 0.3), min_size=1, max_size=50).filter(lambda one: sum(one) >= 1.0),
)
def test_a_constant_rate_is_its_own_peak(cores, lengths):
    peak = metrics_of(**used([(seconds, cores) for seconds in lengths]))["cpu_cores_peak"]
    assert peak == pytest.approx(cores, rel=1e-5)


def test_a_burst_of_a_whole_second_is_seen_whole():
    steps = [(0.02, 0.1)] * 60 + [(0.02, 3.5)] * 50 + [(0.02, 0.1)] * 60
    assert metrics_of(**used(steps))["cpu_cores_peak"] == pytest.approx(3.5, rel=1e-6)


def test_the_busiest_second_may_end_with_a_sample_and_begin_between_two():
    steps = [(0.5, 1.0), (0.75, 3.0), (0.25, 0.0), (0.5, 4.0)]
    assert metrics_of(**used(steps))["cpu_cores_peak"] == pytest.approx(2.75)


def test_a_burst_of_50_ms_needs_no_core_for_longer_than_that():
    assert metrics_of(**used([(0.05, 1.0)]))["cpu_cores_peak"] == pytest.approx(0.05)


def test_a_single_sample_has_no_rate():
    assert "cpu_cores_peak" not in metrics_of(t_ns=[1], cpu_ns=[5])


def test_demand_is_what_was_used_and_what_was_waited_for():
    columns = used([(0.1, 2.0)] * 20)
    waited = [None if one % 2 else 0.15 * S * one for one in range(21)]
    metrics = metrics_of(**columns, cpu_wait_ns=waited)
    assert metrics["cpu_cores_peak"] == pytest.approx(2.0)
    assert metrics["cpu_demand_cores_peak"] == pytest.approx(3.5)


@settings(max_examples=40)
@given(steps_strategy, st.floats(0, 4))
def test_demand_is_never_below_what_was_used_at_the_moments_when_both_are_known(steps, waiting):
    columns = used(steps)
    waited = [stamp * waiting for stamp in columns["t_ns"] if stamp is not None]
    metrics = metrics_of(**columns, cpu_wait_ns=waited)
    assert metrics["cpu_demand_cores_peak"] >= metrics["cpu_cores_peak"] - 1e-6
    assert metrics["cpu_demand_cores_peak"] <= metrics["cpu_cores_peak"] + waiting + 1e-6


def test_a_burst_shows_over_100_ms():
    steps = [(0.02, 0.0)] * 50 + [(0.02, 1.0)] * 15 + [(0.02, 0.0)] * 50
    metrics = metrics_of(**used(steps))
    assert metrics["cpu_cores_peak"] == pytest.approx(0.3)
    assert metrics["cpu_cores_peak_100ms"] == pytest.approx(1.0)


def test_samples_that_are_far_apart_show_no_burst():
    assert "cpu_cores_peak_100ms" in metrics_of(**used([(0.05, 1.0)] * 40))
    assert "cpu_cores_peak_100ms" not in metrics_of(**used([(0.06, 1.0)] * 40))
    assert "cpu_cores_peak_100ms" not in metrics_of(t_ns=[1], cpu_ns=[5])


@settings(max_examples=40)
@given(st.lists(st.floats(0, 8), min_size=60, max_size=120))
def test_no_peak_over_100_ms_is_below_that_over_a_second(rates):
    metrics = metrics_of(**used([(0.02, cores) for cores in rates]))
    assert metrics["cpu_cores_peak_100ms"] >= metrics["cpu_cores_peak"] - 1e-6


def unseen_pct(rates: list[tuple[float, float]], endings: list[float] | None = None) -> float:
    """The share where cores were used, and seen, at these rates, half a second each.

    `endings` is the rate of what tasks that ended may have used unseen.
    """
    columns = used([(0.5, cores) for cores, _ in rates])
    seen = used([(0.5, cores) for _, cores in rates])["cpu_ns"]
    ending = used([(0.5, cores) for cores in endings])["cpu_ns"] if endings else [0] * len(seen)
    metrics = metrics_of(**columns, cpu_seen_ns=seen, cpu_ending_ns=ending)
    return metrics["cpu_unseen_share_pct"]


def test_what_no_thread_accounts_for_is_a_share_of_the_busiest_second():
    assert unseen_pct([(2.0, 2.0)] * 4) == 0
    assert unseen_pct([(2.0, 1.5)] * 4) == pytest.approx(25)
    assert unseen_pct([(2.0, 2.0)] * 4 + [(1.0, 0.5)] * 4) == pytest.approx(25)
    assert unseen_pct([(1.0, 0.0)] * 4) == pytest.approx(100)


def test_what_tasks_may_have_used_while_they_ended_is_not_unseen_in_the_same_second():
    assert unseen_pct([(2.0, 1.0)] * 4, [1.0] * 4) == 0
    assert unseen_pct([(2.0, 1.0)] * 4, [0.5] * 4) == pytest.approx(25)
    early = [8.0] * 4 + [0.0] * 4
    assert unseen_pct([(2.0, 2.0)] * 4 + [(2.0, 1.0)] * 4, early) == pytest.approx(50)


def test_where_reports_were_dropped_no_task_is_taken_for_another():
    columns = used([(0.5, 2.0)] * 4)
    seen = used([(0.5, 1.0)] * 4)["cpu_ns"]
    figures = columns | {"cpu_seen_ns": seen, "cpu_ending_ns": seen}
    whole, lossy = [0, 0, 0, 0, 0], [0, 0, 1, 1, 1]
    assert metrics_of(**figures, exit_reports_lost=whole)["cpu_unseen_share_pct"] == 0
    lost = metrics_of(**figures, exit_reports_lost=lossy)
    assert lost["cpu_unseen_share_pct"] == pytest.approx(50)


def test_less_than_a_tick_of_the_scheduler_is_not_unseen():
    assert unseen_pct([(0.011, 0.002)] * 4) == 0
    assert unseen_pct([(0.022, 0.002)] * 4) > 90


def test_threads_that_are_counted_ahead_of_their_cgroup_leave_nothing_unseen():
    assert unseen_pct([(1.0, 1.1)] * 4) == 0


def test_without_the_threads_nothing_is_known_of_what_is_unseen():
    assert "cpu_unseen_share_pct" not in metrics_of(**used([(0.5, 1.0)] * 4))


def test_without_the_waiting_there_is_no_demand():
    assert "cpu_demand_cores_peak" not in metrics_of(**used([(0.5, 1.0)] * 4))


def test_the_other_peaks_are_the_highest_sample():
    metrics = metrics_of(
        t_ns=[1, 2, 3],
        tasks=[1, 9, 4],
        gpu_memory_bytes=[0, 5, None],
        gpu_utilization_pct=[None, 80, 100],
    )
    assert metrics["processes_peak"] == 9
    assert metrics["gpu_memory_peak_bytes"] == 5
    assert metrics["gpu_utilization_peak_pct"] == 100
