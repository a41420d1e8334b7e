"""Several containers at once, over a fake engine: the order of things, and what goes wrong."""

from __future__ import annotations

import os
import signal
import threading
from typing import TYPE_CHECKING, Any

import pytest

from bench.core.domain import TrialStatus
from bench.core.errors import EngineError, EngineUnavailableError, StoreError
from bench.core.interrupts import Interrupted, interruptible
from bench.host.load import HostLoad
from bench.runtimes.images import ImageInfo
from bench.runtimes.workload import Change
from bench.trial.replica import process_uses
from bench.trial.replicas import shared_out
from tests.fakes import FakeWorkload, Script
from tests.observe.test_process_table import table
from tests.servers import closed_port
from tests.trial.lab import RUN_ID, UP, Bench

if TYPE_CHECKING:
    from pathlib import Path

from tests.trial.proc_tree import Entry

VOLUMES = {"volumes": ["data:/data"], "tmpfs": ["/cache"]}
IDS = ["t0007-r1", "t0007-r2", "t0007-r3"]


@pytest.fixture(autouse=True)
def _short(monkeypatch):
    monkeypatch.setattr("bench.trial.replicas._LEAST_OBSERVED_S", 0.01)


def ends(bench: Bench) -> dict[str, dict[str, Any]]:
    return {event["trial_id"]: event for event in bench.events("trial_ended")}


def statuses(bench: Bench) -> list[str]:
    return [event["status"] for event in ends(bench).values()]


def phase(bench: Bench, trial_id: str, name: str) -> dict[str, Any]:
    (found,) = [
        one for one in bench.events("phase") if one["trial_id"] == trial_id and one["phase"] == name
    ]
    return found


# The order of things


def test_each_replica_has_a_record_of_its_own(bench):
    assert bench.run_at_once() is TrialStatus.OK
    started = bench.events("trial_started")
    assert [one["trial_id"] for one in started] == IDS
    assert [one["key"]["replica"] for one in started] == [1, 2, 3]
    assert {one["key"]["replicas"] for one in started} == {3}
    assert statuses(bench) == ["ok"] * 3
    assert {(bench.folder / f"web-{one}.log").read_text() for one in IDS} == {"starting\nup\n"}


def test_a_further_attempt_has_its_number_at_the_end(bench):
    bench.run_at_once(replicas=2, attempt=1)
    assert list(ends(bench)) == ["t0007-r1.1", "t0007-r2.1"]


def test_all_are_made_before_any_is_started_and_all_count_from_one_moment(bench):
    bench.run_at_once()
    zeros = {event["facts"]["zero_ns"] for event in ends(bench).values()}
    assert len(zeros) == 1
    (zero_ns,) = zeros
    for trial_id in IDS:
        assert phase(bench, trial_id, "arm")["end_ns"] <= zero_ns
        assert zero_ns <= phase(bench, trial_id, "start")["start_ns"]
    last_ready_ns = max(phase(bench, one, "ready")["end_ns"] for one in IDS)
    assert last_ready_ns <= min(phase(bench, one, "observe")["start_ns"] for one in IDS)
    last_look_ns = max(phase(bench, one, "observe")["end_ns"] for one in IDS)
    assert last_look_ns <= min(phase(bench, one, "stop")["start_ns"] for one in IDS)


def test_the_start_calls_are_under_way_together(bench, monkeypatch):
    together = threading.Barrier(3, timeout=10)

    first = set(IDS)

    def start(workload: FakeWorkload) -> None:
        if first:
            together.wait()  # would break if they came one after the other
            first.clear()
        bench.engine.container(workload.id).begin()

    monkeypatch.setattr(FakeWorkload, "start", start)
    assert bench.run_at_once() is TrialStatus.OK


def test_each_has_named_volumes_of_its_own_and_all_are_gone_afterwards(bench):
    names: list[str] = []

    def note(call: str) -> None:
        if call == "create":
            names.extend(one for one in bench.engine.volume_labels if one not in names)

    bench.engine.on_call = note
    bench.run_at_once(VOLUMES)
    assert names == [f"cbench-{RUN_ID}-{one}-data" for one in IDS]
    assert bench.engine.leftovers == []


def test_host_ports_are_not_published_for_only_one_could_have_them(bench):
    bench.run_at_once({"ports": ["8080:80"]})
    assert [one.spec.ports for one in bench.engine.made] == [()] * 3


def test_asking_takes_as_much_of_the_host_as_for_one(bench):
    subject = _subject(bench)
    for replicas in (1, 4):
        case = shared_out(subject, replicas).case
        assert case.ready.interval == pytest.approx(0.001 * replicas)
        assert case.sample.interval == pytest.approx(0.005 * replicas)


