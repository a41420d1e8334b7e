"""What counts as enough, which rows decide, and how the tried sizes read back from trials."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import pytest

from bench.core.domain import TrialStatus
from bench.judge.effective_rules import effective_rules
from bench.sizing.meets import deciding_rules, longest_wait_s, why_not
from bench.sizing.sizes import REPEATS, CaseSizes, sizes_of, smallest
from tests.facts import facts_of
from tests.judge.build import CLOUD_NATIVE, MIB, failed, lost, scenario, trial

if TYPE_CHECKING:
    from bench.analysis.model import TrialResult
    from bench.standard.rule import Rule


def rows(**top: Any) -> list[Rule]:
    found = effective_rules(scenario(**top), CLOUD_NATIVE)
    return deciding_rules([one.rule for one in found])


def sized(one: TrialResult, memory_mib: int, cpus: float = 4) -> TrialResult:
    requested = {"memory_bytes": memory_mib * MIB, "cpus": cpus, "pids": None}
    key = dataclasses.replace(one.key, arm="size", cache="image")
    return dataclasses.replace(one, key=key, facts=facts_of(limits={"requested": requested}))


def enough(memory_mib: int, cpus: float = 4, startup_s: float = 1.0) -> list[TrialResult]:
    trials = [trial(number, startup_s=startup_s) for number in range(REPEATS)]
    return [sized(one, memory_mib, cpus) for one in trials]


def read(trials: list[TrialResult]) -> CaseSizes:
    found = sizes_of(trials, rows(), "app")
    assert found is not None
    return found


def test_only_the_rows_that_a_smaller_limit_can_break_decide():
    thresholds = {
        "ready_s": "<= 2s",
        "memory_peak_bytes": "<= 1GiB",
        "cpu_cores_peak": "<= 1",
        "image_transfer_bytes": "<= 1GiB",
        "stop_s": {"limit": "<= 1s", "severity": "warn"},
    }
    assert [row.id for row in rows(thresholds=thresholds)] == ["CI-5", "ready_s"]


def test_the_pull_is_added_to_the_start_but_not_to_ready():
    judged = rows(thresholds={"ready_s": "<= 20s"})
    one = trial(startup_s=12.0, ready_s=11.9)
    assert why_not(one, judged, pull_s=17.9) == ""
    assert "does not meet <= 30.0 s, the pull of 18.2 s included" in why_not(one, judged, 18.2)


@pytest.mark.parametrize(
    ("one", "reason"),
    [
        (failed(0, "killed for memory before it was ready"), "killed for memory before"),
        (trial(startup_s=1.0, oom_kills=2.0), "2 killed for memory"),
        (trial(startup_s=31.0), "start incl. pull 31.0 s does not meet <= 30.0 s"),
    ],
)
def test_why_a_trial_is_not_enough_is_said(one, reason):
    assert reason in why_not(one, rows(), pull_s=0.0)


def test_no_more_is_waited_for_than_the_rows_allow():
    assert longest_wait_s(rows(), pull_s=12.0) == 18.0
    assert longest_wait_s(rows(thresholds={"ready_s": "<= 4s"}), pull_s=12.0) == 4.0
    assert longest_wait_s([], pull_s=0.0) is None


def test_a_size_is_enough_only_when_it_was_tried_often_enough():
    tried = enough(100)
    assert not read(tried[:-1]).sizes[0].is_enough
    assert read(tried).sizes[0].is_enough


def test_one_trial_that_misses_makes_a_size_too_small():
    trials = [*enough(100), *enough(50)[:2], sized(failed(2, "exited with code 1"), 50)]
    found = read(trials)
    best, below = smallest(found.by_memory())
    assert best
    assert below
    assert best.memory_bytes == 100 * MIB
    assert below.memory_bytes == 50 * MIB
    assert below.why_not == "exited with code 1"


def test_what_is_not_the_images_fault_is_no_trial_of_a_size():
    trials = [*enough(100), *enough(50)[:2], sized(lost(2), 50)]
    small = read(trials).sizes[1]
    assert (small.trials, small.why_not, small.is_enough) == (2, "", False)


def test_curves_are_kept_apart_from_what_was_tried_together():
    trials = [
        *enough(800, 4),
        *enough(100, 4),
        *enough(800, 0.5, startup_s=7.0),
        *enough(100, 0.5, startup_s=8.0),
    ]
    found = read(trials)
    assert [one.memory_bytes // MIB for one in found.by_memory()] == [100, 800]
    assert [one.cpus for one in found.by_cpus()] == [0.5, 4]
    assert [(one.memory_bytes // MIB, one.cpus) for one in found.together()] == [(100, 0.5)]


def test_starts_carry_the_slowest_cold_pull():
    cold = [trial(0, pull_s=3.0, startup_s=4.0), trial(1, pull_s=5.0, startup_s=6.0)]
    found = read([*cold, *enough(100)])
    assert found.pull_s == 5.0
    assert found.sizes[0].startup_s == 6.0


def test_a_run_without_such_trials_has_no_sizes():
    assert sizes_of([trial(startup_s=1.0)], rows(), "app") is None


def test_an_interrupted_trial_counts_neither_way():
    cut = sized(lost(1, status=TrialStatus.INTERRUPTED), 50)
    found = read([*enough(100), cut])
    assert len(found.sizes) == 1


def test_a_figure_that_is_missing_is_not_enough_unless_it_may_be():
    rule = {"ready_s": "<= 4s"}
    assert why_not(trial(startup_s=1.0), rows(thresholds=rule), 0.0).endswith("was not measured")
    optional = {"ready_s": {"limit": "<= 4s", "required": False}}
    assert why_not(trial(startup_s=1.0), rows(thresholds=optional), 0.0) == ""
