"""What the services of a stack took together, and who waited for whom."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from bench.analysis.model import PhaseSpan, TrialResult
from bench.analysis.stack_totals import StackStart, chain_of, starts_of, summed, with_sums
from bench.analysis.trial_metrics import sampled_metrics
from bench.core.domain import TrialKey, TrialStatus
from bench.journal.facts.stack import StackFact
from tests.facts import facts_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.journal.columns import Samples

KEY = TrialKey("shop", 0, "cold")


def table(**columns: list[float]) -> Samples:
    return {name: np.array(values, dtype=np.float64) for name, values in columns.items()}


def test_gauges_are_added_at_each_moment_and_gone_with_their_service():
    first = table(t_ns=[0, 10, 20], memory_usage_bytes=[100, 200, 100])
    second = table(t_ns=[10, 20, 30], memory_usage_bytes=[10, 10, 50])
    total = summed([first, second])
    assert list(total["t_ns"]) == [0, 10, 20, 30]
    assert list(total["memory_usage_bytes"]) == [100, 210, 110, 50]


def test_totals_stay_when_their_service_is_gone():
    first = table(t_ns=[0, 10], cpu_ns=[0, 7])
    second = table(t_ns=[10, 20, 30], cpu_ns=[0, 1, 2])
    assert list(summed([first, second])["cpu_ns"]) == [0, 7, 8, 9]


def test_between_two_samples_a_service_is_on_a_straight_line():
    first = table(t_ns=[0, 20], tasks=[0, 10])
    second = table(t_ns=[10], tasks=[1])
    assert list(summed([first, second])["tasks"]) == [0, 6, 10]


def test_a_column_that_one_service_lacks_has_no_sum():
    first = table(t_ns=[0], tasks=[1], cpu_wait_ns=[1])
    assert set(summed([first, table(t_ns=[0], tasks=[1])])) == {"t_ns", "tasks"}


def test_a_reading_that_is_missing_is_not_nothing():
    first = table(t_ns=[0, 10, 20], tasks=[1, np.nan, 3])
    assert list(summed([first])["tasks"]) == [1, 2, 3]
    assert np.isnan(summed([table(t_ns=[0], tasks=[np.nan])])["tasks"]).all()


def test_what_is_said_of_the_device_is_not_added():
    shared: dict[str, list[float]] = {
        "gpu_utilization_pct": [60],
        "gpu0_memory_used_bytes": [9],
        "gpu0_energy_mj": [5],
    }
    one = table(t_ns=[0], gpu0_own_memory_bytes=[4], **shared)
    both = summed([one, one])
    assert {name: list(both[name]) for name in shared} == shared
    assert list(both["gpu0_own_memory_bytes"]) == [8]


def test_energy_that_is_read_less_often_than_the_rest_neither_begins_nor_ends_at_nothing():
    """It is the device's counter since its driver was loaded, whoever looks at it."""
    first = table(t_ns=[0, 10, 20, 30], gpu_energy_mj=[np.nan, 500_000, 520_000, np.nan])
    later = table(t_ns=[15, 25, 40], gpu_energy_mj=[510_000, 530_000, np.nan])
    energy = summed([first, later])["gpu_energy_mj"]
    assert (np.diff(energy) >= 0).all()
    assert energy[-1] - energy[0] == 30_000


def member(
    name: str,
    start_s: float,
    ready_s: float,
    waits: Sequence[tuple[str, str]] = (),
    peak: float | None = None,
) -> TrialResult:
    spans = (
        PhaseSpan("wait", 0.0, start_s, "monotonic", None),
        PhaseSpan("start", start_s, start_s + 0.1, "monotonic", None),
    )
    fact = {
        "ready_by": "probe",
        "restart": "no",
        "waits": [{"service": one, "condition": condition} for one, condition in waits],
    }
    return TrialResult(
        f"t0000-{name}", KEY, 0, TrialStatus.OK, "", service=name,
        metrics={"startup_s": ready_s} | ({} if peak is None else {"memory_peak_bytes": peak}),
        phases=spans, facts=facts_of(member=fact),
    )  # fmt: skip