def _subject(bench: Bench) -> Any:
    from bench.scenario.model import Case
    from bench.trial.context import PreparedCase
    from tests.trial.lab import CASE

    return PreparedCase("web", Case.model_validate(CASE), "web", None, (), bench.folder)


def test_the_first_is_started_again_and_only_that_one(bench):
    bench.run_at_once()
    again = [one["trial_id"] for one in bench.events("phase") if one["phase"] == "restart"]
    assert again == ["t0007-r1"]
    stop, restart = phase(bench, "t0007-r1", "stop"), phase(bench, "t0007-r1", "restart")
    assert stop["end_ns"] <= restart["start_ns"]


def test_counters_are_those_of_the_first_life(bench):
    order: list[str] = []
    journal = bench.journal
    append = journal.append

    def noted(event: str, **fields: Any) -> None:
        if event == "phase" and fields["phase"] == "restart":
            order.append("restart")
        elif event == "samples":
            order.append("samples")
        append(event, **fields)

    journal.append = noted
    bench.run_at_once(replicas=1)
    assert "restart" in order
    assert order.index("restart") == len(order) - 1


def test_whoever_watches_sees_one_trial(bench):
    bench.run_at_once()
    told = [one[0] for one in bench.watcher.told]
    assert told.count("trial_ended") == 1
    phases = [one[1] for one in bench.watcher.told if one[0] == "phase_ended"]
    assert phases == ["prepare", "create", "ready", "observe", "stop", "restart"]
    (_, status, _, seconds) = bench.watcher.told[-1]
    assert status == "ok"
    facts = [event["facts"] for event in ends(bench).values()]
    last_ns = max(one["ready"]["at_ns"] - one["zero_ns"] for one in facts)
    assert seconds == pytest.approx(last_ns / 1e9)


# What they wrote


def test_what_each_wrote_outside_its_mounts_is_kept(bench):
    changes = (
        Change("/data", "added"),
        Change("/cache", "added"),
        Change("/srv", "changed"),
        Change("/srv/state.db", "added"),
        Change("/tmp/x", "added"),
        Change("/var/cache", "added"),
    )
    bench.engine.script = Script(output=(b"up\n",), changes=changes)
    bench.engine.image = ImageInfo("sha256:1", config={"Volumes": {"/var/cache": {}}})
    bench.run_at_once(VOLUMES)
    for event in ends(bench).values():
        writes = event["facts"]["writes"]
        assert writes["count"] == 1
        assert writes["paths"] == [{"path": "/srv/state.db", "kind": "added"}]


# What they used


def test_what_a_process_used_while_it_was_watched_is_told_apart(tmp_path: Path):
    before = table(
        tmp_path / "before",
        Entry(5, 4, "sh", 1, ticks=10, rss_anon_kib=100),
        Entry(6, 5, "app", 2, ticks=100, rss_anon_kib=500),
    )
    after = table(
        tmp_path / "after",
        Entry(5, 4, "sh", 1, ticks=10, rss_anon_kib=100),
        Entry(6, 5, "app", 2, ticks=150, rss_anon_kib=900),
        Entry(7, 6, "new", 3, ticks=30, rss_anon_kib=50),
        Entry(8, 6, "dead", 4, state="Z"),
    )
    tick_s = 1 / os.sysconf("SC_CLK_TCK")
    found = process_uses(before, after)
    assert [(one.name, one.inner_pid, one.parent) for one in found] == [
        ("app", 2, 1),
        ("sh", 1, 0),
        ("new", 3, 2),
    ]
    assert [one.observed_cpu_s for one in found] == pytest.approx([50 * tick_s, 0, 30 * tick_s])
    assert [one.cpu_s for one in found] == pytest.approx([150 * tick_s, 10 * tick_s, 30 * tick_s])


def test_where_processes_cannot_be_seen_nothing_is_said_of_them(bench):
    bench.run_at_once()
    for event in ends(bench).values():
        assert "processes" not in event["facts"]
        assert event["facts"]["process"] == {"unseen": "its processes cannot be seen from here"}


# Replicas that go wrong


def test_one_that_crashes_fails_alone_and_the_others_go_their_way(bench):
    bench.behave(UP, Script(output=(b"no\n",), life_s=0, exit_code=3), UP)
    assert bench.run_at_once() is TrialStatus.FAILED
    found = ends(bench)
    assert statuses(bench) == ["ok", "failed", "ok"]
    assert found["t0007-r2"]["reason"] == "exited with code 3 before it was ready"
    assert "stop" not in found["t0007-r2"]["facts"]
    assert found["t0007-r3"]["facts"]["stop"]["killed"] is False
    assert bench.watcher.told[-1][3] is None  # not all were ready, so there is no time of the last


