"""Each row sees the error that it is there for, and no other row is taken in by it."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest

from bench.core.domain import TrialStatus
from bench.selftest.outcomes import outcomes
from bench.selftest.resources import resources
from bench.selftest.score import Fact, Figure, Met
from bench.selftest.stamps import Stamps
from bench.selftest.times import times
from tests.selftest.made import (
    BASE_BYTES,
    MS,
    TABLE_BYTES,
    evidence,
    observed,
    rows,
    with_facts,
    with_metrics,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.selftest.evidence import Observed, SelfTestEvidence

NO_TARGET = {
    "ready.at_once",
    "as_set.delay-200-again",
    "as_set.delay-210",
    "as_set.delay-300",
    "event.ignored",
    "event.stop_call",
    "memory.anon",
    "memory.stats",
}


def all_rows(found: SelfTestEvidence) -> dict[str, Figure | Fact]:
    return rows([*times(found), *resources(found), outcomes(found)])


def missed(change: Callable[[Observed], Observed]) -> set[str]:
    return {name for name, row in all_rows(evidence(change)).items() if row.met is Met.MISSED}


def figure(name: str, found: SelfTestEvidence) -> Figure:
    row = all_rows(found)[name]
    assert isinstance(row, Figure)
    return row


def fact(name: str, found: SelfTestEvidence) -> Fact:
    row = all_rows(found)[name]
    assert isinstance(row, Fact)
    return row


def test_a_bench_without_error_meets_every_target():
    found = all_rows(evidence())
    assert {name for name, row in found.items() if row.met is Met.UNJUDGED} == NO_TARGET
    assert {row.met for name, row in found.items() if name not in NO_TARGET} == {Met.MET}


def test_without_trials_nothing_is_met():
    found = dataclasses.replace(evidence(), by_case={}, trials=())
    assert {row.met for row in all_rows(found).values()} <= {Met.UNKNOWN, Met.UNJUDGED, Met.ABSENT}


def late(by_ms: float) -> Callable[[Observed], Observed]:
    def change(one: Observed) -> Observed:
        ready = one.facts.ready
        if not ready:
            return one
        at_ns = ready.at_ns + round(by_ms * MS)
        metrics = {"startup_s": one.trial.metrics["startup_s"] + by_ms / 1e3}
        return with_metrics(
            with_facts(one, ready=dataclasses.replace(ready, at_ns=at_ns)), **metrics
        )

    return change


READY = {f"ready.{name}" for name in ("http", "refused", "early", "log", "closed", "flood")}


def test_ready_that_is_told_late_misses_but_differences_do_not():
    found = missed(late(10.5))
    assert found >= READY
    assert not {name for name in found if name.startswith("difference")}
    assert not missed(late(5.9)) & READY


def test_ready_that_is_told_before_it_is_true_misses():
    assert missed(late(-0.01)) >= READY


def test_a_resolution_that_is_claimed_too_fine_misses():
    assert "ready.resolution" in missed(late(9.0))
    assert "ready.resolution" not in missed(late(5.0))


def test_a_difference_that_is_off_by_more_than_10_ms_misses():
    def change(one: Observed) -> Observed:
        return late(11)(one) if one.trial.key.case == "delay-210" else one

    assert {name for name in missed(change) if name.startswith("difference")} == {
        "difference.delay-210"
    }


def test_a_difference_is_taken_within_a_round():
    found = figure("difference.delay-300", evidence())
    assert [one.truth for one in found.comparisons] == pytest.approx([0.1] * 3)
    assert found.comparisons[0].trial_id == "t-delay-200-0 t-delay-300-0"


def test_the_delay_as_set_is_compared_with_ready_s():
    found = figure("as_set.delay-210", evidence(late(3)))
    assert [one.truth for one in found.comparisons] == pytest.approx([0.01] * 3)


def test_a_port_that_is_seen_open_too_late_misses():
    def change(one: Observed) -> Observed:
        return with_metrics(one, port_open_s=one.trial.metrics.get("port_open_s", 0) + 0.02)

    assert missed(change) == {"ready.port_open", "found.no_time"}


def test_phases_that_do_not_add_up_miss():
    def change(one: Observed) -> Observed:
        phases = tuple(span for span in one.trial.phases if span.phase != "create")
        return dataclasses.replace(one, trial=dataclasses.replace(one.trial, phases=phases))

    assert missed(change) == {"phases"}


@pytest.mark.parametrize("off_ms", [12.0, -1.0])
@pytest.mark.parametrize(
    ("row", "fact_name"), [("event.output", "first_output_ns"), ("event.exit", "exit")]
)
def test_moments_of_output_and_end(row, fact_name, off_ms):
    def change(one: Observed) -> Observed:
        value = one.facts.fields().get(fact_name)
        if value is None:
            return one
        by_ns = round(off_ms * MS)
        moved = value | {"at_ns": value["at_ns"] + by_ns} if fact_name == "exit" else value + by_ns
        return with_facts(one, **{fact_name: moved})

    assert missed(change) == {row}


def test_a_stop_is_compared_with_the_last_instruction():
    def change(one: Observed) -> Observed:
        stop = one.facts.stop
        if stop is None or stop.ended_s is None:
            return one
        return with_facts(one, stop=dataclasses.replace(stop, ended_s=stop.ended_s + 0.03))

    assert missed(change) == {"event.stop"}
    ignored = figure("event.ignored", evidence(change))
    assert ignored.bias == pytest.approx(0.03)


def test_the_spike_is_what_was_set_with_the_programs_base_and_its_page_tables():
    found = figure("memory.peak", evidence())
    assert found.comparisons[0].truth == 500_000_000 + BASE_BYTES + TABLE_BYTES


@pytest.mark.parametrize(("share", "misses"), [(0.985, True), (0.995, False), (1.015, True)])
def test_a_spike_is_met_within_one_percent(share, misses):
    def change(one: Observed) -> Observed:
        return with_metrics(one, memory_peak_bytes=one.trial.metrics["memory_peak_bytes"] * share)

    assert missed(change) == ({"memory.peak"} if misses else set())


def test_what_docker_stats_saw_stands_beside_it():
    found = figure("memory.stats", evidence())
    assert found.n == 3
    assert found.bias == pytest.approx(-251_080_000)


def test_cpu_is_compared_less_what_a_container_that_does_nothing_takes():
    assert figure("cpu.one", evidence()).bias == pytest.approx(0.0)
    assert figure("cpu.to_ready", evidence()).comparisons[0].truth == pytest.approx(0.3)
    without = dataclasses.replace(evidence(), calibration=())
    assert figure("cpu.one", without).met is Met.UNKNOWN


def test_cpu_that_is_off_by_more_than_20_ms_misses():
    def change(one: Observed) -> Observed:
        return with_metrics(one, cpu_s=one.trial.metrics["cpu_s"] + 0.021)

    assert missed(change) == {"cpu.one", "cpu.two"}


def test_the_disk_is_absent_on_cgroup_v1_and_unknown_where_it_should_be_there():
    def without(method: str) -> Callable[[Observed], Observed]:
        def change(one: Observed) -> Observed:
            kept = {k: v for k, v in one.trial.metrics.items() if not k.startswith("io_")}
            trial = dataclasses.replace(one.trial, metrics=kept, method=method)
            return dataclasses.replace(one, trial=trial)

        return change

    v1 = figure("disk.written", evidence(without("cgroup-v1")))
    assert v1.met is Met.ABSENT
    assert "cgroup v1" in v1.absent
    assert figure("disk.read", evidence(without("cgroup-v2"))).met is Met.UNKNOWN


def test_one_process_too_few_misses():
    def change(one: Observed) -> Observed:
        return with_metrics(one, processes_peak=20.0)

    assert missed(change) == {"processes"}


def test_an_ok_trial_of_what_must_fail_is_wrong():
    def change(one: Observed) -> Observed:
        trial = dataclasses.replace(one.trial, status=TrialStatus.OK, reason="")
        return dataclasses.replace(one, trial=trial)

    assert missed(change) == {"found.ends"}
    wrong = fact("found.ends", evidence(change)).wrong
    assert {one.case for one in wrong} == {"starves", "crashes"}


def test_a_trial_that_fails_for_another_reason_is_wrong():
    def change(one: Observed) -> Observed:
        trial = dataclasses.replace(one.trial, reason="not ready within 30 s")
        return dataclasses.replace(one, trial=trial)

    assert missed(change) == {"found.ends"}


def ending_in(status: TrialStatus, *, again: bool) -> Fact:
    """The row where one trial has an attempt of that status, and another after it or none."""
    found = evidence()
    spoilt = dataclasses.replace(found.trials[0], status=status, reason="the engine refused")
    trials = (spoilt, *(found.trials if again else found.trials[1:]))
    return fact("found.ends", dataclasses.replace(found, trials=trials))


def test_an_attempt_that_was_made_again_does_not_count():
    row = ending_in(TrialStatus.INVALID, again=True)
    assert (row.met, row.n) == (Met.MET, len(evidence().trials))


@pytest.mark.parametrize("status", [TrialStatus.ERROR, TrialStatus.INVALID])
def test_a_trial_that_never_came_to_count_is_wrong(status):
    row = ending_in(status, again=False)
    assert (row.met, row.n) == (Met.MISSED, len(evidence().trials))
    assert row.wrong[0].said == f"{status}: the engine refused"


def test_a_trial_that_somebody_interrupted_says_nothing():
    row = ending_in(TrialStatus.INTERRUPTED, again=False)
    assert (row.met, row.n) == (Met.MET, len(evidence().trials) - 1)


def test_a_time_of_what_never_got_ready_is_wrong():
    def change(one: Observed) -> Observed:
        return with_metrics(one, ready_s=0.1)

    assert "found.no_time" in missed(change)


@pytest.mark.parametrize(
    ("row", "metric", "value"),
    [
        ("found.oom", "oom_kills", 0.0),
        ("found.exit", "exit_code", 137.0),
        ("found.silent", "first_output_s", 0.2),
    ],
)
def test_single_facts(row, metric, value):
    assert missed(lambda one: with_metrics(one, **{metric: value})) == {row}


def test_a_kill_for_memory_that_was_not_counted_is_wrong():
    def change(one: Observed) -> Observed:
        kept = {k: v for k, v in one.trial.metrics.items() if k != "oom_kills"}
        return dataclasses.replace(one, trial=dataclasses.replace(one.trial, metrics=kept))

    assert missed(change) == {"found.oom"}


def test_a_stop_that_is_seen_the_wrong_way_round_is_wrong():
    def change(one: Observed) -> Observed:
        stop = one.facts.stop
        if stop is None:
            return one
        return with_facts(one, stop=dataclasses.replace(stop, killed=not stop.killed))

    assert missed(change) == {"found.term", "found.kill"}


def test_a_disposition_that_is_wrong_is_wrong_and_one_that_was_not_seen_is_not():
    def swapped(one: Observed) -> Observed:
        return with_facts(one, process=one.facts.fields()["process"] | {"disposition": "default"})

    def unseen(one: Observed) -> Observed:
        return with_facts(one, process={"unseen": "it runs under another kernel"})

    assert missed(swapped) == {"found.term", "found.kill"}
    assert missed(unseen) == set()
    left = fact("found.left", evidence(unseen))
    assert (left.met, left.absent) == (Met.ABSENT, "it runs under another kernel")


def test_a_child_that_was_not_found_is_wrong():
    def change(one: Observed) -> Observed:
        process = one.facts.fields()["process"]
        return with_facts(one, process=process | {"children": process["children"][1:]})

    assert missed(change) == {"found.left"}
    assert fact("found.left", evidence(change)).wrong[0].said == "2 children and 2 zombies"


def test_a_planted_contact_that_was_missed_is_named():
    def change(one: Observed) -> Observed:
        egress = one.facts.fields()["egress"]
        return with_facts(one, egress=egress | {"attempts": egress["attempts"][:2]})

    assert missed(change) == {"found.planted"}
    assert "udp 203.0.113.20:8125" in fact("found.planted", evidence(change)).wrong[0].said


def test_an_invented_contact_is_named():
    made_up = observed("contacts").facts.egress

    def change(one: Observed) -> Observed:
        return with_facts(one, egress=made_up)

    assert missed(change) == {"found.invented"}


def test_contacts_are_absent_where_nobody_can_listen():
    def change(one: Observed) -> Observed:
        egress = one.facts.fields()["egress"] | {"observed": False, "reach": "bench is not root"}
        return with_facts(one, egress=egress | {"attempts": []})

    for name in ("found.planted", "found.invented"):
        row = fact(name, evidence(change))
        assert (row.met, row.absent, row.n) == (Met.ABSENT, "bench is not root", 0)


def test_trials_without_stamps_are_no_comparisons():
    def change(one: Observed) -> Observed:
        return dataclasses.replace(one, stamps=Stamps())

    found = all_rows(evidence(change))
    assert found["ready.http"].met is Met.UNKNOWN
    assert found["memory.peak"].met is Met.UNKNOWN