def whole(last: str) -> TrialResult:
    fact = facts_of(ready={"at_ns": 15, "resolution_ns": 1, "probe": last})
    return TrialResult("t0000", KEY, 0, TrialStatus.OK, "", metrics={"startup_s": 9.0}, facts=fact)


HEALTHY, STARTED = "service_healthy", "service_started"


def test_the_longest_way_goes_back_over_what_was_met_last():
    members = (
        member("init", 0.0, 3.0),
        member("db", 0.0, 2.0),
        member("model", 3.0, 8.0, [("init", "service_completed_successfully")]),
        member("front", 3.2, 9.0, [("db", HEALTHY), ("model", STARTED)]),
    )
    chain = chain_of(StackStart(whole("front"), members))
    assert [one.service for one in chain] == ["init", "model", "front"]
    assert [one.after for one in chain] == ["", "init", "model"]


def test_a_stack_that_never_got_ready_has_no_way():
    failed = TrialResult("t0000", KEY, 0, TrialStatus.FAILED, "x")
    assert chain_of(StackStart(failed, (member("db", 0.0, 1.0),))) == []


def test_the_trial_of_a_stack_gets_the_sums_of_its_services():
    results = [whole("b"), member("a", 0, 1, peak=6), member("b", 0, 9, peak=3)]
    samples: list[Samples] = [
        {},
        table(t_ns=[0, 10, 20], memory_usage_bytes=[1, 5, 1], cpu_ns=[0, 10, 20]),
        table(t_ns=[0, 10, 20], memory_usage_bytes=[2, 2, 3], cpu_ns=[0, 0, 10]),
    ]
    results = [
        replace(one, metrics=one.metrics | sampled_metrics(table))
        for one, table in zip(results, samples, strict=True)
    ]
    after, columns = with_sums(results, samples)
    assert after[0].metrics["memory_peak_bytes"] == 7
    assert after[0].metrics["memory_peak_upper_bytes"] == 9
    assert after[0].metrics["cpu_s"] == pytest.approx(30e-9)
    assert after[0].metrics["cpu_to_ready_s"] == pytest.approx(20e-9)
    assert list(columns[0]["memory_usage_bytes"]) == [3, 7, 4]
    assert after[1:] == results[1:]


def peaks(*marks: float | None, sampled: bool = True) -> dict[str, float]:
    """The metrics of a stack whose services have these high-water marks, and few samples."""
    names = "abc"[: len(marks)]
    members = [member(name, 0, 1, peak=mark) for name, mark in zip(names, marks, strict=True)]
    few = table(t_ns=[0, 10], memory_usage_bytes=[1, 2], cpu_ns=[0, 1])
    tables = [few for _ in marks]
    if not sampled:
        tables[-1] = {}
    after, _ = with_sums([whole("a"), *members], [{}, *tables])
    return after[0].metrics


def test_a_stacks_peak_is_at_least_the_largest_mark_of_one_and_at_most_the_sum_of_all():
    found = peaks(9, 3)
    assert found["memory_peak_bytes"] == 9  # the samples, 4 together, saw less
    assert found["memory_peak_upper_bytes"] == 12


def test_a_service_without_a_mark_leaves_the_upper_end_open():
    assert "memory_peak_upper_bytes" not in peaks(9, None)


@pytest.mark.parametrize("gone", ["its samples", "itself"])
def test_a_service_that_was_not_sampled_leaves_no_sum(gone):
    first = whole("a")
    first.facts.stack = StackFact(("a", "b"), "fresh")
    few = table(t_ns=[0, 10], memory_usage_bytes=[1, 2], cpu_ns=[0, 1])
    results, tables = [first, member("a", 0, 1, peak=5)], [{}, few]
    if gone == "its samples":
        results, tables = [*results, member("b", 0, 1, peak=5)], [*tables, {}]
    after, columns = with_sums(results, tables)
    assert after[0].unsampled == ("b",)
    assert not {"memory_peak_bytes", "cpu_s", "cpu_cores_peak"} & set(after[0].metrics)
    assert columns[0] == {}


