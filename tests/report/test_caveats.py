"""What a reader is warned of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from bench.report import caveats as trust
from bench.results.run import load_run
from tests.journals import REPEATED, Build, events, shifted, write_events

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def unchanged(_: dict[str, Any]) -> None:
    """Leave an event as it is."""


def warnings(
    folder: Path, change: Callable[[dict[str, Any]], None] = unchanged, **build: Any
) -> list[str]:
    """The warnings on a run whose events were changed one by one."""
    made = events(Build(**{"troubles": {}, **build}))
    for event in made:
        change(event)
    write_events(folder, made)
    return trust.warnings(load_run(folder))


def test_a_run_without_trouble_warns_of_nothing(tmp_path):
    assert warnings(tmp_path) == []


def test_trials_that_did_not_come_out_well_are_named_with_their_reason(tmp_path):
    (one,) = warnings(tmp_path, troubles=REPEATED)
    assert one == (
        "a trial of good was invalid and repeated: "
        "not a cold pull: 1 of 3 layers were already there"
    )


def test_a_run_that_just_ends_says_how_far_it_got(tmp_path):
    found = warnings(tmp_path, outcome=None)
    assert found == ["the run was cut off: 25 of 25 planned trials have a result"]


def test_several_at_once_have_a_result_when_all_of_them_do(tmp_path):
    def lame(event):
        if event["event"] == "trial_ended" and event["trial_id"].endswith("-r2"):
            event["status"], event["reason"] = "error", "engine: does not answer"

    found = warnings(tmp_path, lame, outcome=None)
    assert found[0] == "the run was cut off: 23 of 25 planned trials have a result"


def test_limits_above_the_cores_of_the_host_are_named(tmp_path):
    def two_cores(event):
        if event["event"] == "run_started":
            event["host"]["cores"] = 2

    (one,) = warnings(tmp_path, two_cores)
    assert one == "bad and good may use 4 cores, but the host has only 2"


@pytest.mark.parametrize(
    ("applied", "said"),
    [
        ({"swap_bytes": 0}, "trials with a memory limit do not use it"),
        ({}, "with a memory limit could use it"),  # one that has no such limit
        ({"swap_bytes": "unlimited"}, "with a memory limit could use it"),
    ],
)
def test_a_host_with_swap_is_told_and_whether_limits_held_it_off(tmp_path, applied, said):
    limited = set()

    def swap(event):
        if event["event"] == "run_started":
            event["host"]["swap_bytes"] = 2 * 2**30
        if event["event"] == "trial_started" and event["key"]["arm"] == "fit":
            limited.add(event["trial_id"])
        if event["event"] == "trial_ended":
            requested = {"memory_bytes": 2**30} if event["trial_id"] in limited else {}
            held = applied | requested
            event["facts"]["limits"] = {"requested": requested, "applied": held}

    (one,) = warnings(tmp_path, swap)
    assert one.startswith("the host has 2.00 GiB of swap: ")
    assert said in one


@pytest.mark.parametrize(("share", "named"), [(0.985, True), (0.97, False)])
def test_a_peak_close_to_its_limit_is_flagged(tmp_path, share, named):
    def pressed(event):
        if event["event"] == "trial_ended":
            event["facts"].setdefault("counters", {})["memory_peak_bytes"] = int(8 * 2**30 * share)

    assert any("within 2%" in one for one in warnings(tmp_path, pressed)) is named


def test_a_noisy_host_is_named(tmp_path):
    def noisy(event):
        if event["event"] == "trial_ended":
            event["facts"]["host"] |= {"steal_share": 0.08, "swapped_pages": 4}
        if event["event"] == "run_started":
            event["host"]["load_1min"] = 12.5

    found = warnings(tmp_path, noisy)
    assert any("other tenants" in one and "up to 8%" in one for one in found)
    assert any("swapped in 29 of 29" in one for one in found)
    assert any("load 12.5 on 16 cores" in one for one in found)


def test_a_host_with_other_work_heat_or_stalls_is_named(tmp_path):
    def busy(event):
        if event["event"] == "trial_ended":
            event["facts"]["host"] |= {
                "other_share": 0.31,
                "stalled_s": {"memory": 0.8},
                "thermal": {"events": 2, "slowed_s": 0.1},
            }

    found = warnings(tmp_path, busy)
    assert found == [
        (
            "other programs of the host took 20% or more of the core time in 29 of 29 trials "
            "(up to 31%)"
        ),
        "programs waited for memory for 5% or more of the time in 29 of 29 trials",
        "cores were throttled by heat in 29 of 29 trials",
    ]


def test_a_host_with_less_memory_than_a_case_may_take_is_named(tmp_path):
    short = iter([True])

    def little(event):
        if event["event"] == "trial_ended" and next(short, False):
            event["facts"]["host"]["memory_available_bytes"] = 3 * 2**30

    (one,) = warnings(tmp_path, little, cases=("good",), calibrate=False)
    assert one == ("good may use 8.00 GiB of memory, but the host had only 3.00 GiB")


def test_an_outlier_is_reported_and_kept(tmp_path):
    """The pull of the first trial of `good` takes 5 s longer: all before it was 5 s earlier."""
    earlier_ns, slow_id, is_over = -5_000_000_000, "", False

    def slow(event):
        nonlocal slow_id, is_over
        if event["event"] == "trial_started" and event["key"]["case"] == "good":
            slow_id = slow_id or event["trial_id"]
        if event.get("trial_id") == slow_id and event.get("phase") == "pull":
            event["start_ns"] += earlier_ns
            is_over = True
        elif event.get("trial_id") == slow_id and event["event"] == "trial_ended":
            event["facts"]["zero_ns"] += earlier_ns
        elif not is_over:
            event |= shifted(event, earlier_ns)

    found = warnings(tmp_path, slow)
    assert any("is an outlier: it started in" in one for one in found)
    assert any("good is noisy" in one for one in found)


def test_warnings_of_the_engine_and_notes_of_the_run_are_passed_on(tmp_path):
    def warned(event):
        if event["event"] == "trial_ended":
            event["facts"]["warnings"] = ["no swap limit"]

    note = {"event": "note", "text": "clean-up was cut short"}
    *made, end = events(Build(troubles={}))
    folder = write_events(tmp_path, [*made, note, end])
    assert trust.warnings(load_run(folder)) == ["clean-up was cut short"]
    assert warnings(tmp_path, warned) == ["the engine warned in 26 trials: no swap limit"]


# What others on the host did


def ended(share: float, *, invalid: int = 0) -> Callable[[dict[str, Any]], None]:
    """Every trial disturbed by as much, and so many of them invalid for it."""
    left = iter(range(invalid))

    def change(event: dict[str, Any]) -> None:
        if event["event"] == "trial_ended":
            event["facts"]["host"] |= {"other_share": share}
            if next(left, None) is not None:
                event["status"] = "invalid"
                event["reason"] = (
                    f"{share:.0%} of the core time went to other programs of this host"
                )

    return change


def waited(folder: Path, *waits: dict[str, Any], **scenario: Any) -> list[str]:
    """The warnings on a run that has waited, with `scenario` in its scenario."""
    made = events(Build(troubles={}, scenario=scenario))
    place = next(n for n, one in enumerate(made) if one["event"] == "trial_started")
    common = {"event": "host_wait", "at": "2026-11-22T08:31:10+00:00", "steal_share": 0.0}
    made[place:place] = [common | one for one in waits]
    for event in made:
        ended(0.56 if scenario else 0.1)(event)
    write_events(folder, made)
    return trust.warnings(load_run(folder))


def test_all_trials_that_others_made_invalid_are_one_line(tmp_path):
    found = warnings(tmp_path, ended(0.56, invalid=4))
    assert [one for one in found if "invalid" in one] == [
        (
            "other programs of the host took 20% or more of the core time in 29 of 29 trials "
            "(up to 56%); 4 of them are invalid for that reason"
        )
    ]


LOOP = {"name": "sh", "pid": 4711, "cores": 1.0}
MAKE = {"name": "make", "pid": 12, "cores": 1.8}


def test_how_long_bench_waited_and_for_whom_is_said(tmp_path):
    found = waited(
        tmp_path,
        {"waited_s": 12.5, "in_vain": False, "other_share": 0.9, "busy": [MAKE, LOOP]},
        {"waited_s": 60.0, "in_vain": True, "other_share": 0.5, "busy": [LOOP]},
    )
    assert found == [
        (
            "bench waited 72.5 s for a quiet host, 1 of 2 times in vain; the busiest programs were "
            "make (pid 12, 1.8 cores), sh (pid 4711, 1.0 cores)"
        )
    ]


def test_a_scenario_that_accepts_a_busy_host_is_told_of(tmp_path):
    (one,) = waited(tmp_path, max_other_load="any")
    assert one.endswith("(up to 56%); the scenario accepts that (`max_other_load: any`)")
