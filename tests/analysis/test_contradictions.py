"""What a run cannot say: an order that nobody writes, moments outside of their phase."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest

from bench.core.domain import TrialKey, TrialStatus
from bench.core.errors import StoreError
from bench.journal.events import check_event
from bench.journal.sequence import RunSequence
from bench.judge.model import Outcome
from bench.results.run import Run, load_run
from tests.journals import Build, events, write_events

if TYPE_CHECKING:
    from collections.abc import Callable

    Made = list[dict[str, Any]]

WHOLE = events(Build(rounds=2, samples_each=20, troubles={}))
SINGLE = "t0002"
"""A trial of `bad` under its limits, by itself."""


def run_of(folder: Any, change: Callable[[Made], None]) -> Run:
    made = copy.deepcopy(WHOLE)
    change(made)
    return load_run(write_events(folder, made))


def refused(folder: Any, change: Callable[[Made], None]) -> str:
    with pytest.raises(StoreError) as caught:
        run_of(folder, change)
    assert caught.value.exit_code == 3
    assert caught.value.remedy
    return str(caught.value)


def of(made: Made, kind: str, trial_id: str = SINGLE, **fields: str) -> dict[str, Any]:
    """The first such event of a trial."""
    wanted = {"event": kind, "trial_id": trial_id} | fields
    return next(one for one in made if wanted.items() <= one.items())


def test_the_run_that_is_changed_here_is_read_as_it_is(tmp_path):
    run = run_of(tmp_path, lambda _: None)
    single = next(one for one in run.results if one.trial_id == SINGLE)
    assert (single.key.case, single.key.arm, single.status) == ("bad", "fit", TrialStatus.OK)


# order


def doubled(kind: str) -> Callable[[Made], None]:
    def change(made: Made) -> None:
        event = of(made, kind)
        made.insert(made.index(event) + 1, dict(event))

    return change


def without(kind: str, trial_id: str = SINGLE, **fields: str) -> Callable[[Made], None]:
    return lambda made: made.remove(of(made, kind, trial_id, **fields))


def without_trial(trial_id: str) -> Callable[[Made], None]:
    def change(made: Made) -> None:
        made[:] = [one for one in made if one.get("trial_id") != trial_id]

    return change


def after_its_end(kind: str) -> Callable[[Made], None]:
    def change(made: Made) -> None:
        event, end = of(made, kind), of(made, "trial_ended")
        made.remove(event)
        made.insert(made.index(end) + 1, event)

    return change


def as_trial(trial_id: str, **key: Any) -> Callable[[Made], None]:
    def change(made: Made) -> None:
        of(made, "trial_started")["key"] |= key
        for one in made:
            if one.get("trial_id") == SINGLE:
                one["trial_id"] = trial_id

    return change


def again(made: Made) -> None:
    """A second attempt at what has its result."""
    first = [one for one in made if one.get("trial_id") == SINGLE]
    at = made.index(first[-1]) + 1
    second = [one | {"trial_id": f"{SINGLE}.1"} for one in copy.deepcopy(first)]
    second[0]["attempt"] = 1
    made[at:at] = second


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (doubled("trial_started"), "t0002 begins twice"),
        (doubled("trial_ended"), "it follows the end of t0002"),
        (without("trial_started"), "no 't0002' has begun"),
        (without("trial_ended"), "comes before t0002 has ended"),
        (after_its_end("samples"), "it follows the end of t0002"),
        (after_its_end("phase"), "it follows the end of t0002"),
        (lambda made: made.append(made[-1]), "it follows the end of the run"),
        (as_trial("t9999"), "t9999 is not in the plan"),
        (as_trial("t0002", case="good"), "another trial than the plan has there"),
        (as_trial("t0002", warmup=True), "another trial than the plan has there"),
        (as_trial("t0002.1"), "no name of attempt 0"),
        (again, "t0002.1 tries again what has its result"),
        (without_trial(SINGLE), "the run is complete, and t0002 of bad is missing"),
        (without_trial("t0012-r2"), "not all replicas of t0012 are there"),
    ],
)
def test_an_order_that_no_run_writes_is_refused(tmp_path, change, why):
    assert why in refused(tmp_path, change)


def test_a_second_end_does_not_make_a_slow_start_a_quick_one(tmp_path):
    def change(made: Made) -> None:
        end = of(made, "trial_ended")
        quick = copy.deepcopy(end)
        quick["facts"]["ready"]["at_ns"] -= 5_000_000_000
        made.insert(made.index(end) + 1, quick)

    assert "it follows the end of t0002" in refused(tmp_path, change)


def test_a_run_that_was_cut_off_may_try_again_and_lack_what_it_did_not_come_to(tmp_path):
    def change(made: Made) -> None:
        end = made.index(of(made, "trial_ended"))
        del made[end:]
        made.append({"event": "run_resumed", "at": "2026-11-22T09:00:00+00:00"})

    run = run_of(tmp_path, change)
    assert run.outcome == "cut off"
    assert run.results[-1].status is TrialStatus.INTERRUPTED


# moments


def moment(*path: str, by_s: float = 0, to: Any = None) -> Callable[[Made], None]:
    """One of the facts of a trial changed."""

    def change(made: Made) -> None:
        place = of(made, "trial_ended")["facts"]
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = place[path[-1]] + round(by_s * 1e9) if to is None else to

    return change


def phase(name: str, **by_s: float) -> Callable[[Made], None]:
    """The stamps of a phase moved."""

    def change(made: Made) -> None:
        for stamp, seconds in by_s.items():
            of(made, "phase", phase=name)[stamp] += round(seconds * 1e9)

    return change


def both(*changes: Callable[[Made], None]) -> Callable[[Made], None]:
    def change(made: Made) -> None:
        for one in changes:
            one(made)

    return change


def no_fact(name: str) -> Callable[[Made], None]:
    return lambda made: of(made, "trial_ended")["facts"].pop(name)


def no_samples(made: Made) -> None:
    made[:] = [one for one in made if one["event"] != "samples" or one.get("trial_id") != SINGLE]
    of(made, "trial_ended")["facts"]["counters"]["cpu_ns"] = 1


def a_member(made: Made) -> None:
    fact = {"ready_by": "started", "restart": "no", "waits": [], "pulled": False}
    of(made, "trial_ended")["facts"]["member"] = fact


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (phase("pull", end_ns=5), "phase create begins before phase pull has ended"),
        (phase("ready", start_ns=-1), "phase ready begins before phase start has ended"),
        (doubled("phase"), "phase prepare after phase prepare"),
        (without("phase", phase="pull"), "it succeeded without its phase pull"),
        (without("phase", phase="create"), "it succeeded without its phase create"),
        (without("phase", phase="remove"), "it succeeded without its phase remove"),
        (without("phase", phase="ready"), "the phase ready or the moment, and not both"),
        (no_fact("ready"), "the phase ready or the moment, and not both"),
        (both(no_fact("ready"), without("phase", phase="ready")), "without its phase ready"),
        (no_fact("zero_ns"), "it succeeded without a zero"),
        (moment("zero_ns", by_s=1), "phase pull begins before the zero"),
        (moment("zero_ns", by_s=-0.1), "phase prepare ends after the zero"),
        (moment("start_sent_ns", by_s=0.01), "the start call was not sent when its phase begins"),
        (moment("ready", "at_ns", by_s=-1), "ready at another moment than its phase ends"),
        (moment("ready", "at_ns", by_s=-30), "ready at another moment than its phase ends"),
        (moment("port_open", "at_ns", by_s=-20), "a port was open before it was started"),
        (moment("first_output_ns", by_s=-20), "its first output came before its start"),
        (moment("exit", "at_ns", by_s=-20), "it ended before it was started"),
        (moment("stop", "killed", to=False), "it was not killed, and ended as one that was"),
        (moment("exit", "code", to=0), "it was killed at the end of its grace period, and ended"),
        (moment("downloaded_bytes", to=1), "1 bytes were downloaded, and its layers had"),
        (no_samples, "it succeeded without a sample"),
        (a_member, "it is no service of a stack"),
        (moment("counters", "cpu_ns", to=1), "its CPU time is not that of its last sample"),
        (moment("memory_kill", to={"kernel_kills": 1, "engine_flag": False, "exit_code": 137}),
         "the kernel counted more kills than were sampled"),
        (moment("memory_kill", to={"kernel_kills": 0, "engine_flag": False, "exit_code": 3}),
         "its exit code is not that of its end"),
    ],
)  # fmt: skip
def test_a_trial_that_contradicts_itself_is_refused(tmp_path, change, why):
    assert f"{SINGLE} contradicts itself: " in (said := refused(tmp_path, change))
    assert why in said


def test_a_pull_that_ends_after_ready_does_not_pass(tmp_path):
    """Row 14: a ready stamp before the end of the pull."""
    change = both(phase("ready", end_ns=-9), moment("ready", "at_ns", by_s=-9))
    assert "is damaged" in refused(tmp_path, change)


def test_a_trial_on_whose_way_to_ready_lies_time_that_no_phase_has_is_an_error(tmp_path):
    """The host may have stood still between two phases."""

    def change(made: Made) -> None:
        of(made, "phase", phase="pull")["start_ns"] += 5_000_000_000

    run = run_of(tmp_path, change)
    single = next(one for one in run.results if one.trial_id == SINGLE)
    assert single.status is TrialStatus.ERROR
    assert "of its way to ready belong to no phase" in single.reason


# what can be the kernel's


def column(name: str, to: Callable[[list[Any]], list[Any]]) -> Callable[[Made], None]:
    def change(made: Made) -> None:
        columns = of(made, "samples")["columns"]
        columns[name] = to(columns[name])

    return change


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (column("cpu_ns", lambda values: values[::-1]), "its counter cpu_ns has fallen"),
        (column("oom_kills", lambda values: [1, *values[1:]]), "its counter oom_kills has fallen"),
        (moment("counters", "memory_peak_bytes", to=1), "its high-water mark is 1 bytes, and"),
        (moment("cpu_ns_at_ready", to=2**60), "more CPU time when it was ready than in all"),
        (moment("memory_kill", to={"kernel_kills": 0, "engine_flag": True, "exit_code": 137}), ""),
    ],
)
def test_counters_that_contradict_each_other_make_an_error_of_their_trial(tmp_path, change, why):
    run = run_of(tmp_path, change)
    single = next(one for one in run.results if one.trial_id == SINGLE)
    if not why:  # it was killed at the end of its grace period, and the engine's flag came late
        assert single.status is TrialStatus.OK
        return
    assert single.status is TrialStatus.ERROR
    assert why in single.reason
    (start,) = [one for one in run.verdicts if (one.case, one.id) == ("bad", "CI-5")]
    assert start.verdict is not Outcome.PASS


def test_a_main_process_that_was_killed_for_memory_did_not_come_out_well(tmp_path):
    def change(made: Made) -> None:
        facts = of(made, "trial_ended")["facts"]
        facts["stop"]["killed"] = False
        facts["stop"]["grace_s"] = 60.0
        facts["memory_kill"] = {"kernel_kills": 0, "engine_flag": True, "exit_code": 137}

    run = run_of(tmp_path, change)
    single = next(one for one in run.results if one.trial_id == SINGLE)
    assert single.status is TrialStatus.ERROR
    assert single.reason == "it succeeded, but its main process was OOM-killed"


def test_an_interruption_may_leave_a_trial_open(tmp_path):
    def change(made: Made) -> None:
        end = made.index(of(made, "trial_ended"))
        last = made[-1] | {"outcome": "interrupted"}
        made[:] = [*made[:end], last]

    run = run_of(tmp_path, change)
    single = next(one for one in run.results if one.trial_id == SINGLE)
    assert single.status is TrialStatus.INTERRUPTED


def test_a_service_may_have_a_name_that_ends_like_an_attempt():
    sequence = RunSequence([TrialKey("shop", 0, "cold")])
    begun = {"event": "trial_started", "key": {"case": "shop", "round": 0, "cache": "cold"}}

    def take(**more: Any) -> None:
        event = begun | more
        sequence.take(event, check_event(event))

    take(trial_id="t0000", attempt=0)
    take(trial_id="t0000-web.1", attempt=0, service="web.1")
    with pytest.raises(ValueError, match="no name of attempt 0"):
        take(trial_id="t0000-db.1", attempt=0, service="db")