def busy(cores: int, *, until_s: int = 4, **changes: list[float] | None) -> Samples:
    """Samples of a service that uses `cores` and waits as long, every 20 ms; None for no column."""
    stamps = [20e6 * one for one in range(50 * until_s)]
    used = [cores * one for one in stamps]
    columns = {"t_ns": stamps, "cpu_ns": used, "cpu_wait_ns": used, "cpu_seen_ns": used,
               "cpu_ending_ns": [0.0] * len(stamps)} | changes  # fmt: skip
    return table(**{name: values for name, values in columns.items() if values is not None})


def stack_of(*samples: Samples) -> dict[str, float]:
    """What the stack of services with these samples has."""
    members = [
        replace(member(f"s{number}", 0, 1), metrics=sampled_metrics(one))
        for number, one in enumerate(samples)
    ]
    after, _ = with_sums([whole("s0"), *members], [{}, *samples])
    return after[0].metrics


def test_demand_and_what_of_it_is_unseen_are_summed_over_the_services():
    half = [10e6 * one for one in range(200)]
    metrics = stack_of(busy(1), busy(1, cpu_seen_ns=half))
    assert metrics["cpu_cores_peak"] == pytest.approx(2)
    assert metrics["cpu_cores_peak_100ms"] == pytest.approx(2)
    assert metrics["cpu_demand_cores_peak"] == pytest.approx(4)
    assert metrics["cpu_unseen_share_pct"] == pytest.approx(25)


def test_a_service_that_has_gone_leaves_nothing_unseen_behind():
    metrics = stack_of(busy(1), busy(1, until_s=2))
    assert metrics["cpu_unseen_share_pct"] == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(
    ("lacking", "lost"),
    [
        (busy(1, cpu_wait_ns=None), {"cpu_demand_cores_peak"}),
        (busy(1, cpu_wait_ns=[np.nan] * 200), {"cpu_demand_cores_peak"}),
        (busy(1, cpu_seen_ns=None), {"cpu_unseen_share_pct"}),
        ({}, {"cpu_cores_peak", "cpu_cores_peak_100ms", "cpu_demand_cores_peak", "cpu_s",
              "cpu_to_ready_s", "cpu_unseen_share_pct"}),
    ],
)  # fmt: skip
def test_a_figure_that_one_service_lacks_is_none_of_the_stack(lacking, lost):
    assert set(stack_of(busy(1), busy(1))) - set(stack_of(busy(1), lacking)) == lost


def test_each_attempt_is_a_start_of_its_own():
    again = TrialResult("t0000.1", KEY, 1, TrialStatus.OK, "")
    results = [whole("a"), member("a", 0, 1), again]
    assert [one.whole.trial_id for one in starts_of(results)] == ["t0000"]
    assert StackStart(results[0], (results[1],)).total_of("memory_peak_bytes") is None


def test_a_kill_that_one_service_knows_of_is_the_stacks():
    few = table(t_ns=[0, 10], memory_usage_bytes=[1, 2], oom_kills=[0, 0])
    killed = replace(member("a", 0, 1), metrics={"startup_s": 1.0, "oom_kills": 1.0})
    calm = replace(member("b", 0, 1), metrics={"startup_s": 1.0, "oom_kills": 0.0})
    after, _ = with_sums([whole("a"), killed, calm], [{}, few, few])
    assert after[0].metrics["oom_kills"] == 1
    silent = replace(calm, metrics={"startup_s": 1.0})
    after, _ = with_sums([whole("a"), calm, replace(silent, service="c")], [{}, few, few])
    assert "oom_kills" not in after[0].metrics


def test_what_a_network_had_taken_stays_in_the_sum_when_it_is_gone():
    job = table(t_ns=[0, 1, 2], net_rx_bytes=[5, 100, 0])
    server = table(t_ns=[0, 2, 4], net_rx_bytes=[0, 10, 30])
    assert list(summed([job, server])["net_rx_bytes"]) == [5, 105, 110, 130]
