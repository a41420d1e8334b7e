"""RS-3.1: scaling out, from containers that were started at once."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from bench.core.domain import TrialStatus
from bench.judge.model import Outcome, Verdict
from tests.judge.build import CLOUD_NATIVE, failed, scenario, trial, verdict
from tests.judge.replicas import QUIET, lost_replicas, replica, replicas, use

if TYPE_CHECKING:
    from bench.analysis.model import TrialResult
    from bench.scenario.model import Scenario

SHELL = QUIET["process"] | {
    "disposition": "default",
    "chain": ["bash", "uvicorn"],
    "shell": True,
    "children": ["uvicorn"],
}
KILLED = {"killed": True, "grace_s": 3.0, "ended_s": 3.04, "killed_below": []}


def judged(measured: list[TrialResult], case: dict[str, Any] | None = None, **more: Any) -> Verdict:
    return verdict(scenario(case), measured, "RS-3.1", checklist=CLOUD_NATIVE, **more)


def test_replicas_that_do_nothing_wrong_pass_and_the_reason_says_what_was_seen():
    found = judged(replicas())
    assert (found.verdict, found.n, found.actual) == (Outcome.PASS, 3, None)
    assert found.reason == (
        "3 started at once were all ready in 1.20 s, the first in 1.00 s; nothing was written "
        "outside of volumes, /tmp, /run and __pycache__; one worker process each (`uvicorn`); all "
        "stopped within 400 ms (exit code 0)"
    )
    assert found.required


def test_one_that_did_not_get_ready_fails_all():
    lame = replica(2, startup_s=0.0, status=TrialStatus.FAILED, reason="port is in use")
    found = judged([replica(1), lame, replica(3)])
    assert found.verdict is Outcome.FAIL
    assert found.reason == "1 of 3 started at once did not get ready: port is in use"


def test_where_none_of_several_got_ready_nothing_else_is_said():
    measured = replicas(startup_s=0.0, status=TrialStatus.FAILED, reason="not ready within 60 s")
    found = judged([trial(0), *measured])
    assert found.verdict is Outcome.FAIL
    assert found.reason == "3 of 3 started at once did not get ready: not ready within 60 s"
    assert judged(measured).reason == "not judged: it never got ready"


# What was written


def test_what_was_written_outside_is_counted_and_named():
    writes = {
        "count": 815,
        "folders": [
            {"path": "/usr/lib/python3", "paths": 806},
            {"path": "/usr/local/bin", "paths": 6},
            {"path": "/root/x", "paths": 1},
            {"path": "/etc/y", "paths": 1},
            {"path": "/srv/z", "paths": 1},
        ],
        "paths": [],
    }
    found = judged([replica(1), replica(2, facts={"writes": writes}), replica(3)])
    assert found.verdict is Outcome.FAIL
    assert found.reason == (
        "815 paths written outside of volumes, /tmp and /run: /usr/lib/python3 (806), "
        "/usr/local/bin (6), /root/x, 2 more"
    )


# Workers


def test_more_than_one_worker_fails_with_the_share_of_each():
    two = [use(pid, "worker", 50, cpu_s=0.5) for pid in (7, 8)]
    found = judged([replica(1), replica(2), replica(3, facts={"processes": two})])
    assert found.verdict is Outcome.FAIL
    assert found.reason == (
        "2 worker processes in one container: `worker` (50% of CPU, 50% of memory), "
        "`worker` (50% of CPU, 50% of memory)"
    )


# The stop


def test_a_kill_at_the_end_of_the_grace_period_fails_with_its_seconds_and_its_cause():
    found = judged(replicas(facts={"stop": KILLED, "process": SHELL}))
    assert found.verdict is Outcome.FAIL
    assert found.reason == (
        "SIGTERM not honoured: killed after 3.0 s; `bash` is process 1 and wraps "
        "`uvicorn`, without a handler for SIGTERM"
    )


@pytest.mark.parametrize(
    ("standing", "why"),
    [
        ({"disposition": "default"}, "`uvicorn` is process 1, without a handler for SIGTERM"),
        ({"disposition": "ignored"}, "`uvicorn` is process 1 and ignores SIGTERM"),
        ({"disposition": "blocked"}, "`uvicorn` is process 1 and blocks SIGTERM"),
        (
            {"disposition": "handler"},
            "`uvicorn` is process 1 and handles SIGTERM, but did not end in time",
        ),
        ({"disposition": None}, "`uvicorn` is process 1"),
    ],
)
def test_why_it_was_killed_follows_from_what_process_1_does_with_the_signal(standing, why):
    process = QUIET["process"] | standing
    found = judged(replicas(facts={"stop": KILLED, "process": process}))
    assert found.reason == f"SIGTERM not honoured: killed after 3.0 s; {why}"


def test_that_only_some_were_killed_is_told():
    killed = replica(2, facts={"stop": KILLED, "exit": {"code": 137, "at_ns": 1}})
    found = judged([replica(1), killed, replica(3)])
    assert "killed after 3.0 s (1 of 3)" in found.reason


@pytest.mark.parametrize("code", [0, 143, 1])
def test_whatever_code_it_ends_with_in_time_it_has_honoured_the_signal(code):
    found = judged(replicas(facts={"exit": {"code": code, "at_ns": 1}}))
    assert found.verdict is Outcome.PASS
    assert f"(exit code {code})" in found.reason


def test_a_worker_that_had_to_be_killed_was_not_reached_by_the_signal():
    stop = QUIET["stop"] | {"killed_below": [{"inner_pid": 7, "name": "httpd"}]}
    processes = [use(1, "sh", 0.1, is_shell=True), use(7, "httpd", 5, parent=1)]
    found = judged(replicas(facts={"stop": stop, "process": SHELL, "processes": processes}))
    assert found.verdict is Outcome.FAIL
    assert found.reason == "the signal did not reach `httpd`: killed when `bash` had ended"


@pytest.mark.parametrize("below", [None, [{"inner_pid": 9, "name": "helper"}]])
def test_helpers_that_were_killed_or_that_nobody_can_tell_of_fail_nothing(below):
    stop = QUIET["stop"] | {"killed_below": below}
    assert judged(replicas(facts={"stop": stop})).verdict is Outcome.PASS


def test_dead_processes_that_nobody_waited_for_are_told():
    found = judged(replicas(facts={"process": QUIET["process"] | {"zombies": 2}}))
    assert found.verdict is Outcome.PASS
    assert found.reason.endswith("; 2 zombies left unreaped")


def test_one_that_ended_after_it_was_ready_fails():
    ended = replica(2, status=TrialStatus.FAILED, reason="exited with code 7 0.3 s after it was "
                    "ready", facts={"stop": None, "process": None})  # fmt: skip
    found = judged([replica(1), ended, replica(3)])
    assert found.verdict is Outcome.FAIL
    assert found.reason == "exited with code 7 0.3 s after it was ready"


def test_one_that_does_not_start_again_fails():
    again = replica(1, status=TrialStatus.FAILED, reason="started again after its stop, it exited")
    found = judged([again, replica(2), replica(3)])
    assert found.verdict is Outcome.FAIL
    assert found.reason == "started again after its stop, it exited"


# What cannot be told


@pytest.mark.parametrize(
    ("missing", "why"),
    [
        ({"processes": None, "process": {"unseen": "the engine is elsewhere"}}, "engine is else"),
        ({"writes": None}, "the engine did not report the files written"),
        ({"stop": None}, "it ended by itself before the stop signal"),
    ],
)
def test_what_was_not_seen_never_passes(missing, why):
    found = judged(replicas(facts=missing))
    assert found.verdict is Outcome.NOT_MEASURED
    assert why in found.reason


def test_a_fault_that_was_seen_weighs_more_than_what_was_not():
    found = judged(replicas(facts={"processes": None, "stop": KILLED}))
    assert found.verdict is Outcome.FAIL


@pytest.mark.parametrize(
    ("case", "why"),
    [
        ({"ready": {"exit": True}}, "a job that ends by itself"),
        ({"network_mode": "host"}, "the same ports"),
    ],
)
def test_what_cannot_be_scaled_out_is_not_measured(case, why):
    found = judged([], case)
    assert found.verdict is Outcome.NOT_MEASURED
    assert why in found.reason


def test_without_such_trials_it_is_not_measured():
    assert judged([]).verdict is Outcome.NOT_MEASURED


def test_an_image_that_failed_every_time_is_not_judged_here():
    found = judged([failed(number) for number in range(6)])
    assert found.verdict is Outcome.NOT_MEASURED
    assert (found.reason, found.remedy) == ("not judged: it never got ready", "")


def test_a_run_that_was_cut_off_leaves_it_open():
    assert judged([], complete=False).verdict is Outcome.INCONCLUSIVE


def test_a_group_that_came_to_nothing_is_an_error():
    found = judged(lost_replicas(TrialStatus.ERROR, "engine: does not answer"))
    assert found.verdict is Outcome.ERROR
    assert "engine: does not answer" in found.reason


def test_a_group_counts_only_as_a_whole():
    one_lost = replica(2, startup_s=0.0, status=TrialStatus.ERROR, reason="engine: no space")
    found = judged([replica(1), one_lost, replica(3)])
    assert found.verdict is Outcome.ERROR


def test_the_last_whole_attempt_is_judged():
    busy = lost_replicas(TrialStatus.INVALID, "40% of the core time went to other tenants")
    assert judged([*busy, *replicas(attempt=1)]).verdict is Outcome.PASS


def test_replicas_are_no_evidence_for_anything_else():
    slow = [replace(one, key=replace(one.key, cache="cold")) for one in replicas(startup_s=99.0)]
    of = scenario()
    found = verdict(of, slow, "CI-5", checklist=CLOUD_NATIVE)
    assert found.verdict is Outcome.NOT_MEASURED


# Several numbers


def sweep() -> Scenario:
    return scenario({"replicas": [1, 2]})


def test_every_number_is_judged_and_the_largest_is_told():
    measured = [*replicas(1, round_=20), *replicas(2, round_=21)]
    found = verdict(sweep(), measured, "RS-3.1", checklist=CLOUD_NATIVE)
    assert (found.verdict, found.n) == (Outcome.PASS, 3)
    assert found.reason.startswith("2 started at once were all ready in 1.10 s")


def test_a_number_that_was_not_measured_is_missing():
    found = verdict(sweep(), replicas(1, round_=20), "RS-3.1", checklist=CLOUD_NATIVE)
    assert found.verdict is Outcome.NOT_MEASURED


def test_a_fault_in_one_of_them_fails():
    measured = [*replicas(1, round_=20), *replicas(2, round_=21, facts={"stop": KILLED})]
    found = verdict(sweep(), measured, "RS-3.1", checklist=CLOUD_NATIVE)
    assert found.verdict is Outcome.FAIL
    assert "(2 of 3)" in found.reason