def test_one_that_never_gets_ready_is_waited_for(bench):
    bench.behave(UP, Script(output=(b"never\n",)))
    assert bench.run_at_once({"ready": {"log": "^up$", "timeout": "300ms"}}, replicas=2)
    assert statuses(bench) == ["ok", "failed"]
    assert ends(bench)["t0007-r2"]["reason"].startswith("not ready within 0.3 s")


def test_one_that_does_not_start_again_has_failed(bench):
    again = Script(output=(b"lock file exists\n",), life_s=0, exit_code=1)
    bench.behave(Script(output=(b"up\n",), again=again), UP)
    assert bench.run_at_once(replicas=2) is TrialStatus.FAILED
    found = ends(bench)["t0007-r1"]
    assert found["reason"] == "started again after its stop, it exited with code 1"
    assert found["facts"]["ready"]
    assert found["log_tail"] == ["up"]  # of its first life


def test_where_the_first_has_failed_none_is_started_again(bench):
    bench.behave(Script(life_s=0, exit_code=1), UP)
    bench.run_at_once(replicas=2)
    assert "restart" not in bench.phases


def test_a_host_that_was_too_busy_spoils_all_that_went_well(bench):
    loads = iter([HostLoad(10.0, 10.0, 0.0, {}, 0, 0.0), HostLoad(20.0, 20.0, 9.0, {}, 0, 0.0)])
    bench.read_load = lambda _: next(loads)
    bench.behave(UP, Script(life_s=0, exit_code=1), UP)
    assert bench.run_at_once() is TrialStatus.INVALID
    assert statuses(bench) == ["invalid", "failed", "invalid"]


def test_an_engine_that_refuses_one_makes_an_error_of_all(bench):
    bench.engine.trouble("create", EngineError("engine", "no space left"), at=2)
    assert bench.run_at_once() is TrialStatus.ERROR
    assert statuses(bench) == ["error"] * 3
    assert bench.engine.leftovers == []


def test_an_engine_that_dies_under_way_makes_errors_and_no_times(bench, monkeypatch):
    def start(_: FakeWorkload) -> None:
        bench.engine.is_dead = True
        raise EngineUnavailableError("engine", "does not answer")

    monkeypatch.setattr(FakeWorkload, "start", start)
    assert bench.run_at_once(replicas=2) is TrialStatus.ERROR
    assert statuses(bench) == ["error"] * 2
    assert all("ready" not in event["facts"] for event in ends(bench).values())


def test_a_full_disk_ends_the_run_after_all_are_gone(bench):
    append = bench.journal.append

    def full(event: str, **fields: Any) -> None:
        if event == "phase" and fields["phase"] == "ready":
            raise StoreError("journal", "no space left on device")
        append(event, **fields)

    bench.journal.append = full
    with pytest.raises(StoreError):
        bench.run_at_once()
    assert bench.engine.leftovers == []


def test_a_fault_of_bench_in_one_thread_is_no_result(bench, monkeypatch):
    def broken(_: FakeWorkload) -> None:
        raise TypeError("a fault")

    monkeypatch.setattr(FakeWorkload, "start", broken)
    with pytest.raises(TypeError):
        bench.run_at_once()


# Interruptions


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_while_threads_wait_ends_them_and_leaves_nothing(
    bench, monkeypatch, number
):
    waiting = threading.Barrier(4, timeout=10)

    def start(workload: FakeWorkload) -> None:
        bench.engine.container(workload.id).begin()
        waiting.wait()

    def interrupt() -> None:
        waiting.wait()
        os.kill(os.getpid(), number)

    def run() -> None:
        interrupter.start()
        bench.run_at_once({"ready": {"tcp": {"port": closed_port()}, "timeout": "60s"}} | VOLUMES)

    monkeypatch.setattr(FakeWorkload, "start", start)
    interrupter = threading.Thread(target=interrupt)
    with pytest.raises(Interrupted) as interruption, interruptible():
        run()
    interrupter.join()
    assert interruption.value.exit_code == 128 + number
    assert statuses(bench) == ["interrupted"] * 3
    assert bench.engine.leftovers == []
    assert not [one for one in threading.enumerate() if one.name.startswith("replica-")]


@pytest.mark.parametrize("call", ["create_volume", "create", "attach", "inspect_image", "remove"])
def test_an_interruption_in_a_call_is_raised_after_the_clean_up(bench, call):
    bench.engine.trouble(call, lambda: signal.raise_signal(signal.SIGINT))
    with pytest.raises(Interrupted), interruptible():
        bench.run_at_once(VOLUMES)
    assert len(ends(bench)) == 3
    assert bench.engine.leftovers == []
