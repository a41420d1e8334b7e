"""One trial from its cache state to its removal, over a fake engine."""

from __future__ import annotations

import signal
import threading
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from bench.cgroup.mounts import CgroupMounts, CgroupVersion
from bench.core.domain import TrialStatus
from bench.core.errors import (
    EngineError,
    EngineRefusedError,
    EngineTimeoutError,
    PullError,
    StoreError,
)
from bench.core.interrupts import Interrupted, interruptible
from bench.host.load import HostLoad
from bench.journal.facts.listener import Listener
from bench.runtimes.docker.refusals import workload_fault
from bench.trial.instruments import Instruments
from tests.fakes import FakeContainer, Script
from tests.pulls import cold_stream, manifest_of, warm_stream
from tests.servers import FakeServer, closed_port
from tests.trial.lab import REFERENCE, RUN_ID, UP, Bench

if TYPE_CHECKING:
    from pathlib import Path

VOLUMES = {"volumes": ["data:/data"]}


def v2_mounts(folder: Path) -> CgroupMounts:
    return CgroupMounts(CgroupVersion.V2, dict.fromkeys(("memory", "cpu", "pids", "io"), folder))


# The order of things


def test_the_calls_of_a_cold_trial_come_in_this_order(bench, tmp_path):
    bench.mounts = v2_mounts(tmp_path)
    assert bench.run(VOLUMES) is TrialStatus.OK
    assert bench.engine.order == [
        "remove_image",  # the cache state
        "image_ids",
        "create_volume",
        "pull",
        "create",
        "attach",  # armed before there is anything to miss
        "start",
        "state",  # the one question between the start and the confirmed answer
        "stop",
        "wait",
        "state",  # whether it was killed for memory
        "remove",
        "remove_volume",
    ]


def test_the_phases_of_a_cold_trial_follow_each_other_and_fill_its_time(bench):
    bench.run()
    phases = bench.events("phase")
    assert bench.phases == [
        "prepare",
        "pull",
        "create",
        "arm",
        "start",
        "ready",
        "check",
        "observe",
        "examine",
        "stop",
        "settle",
        "remove",
    ]
    for one, other in pairwise(phases):
        assert one["start_ns"] <= one["end_ns"] <= other["start_ns"]
    assert phases[0]["end_ns"] <= bench.ended["facts"]["zero_ns"] <= phases[1]["start_ns"]


def test_a_trial_writes_its_beginning_first_and_its_end_last(bench):
    bench.run(number=12, attempt=2)
    events = bench.events()
    assert (events[0]["event"], events[-1]["event"]) == ("trial_started", "trial_ended")
    assert {event["trial_id"] for event in events} == {"t0012.2"}
    assert events[0]["attempt"] == 2
    assert events[0]["key"]["case"] == "web"


def test_where_nothing_is_pulled_the_zero_is_the_create_call(bench):
    bench.run(cache="image")
    assert bench.phases[:2] == ["prepare", "create"]
    zero_ns = bench.ended["facts"]["zero_ns"]
    prepare, create = bench.events("phase")[:2]
    assert prepare["end_ns"] <= zero_ns <= create["start_ns"]
    assert bench.engine.pulls_of == [REFERENCE]


def test_an_image_that_is_there_is_not_pulled_again(bench):
    bench.engine.present_images[REFERENCE] = {}
    bench.run(cache="warm")
    assert bench.engine.pulls_of == []


def test_whoever_watches_is_told_of_each_phase_and_of_the_end(bench):
    bench.run()
    names = [one[1] for one in bench.watcher.told if one[0] == "phase_ended"]
    assert names == bench.phases
    kind, status, reason, seconds = bench.watcher.told[-1]
    assert (kind, status, reason) == ("trial_ended", "ok", "")
    assert seconds == bench.trial.seconds_to_ready
    assert 0 < seconds < 5


def test_the_container_carries_the_label_and_the_name_of_its_run(bench):
    bench.run(VOLUMES)
    (spec,) = bench.engine.arguments_of("create")[0]
    assert spec.name == f"cbench-{RUN_ID}-t0007"
    assert spec.labels == {"org.container-bench": RUN_ID}
    assert bench.engine.arguments_of("create_volume") == [
        (f"cbench-{RUN_ID}-t0007-data", {"org.container-bench": RUN_ID})
    ]


def test_the_need_arm_runs_without_the_limits(bench):
    limits = {"limits": {"cpus": 1, "memory": "64m", "pids": 10}}
    bench.run(limits, arm="need", cache="image")
    (spec,) = bench.engine.arguments_of("create")[0]
    assert (spec.memory_bytes, spec.cpus, spec.pids) == (None, None, 10)


# What is recorded


def test_ready_is_told_with_what_decided_and_how_finely(bench):
    bench.run()
    ready = bench.ended["facts"]["ready"]
    assert ready["probe"] == "log '^up$'"
    assert ready["resolution_ns"] == 1_000_000
    (phase,) = [one for one in bench.events("phase") if one["phase"] == "ready"]
    assert phase["resolution_ns"] == 1_000_000


def test_a_line_that_comes_before_the_start_call_returns_leaves_no_negative_phase(
    bench, monkeypatch
):
    bench.engine.on_call = lambda name: name == "state" and threading.Event().wait(0.02)
    written, begin = threading.Event(), FakeContainer.begin

    def begin_and_stay(container: FakeContainer) -> None:
        begin(container)
        matched_ns = bench.trial._container._attachments.output.matched_ns
        while not any(list(matched_ns.values())):  # the start call takes its time to return
            written.wait(0.001)

    monkeypatch.setattr(FakeContainer, "begin", begin_and_stay)
    assert bench.run() is TrialStatus.OK
    (phase,) = [one for one in bench.events("phase") if one["phase"] == "ready"]
    facts = bench.ended["facts"]
    assert facts["ready"]["at_ns"] < phase["start_ns"]
    assert phase["end_ns"] == phase["start_ns"]


def test_the_layers_of_the_pull_and_the_bytes_that_it_fetched_are_kept(bench):
    bench.run()
    (event,) = bench.events("layers")
    assert [layer["status"] for layer in event["layers"]] == ["Pull complete"] * 2
    assert bench.ended["facts"]["downloaded_bytes"] == 4196


def test_samples_come_from_the_engine_where_its_cgroups_cannot_be_seen(bench):
    statistics = {"memory_stats": {"usage": 2**20}, "cpu_stats": {"cpu_usage": {"total_usage": 5}}}
    bench.engine.script = Script(output=(b"up\n",), statistics=statistics)
    bench.run({"observe": "20ms"})
    columns = bench.events("samples")[0]
    assert columns["method"] == "engine-stats"
    assert 2**20 in columns["columns"]["memory_usage_bytes"]
    assert bench.ended["facts"]["counters"] == {"method": "engine-stats"}


def test_warnings_of_the_engine_are_kept(bench):
    bench.engine.script = Script(output=(b"up\n",), warnings=("no swap limit",))
    bench.run()
    assert bench.ended["facts"]["warnings"] == ["no swap limit"]


def test_the_output_is_kept_in_a_file_and_its_end_in_the_journal(bench, tmp_path):
    lines = b"".join(b"line %d\n" % index for index in range(30))
    bench.engine.script = Script(output=(b"up\n", lines, b"caf\xc3\xa9 \xff\n"))
    bench.run()
    text = (tmp_path / "web-t0007.log").read_text(encoding="utf-8")
    assert text.startswith("up\nline 0\n")
    assert bench.ended["log_tail"] == ["line 26", "line 27", "line 28", "line 29", "café \ufffd"]


def test_a_stop_that_is_obeyed_is_no_kill(bench):
    bench.run()
    facts = bench.ended["facts"]
    assert not facts["stop"]["killed"]
    assert facts["stop"]["grace_s"] == 2.0
    assert 0 < facts["stop"]["ended_s"] < 1.0
    assert facts["exit"]["code"] == 143


def test_a_stop_that_lasts_for_the_grace_period_and_ends_in_137_is_a_kill(bench):
    bench.engine.script = Script(output=(b"up\n",), stop_code=137)
    bench.run({"stop_grace_period": "0s"})
    assert bench.ended["facts"]["stop"]["killed"] is True


def test_a_137_that_comes_sooner_is_the_programs_own(bench):
    bench.engine.script = Script(output=(b"up\n",), stop_code=137)
    bench.run({"stop_grace_period": "2s"})
    assert bench.ended["facts"]["stop"]["killed"] is False


# Readiness


def test_a_server_is_asked_at_the_containers_own_address(bench):
    with FakeServer(503, 503, 200) as server:
        status = bench.run({"ready": {"http": {"port": server.port}, "interval": "1ms"}})
    assert status is TrialStatus.OK
    assert bench.ended["facts"]["ready"]["attempts"] == 3


def test_a_line_decides_where_any_will_do_while_another_probe_hangs(bench):
    with FakeServer("hang") as server:
        probes = [{"http": {"port": server.port}}, {"log": "^up$"}]
        assert bench.run({"ready": {"any": probes, "timeout": "30s"}}) is TrialStatus.OK
    assert bench.ended["facts"]["ready"]["probe"] == "log '^up$'"


def test_the_healthcheck_is_left_on_only_where_it_is_waited_for(bench):
    bench.engine.script = Script(output=(b"up\n",), health=("starting", "starting", "healthy"))
    assert bench.run({"ready": {"healthcheck": True}}) is TrialStatus.OK
    assert bench.run() is TrialStatus.OK
    specs = [spec for (spec,) in bench.engine.arguments_of("create")]
    assert [spec.healthcheck for spec in specs] == [None, {"Test": ["NONE"]}]


def test_a_batch_job_is_ready_when_it_ends_and_is_not_stopped(bench):
    bench.engine.script = Script(output=(b"done\n",), life_s=0, exit_code=0)
    assert bench.run({"ready": {"exit": True}, "observe": "exit"}) is TrialStatus.OK
    assert "stop" not in bench.engine.order
    facts = bench.ended["facts"]
    assert facts["exit"]["code"] == 0
    assert facts["ready"]["resolution_ns"] == facts["exit"]["resolution_ns"]
    assert "stop" not in facts


def test_a_batch_job_that_takes_its_time_is_waited_for(bench):
    bench.engine.script = Script(life_s=0.03, exit_code=0)
    assert bench.run({"ready": {"exit": True}}) is TrialStatus.OK
    assert bench.trial.seconds_to_ready >= 0.03


def test_one_that_does_not_end_in_time_has_failed_where_its_end_is_waited_for(bench):
    """Else the figures of its first seconds would pass for those of the whole."""
    ready = {"log": "^up$", "timeout": "50ms"}
    bench.engine.script = Script(output=(b"up\n",))
    assert bench.run({"ready": ready, "observe": "exit"}) is TrialStatus.FAILED
    assert bench.ended["reason"].startswith("did not end within 0.05 s after it was ready")


def test_no_program_is_given_less_time_to_stop_than_was_said(bench):
    bench.run({"stop_grace_period": "400ms"})
    ((_, grace_s),) = bench.engine.arguments_of("stop")
    assert grace_s == 1
    assert not bench.ended["facts"]["stop"]["killed"]


# The image's fault


def failed(bench: Bench) -> str:
    """The reason of a failed trial, which has no time of readiness."""
    ended = bench.ended
    assert ended["status"] == "failed"
    assert "ready" not in ended["facts"]
    assert "ready" not in bench.phases
    assert bench.trial is not None
    assert bench.trial.seconds_to_ready is None
    assert bench.watcher.told[-1][-1] is None
    assert bench.engine.leftovers == []
    return str(ended["reason"])


def test_a_crash_before_ready_fails_with_its_code_and_last_lines_and_has_no_time(bench):
    bench.engine.script = Script(
        output=(b"starting\n", (2, b"OSError: address already in use\n")), life_s=0, exit_code=1
    )
    assert bench.run() is TrialStatus.FAILED
    assert failed(bench) == "exited with code 1 before it was ready"
    assert bench.ended["facts"]["exit"]["code"] == 1
    assert bench.ended["log_tail"] == ["starting", "OSError: address already in use"]


def test_a_crash_some_time_later_fails_too(bench):
    bench.engine.script = Script(life_s=0.02, exit_code=139)
    assert bench.run() is TrialStatus.FAILED
    assert failed(bench) == "exited with code 139 before it was ready"


def test_an_end_with_0_before_ready_is_a_failure_all_the_same(bench):
    bench.engine.script = Script(life_s=0, exit_code=0)
    bench.run({"ready": {"http": {"port": closed_port()}, "timeout": "20s"}})
    assert failed(bench) == "exited with code 0 before it was ready"


def test_a_batch_job_that_ends_with_another_code_fails(bench):
    bench.engine.script = Script(life_s=0, exit_code=3)
    bench.run({"ready": {"exit": True}})
    assert failed(bench) == "exited with code 3 before it was ready"


def test_a_time_out_fails_with_the_last_refusal(bench):
    port = closed_port()
    bench.run({"ready": {"http": {"port": port}, "timeout": "60ms"}})
    assert failed(bench).startswith("not ready within 0.06 s (")
    assert failed(bench).endswith(f"last http {port}/: Connection refused)")


def test_a_container_killed_for_memory_fails_and_says_so(bench, monkeypatch):
    monkeypatch.setattr(Instruments, "oom_kills", lambda _: 1)
    bench.engine.script = Script(life_s=0, exit_code=137, oom_killed=True)
    bench.run()
    assert failed(bench) == (
        "killed for memory before it was ready (exit code 137; the kernel counted 1 kill, the "
        "engine's flag is set)"
    )
    assert bench.ended["facts"]["memory_kill"] == {
        "kernel_kills": 1,
        "engine_flag": True,
        "exit_code": 137,
    }


def test_a_kill_that_only_the_engine_saw_is_one_too(bench):
    bench.engine.script = Script(life_s=0, exit_code=137, oom_killed=True)
    bench.run()
    assert failed(bench).startswith("killed for memory before it was ready (exit code 137; the ")
    assert bench.ended["facts"]["memory_kill"]["kernel_kills"] is None


def test_an_end_soon_after_ready_fails_but_keeps_when_it_was_ready(bench):
    bench.engine.script = Script(output=(b"up\n",), life_s=0.05, exit_code=2)
    assert bench.run({"observe": "5s"}) is TrialStatus.FAILED
    assert bench.ended["reason"].startswith("exited with code 2 0.")
    assert bench.ended["reason"].endswith(" s after it was ready")
    assert "ready" in bench.ended["facts"]


def test_a_kill_for_memory_after_ready_says_so_too(bench, monkeypatch):
    monkeypatch.setattr(Instruments, "oom_kills", lambda _: 1)
    bench.engine.script = Script(output=(b"up\n",), life_s=0.05, exit_code=137)
    assert bench.run({"observe": "5s"}) is TrialStatus.FAILED
    assert bench.ended["reason"].startswith("killed for memory 0.")
    assert " s after it was ready (exit code 137; the kernel" in bench.ended["reason"]


def test_a_service_that_ends_while_it_is_observed_has_failed_even_with_0(bench):
    bench.engine.script = Script(output=(b"up\n",), life_s=0.05, exit_code=0)
    assert bench.run({"observe": "5s"}) is TrialStatus.FAILED
    assert bench.ended["reason"].startswith("exited with code 0")
    assert "after it was ready" in bench.ended["reason"]
    assert "`observe: exit`" in bench.ended["facts"]["cause"]["remedy"]


def test_an_end_with_0_that_was_asked_for_is_none(bench):
    bench.engine.script = Script(output=(b"up\n",), life_s=0.05, exit_code=0)
    assert bench.run({"observe": "exit"}) is TrialStatus.OK
    assert "stop" not in bench.engine.order


def refused(text: str, status: int) -> EngineRefusedError:
    """What becomes of an engine's answer."""
    cause = f"the engine refused: {text}"
    return EngineRefusedError("c", cause, status=status, fault=workload_fault(text))


@pytest.mark.parametrize(
    "text",
    [
        'OCI runtime create failed: exec: "serve": executable file not found in $PATH: unknown',
        'OCI runtime create failed: exec: "/app/run": stat /app/run: no such file: unknown',
        'OCI runtime create failed: exec: "/app/run": permission denied: unknown',
        "unable to find user nobody2: no matching entries in passwd file",
    ],
)
def test_a_start_refused_for_the_images_command_is_the_images_fault(bench, text):
    refusal = refused(text, 400)
    bench.engine.trouble("start", refusal)
    assert bench.run() is TrialStatus.FAILED
    step = text.removeprefix("OCI runtime create failed: ")
    assert failed(bench) == f"it could not be started: the runtime cannot run it: {step}"


def test_a_program_that_the_engine_itself_lacks_is_no_fault_of_the_image(bench):
    text = 'exec: "docker-init": executable file not found in $PATH'
    bench.engine.trouble("start", refused(text, 500))
    assert bench.run() is TrialStatus.ERROR


def test_podman_refuses_the_command_when_it_is_attached_to(bench):
    text = 'preparing container 5509 for attach: exec: "x": executable file not found in $PATH'
    bench.engine.trouble("attach", refused(text, 409))
    assert bench.run() is TrialStatus.FAILED
    step = 'exec: "x": executable file not found in $PATH'
    assert failed(bench) == f"it could not be started: the runtime cannot run it: {step}"


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("driver failed programming external connectivity: port is already allocated", 500),
        ("failed to create shim task: no space left on device", 500),
        ('error mounting "/srv/x" to rootfs at "/x": no such file or directory: unknown', 400),
        ("failed to write 1 to /sys/fs/cgroup/pids.max: permission denied: unknown", 500),
        ("error gathering device information: /dev/nvidia9: no such file or directory", 500),
        ("permission denied while asking the engine", 403),
        ('error mounting "/exec: \\"x\\": executable file not found" to rootfs at "/x"', 400),
    ],
)
def test_a_start_refused_for_anything_else_is_an_error(bench, text, status):
    bench.engine.trouble("start", EngineRefusedError("c", text, status=status))
    assert bench.run() is TrialStatus.ERROR
    assert text in bench.ended["reason"]


# Somebody else's fault


def test_a_pull_that_breaks_off_is_an_error_and_has_no_length(bench):
    lines = cold_stream(bench.manifest)
    bench.engine.streams[REFERENCE] = [[*lines[:4], {"error": "unexpected EOF"}]]
    assert bench.run() is TrialStatus.ERROR
    assert bench.ended["reason"] == f"{REFERENCE}: the pull failed: unexpected EOF"
    assert bench.phases == ["prepare"]
    assert "downloaded_bytes" not in bench.ended["facts"]
    assert "create" not in bench.engine.order


def test_a_pull_that_brings_another_image_is_an_error(bench):
    bench.engine.streams[REFERENCE] = [cold_stream(manifest_of("other", 4096, 100))]
    assert bench.run() is TrialStatus.ERROR
    other = manifest_of("other").digest
    assert bench.ended["reason"] == f"{REFERENCE}: the pull brought {other} instead"
    assert "create" not in bench.engine.order


def test_a_pull_that_found_layers_is_invalid_and_nothing_is_run(bench):
    bench.engine.streams[REFERENCE] = [warm_stream(bench.manifest)]
    assert bench.run() is TrialStatus.INVALID
    assert bench.ended["reason"] == "not a cold pull: 2 of 2 layers were already there"
    assert "create" not in bench.engine.order


def test_a_pull_from_another_registry_must_be_cold_too(tmp_path):
    bench = Bench(tmp_path, manifest=None)
    bench.engine.streams[REFERENCE] = [warm_stream(manifest_of("web", 4096, 100))]
    assert bench.run() is TrialStatus.INVALID
    bench.close()


def test_a_failed_sampler_is_an_error_even_where_the_container_did_well(bench, monkeypatch):
    def broken(*_):
        raise ValueError("a counter file that nobody has seen before")

    monkeypatch.setattr("bench.sampling.sources.EngineSource.read", broken)
    assert bench.run({"observe": "100ms"}) is TrialStatus.ERROR
    assert "a counter file that nobody has seen before" in bench.ended["reason"]
    assert bench.engine.leftovers == []


def limits_of(tmp_path: Path, held: str) -> CgroupMounts:
    """A v2 mount on which the first container of the engine holds this memory limit."""
    group = tmp_path / f"system.slice/docker-{1:064x}.scope"
    group.mkdir(parents=True)
    (group / "memory.max").write_text(held)
    return CgroupMounts(CgroupVersion.V2, dict.fromkeys(("memory", "cpu", "pids", "io"), tmp_path))


@pytest.mark.parametrize(
    ("held", "status"),
    [("67108864\n", TrialStatus.OK), ("max\n", TrialStatus.ERROR), ("1024\n", TrialStatus.ERROR)],
)
def test_a_limit_that_the_kernel_does_not_hold_is_an_error(tmp_path, held, status):
    bench = Bench(tmp_path, mounts=limits_of(tmp_path / "cgroup", held))
    assert bench.run({"limits": {"memory": "64m"}}) is status
    if status is TrialStatus.ERROR:
        assert "the engine did not apply memory_bytes = 6.71089e+07" in bench.ended["reason"]
    bench.close()


def loads(*steal_and_step: tuple[float, float]):
    """Readings of the host, one after the other."""
    readings = [
        HostLoad(10.0 * n, 10.0 * n, s, {}, 0, w) for n, (s, w) in enumerate(steal_and_step)
    ]
    return lambda _: readings.pop(0)


def test_a_host_whose_cores_went_to_others_makes_a_trial_invalid(bench):
    bench.read_load = loads((0.0, 0.0), (20.0, 0.0))
    assert bench.run() is TrialStatus.INVALID
    assert bench.ended["reason"] == "50% of the core time went to other tenants"
    assert bench.ended["facts"]["host"]["steal_share"] == 0.5


@pytest.mark.parametrize("step_s", [5.0, -5.0])
def test_a_wall_clock_that_jumps_makes_a_trial_invalid(bench, step_s):
    bench.read_load = loads((0.0, 100.0), (0.0, 100.0 + step_s))
    assert bench.run() is TrialStatus.INVALID
    assert bench.ended["reason"] == f"the wall clock jumped by {step_s} s"


def test_a_little_of_both_does_not(bench):
    bench.read_load = loads((0.0, 0.0), (1.0, 0.5))
    assert bench.run() is TrialStatus.OK
    assert bench.ended["facts"]["host"]["steal_share"] == pytest.approx(0.0476, abs=0.001)


def test_a_crash_on_a_busy_host_stays_a_crash(bench):
    bench.read_load = loads((0.0, 0.0), (20.0, 0.0))
    bench.engine.script = Script(life_s=0, exit_code=1)
    assert bench.run() is TrialStatus.FAILED


def test_a_crash_after_a_service_has_died_is_not_the_images_fault(bench):
    bench.dead_service = "service index has ended, with code 137"
    bench.engine.script = Script(life_s=0, exit_code=1)
    assert bench.run() is TrialStatus.ERROR
    assert bench.ended["reason"].startswith("service index has ended, with code 137; exited with")


def test_what_went_well_without_it_went_well(bench):
    bench.dead_service = "service index has ended, with code 137"
    assert bench.run() is TrialStatus.OK


# Clean-up, whatever happens


CALLS = [
    "remove_image",
    "image_ids",
    "create_volume",
    "pull",
    "create",
    "attach",
    "start",
    "state",
    "stop",
    "wait",
    "remove",
]


@pytest.mark.parametrize("call", CALLS)
def test_an_error_in_any_call_leaves_nothing_behind_and_the_trial_ends_in_error(bench, call):
    error = PullError if call == "pull" else EngineTimeoutError
    bench.engine.trouble(call, error("engine", "went away for a moment"))
    assert bench.run(VOLUMES) is TrialStatus.ERROR
    assert bench.engine.leftovers == []
    assert bench.ended["status"] == "error"
    assert bench.ended["reason"] == "engine: went away for a moment"


TO_READY = ("prepare", "pull", "create", "arm", "start", "ready")
BEFORE = {
    "remove_image": [],
    "image_ids": [],
    "create_volume": [],
    "pull": ["prepare"],
    "create": ["prepare", "pull"],
    "attach": ["prepare", "pull", "create"],
    "start": ["prepare", "pull", "create", "arm"],
    "state": ["prepare", "pull", "create", "arm", "start"],
    "stop": [*TO_READY, "check", "observe", "examine"],
    "wait": [*TO_READY, "check", "observe", "examine", "stop"],
    "remove": [*TO_READY, "check", "observe", "examine", "stop", "settle"],
}


@pytest.mark.parametrize("call", CALLS)
def test_a_phase_that_ends_in_an_error_has_no_length(bench, call):
    bench.engine.trouble(call, EngineError("engine", "went away"))
    bench.run(VOLUMES)
    assert bench.phases == BEFORE[call]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("call", [*CALLS, "remove_volume"])
def test_an_interruption_in_any_call_is_raised_after_the_clean_up(bench, call, number):
    bench.engine.trouble(call, lambda: signal.raise_signal(number))
    with pytest.raises(Interrupted) as interruption, interruptible():
        bench.run(VOLUMES)
    assert interruption.value.exit_code == 128 + number
    assert bench.engine.leftovers == []
    # while it was taken down after a good measurement, that measurement is kept
    assert bench.ended["status"] == ("ok" if call == "remove_volume" else "interrupted")
    assert bench.ended["reason"] == ("" if call == "remove_volume" else number.name)


def test_an_engine_is_not_left_alone_with_a_container_that_it_is_making(bench, monkeypatch):
    create, made = bench.engine.create, []

    def interrupted(spec):
        signal.raise_signal(signal.SIGINT)
        made.append(create(spec))  # as an engine does, whoever has gone in the meantime
        return made[-1]

    monkeypatch.setattr(bench.engine, "create", interrupted)
    with pytest.raises(Interrupted), interruptible():
        bench.run(VOLUMES)
    assert made
    assert bench.engine.leftovers == []
    assert bench.ended["status"] == "interrupted"


def test_an_interruption_while_a_failed_trial_is_taken_down_waits_for_that(bench):
    bench.engine.script = Script(life_s=0, exit_code=1)
    bench.engine.trouble("remove", lambda: signal.raise_signal(signal.SIGINT))
    with pytest.raises(Interrupted), interruptible():
        bench.run(VOLUMES)
    assert bench.engine.leftovers == []
    assert bench.ended["status"] == "failed"


def test_impatience_does_not_cut_the_clean_up_short(bench):
    def twice() -> None:
        signal.raise_signal(signal.SIGINT)

    bench.engine.trouble("stop", twice)
    bench.engine.trouble("remove", twice)
    bench.engine.trouble("remove_volume", twice)
    with pytest.raises(Interrupted), interruptible():
        bench.run(VOLUMES)
    assert bench.engine.leftovers == []
    assert bench.ended["status"] == "interrupted"


# The signal may come between the making of a socket and its being held by anything that closes it;
# then the interpreter closes it, with a warning.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_interruption_while_waiting_for_ready_ends_the_waiting(bench):
    timer = threading.Timer(0.05, lambda: signal.raise_signal(signal.SIGTERM))
    bench.engine.trouble("state", timer.start)  # asked for once, right before the waiting
    ready = {"ready": {"http": {"port": closed_port()}, "timeout": "60s"}}
    with pytest.raises(Interrupted), interruptible():
        bench.run(ready)
    timer.join()
    assert bench.engine.leftovers == []
    assert bench.phases[-1] == "start"


def test_what_cannot_be_removed_makes_the_trial_an_error_that_says_so(bench):
    bench.engine.script = Script(life_s=0, exit_code=1)
    bench.engine.trouble("remove", EngineTimeoutError("c", "the engine did not answer in time"))
    assert bench.run(VOLUMES) is TrialStatus.ERROR
    assert bench.ended["reason"] == (
        "exited with code 1 before it was ready; clean-up: the engine did not answer in time"
    )
    assert bench.engine.volume_labels == {}


def test_an_engine_that_dies_in_the_middle_ends_the_trial_in_error(bench):
    def die() -> None:
        bench.engine.is_dead = True

    bench.engine.trouble("stop", die)
    assert bench.run() is TrialStatus.ERROR
    assert bench.ended["reason"] == "engine: does not answer; clean-up: does not answer"


def test_no_thread_outlives_its_trial(bench):
    before = set(threading.enumerate())
    for script in (UP, Script(life_s=0, exit_code=1)):
        bench.engine.script = script
        bench.run()
    for thread in set(threading.enumerate()) - before:
        thread.join(5)
        assert not thread.is_alive()


# A full disk


@pytest.mark.parametrize("event", ["phase", "layers", "samples", "trial_ended"])
def test_a_full_disk_ends_the_run_after_the_container_is_gone(bench, monkeypatch, event):
    append = bench.journal.append

    def full(kind, **fields):
        if kind == event:
            raise StoreError("events.jsonl", "the journal cannot be written: No space left")
        append(kind, **fields)

    bench.engine.script = Script(output=(b"up\n",), statistics={"memory_stats": {"usage": 1}})
    monkeypatch.setattr(bench.journal, "append", full)
    if event == "samples":
        assert bench.run(VOLUMES) is TrialStatus.ERROR
        assert "No space left" in bench.ended["reason"]
    else:
        with pytest.raises(StoreError, match="No space left"):
            bench.run(VOLUMES)
    assert bench.engine.leftovers == []


def test_a_disk_that_is_full_for_good_ends_the_run_after_the_container_is_gone(bench, monkeypatch):
    append = bench.journal.append

    def full(kind, **fields):
        if "start" in bench.engine.order:
            raise StoreError("events.jsonl", "the journal cannot be written: No space left")
        append(kind, **fields)

    monkeypatch.setattr(bench.journal, "append", full)
    with pytest.raises(StoreError, match="No space left"):
        bench.run(VOLUMES)
    assert bench.engine.leftovers == []


def test_a_log_file_that_cannot_be_written_is_a_full_disk_too(bench, tmp_path):
    (tmp_path / "web-t0007.log").mkdir()
    with pytest.raises(StoreError, match=r"web-t0007\.log"):
        bench.run()
    assert bench.engine.leftovers == []


# What the workload prints


def test_what_is_looked_for_in_the_output_goes_on_record_and_secrets_do_not(bench):
    bench.engine.script = Script(
        output=(b"profile of t0p-secret\n", b"took 2 s\n", b"end of profile\n", b"up\n")
    )
    bench.run(
        {
            "environment": {"API_TOKEN": "t0p-secret"},
            "metrics": {"took_s": {"pattern": r"took (\d+)", "unit": "s", "better": "lower"}},
            "excerpts": {"profile": {"begin": "^profile of t0p", "end": "^end"}},
        }
    )
    facts = bench.ended["facts"]
    assert facts["figures"]["took_s"]["last"] == 2
    lines = ["profile of ***", "took 2 s", "end of profile"]
    assert facts["excerpts"] == {"profile": {"lines": lines, "left_out": 0, "ended": True}}


def test_a_trial_that_looks_for_nothing_has_nothing_of_it_on_record(bench):
    bench.run()
    assert {"figures", "excerpts"} & set(bench.ended["facts"]) == set()


# Where it listens


@pytest.fixture
def elsewhere(monkeypatch):
    """A container that listens on another port than it is asked at."""
    found = [Listener(5000, "127.0.0.1", "gunicorn")]
    monkeypatch.setattr("bench.observe.listening.listeners", lambda *_, **__: found)


WRONG_PORT = {"ready": {"http": {"port": 1}, "timeout": "60ms", "interval": "1ms"}}


def test_a_container_that_listens_elsewhere_says_where(bench, elsewhere):
    bench.run(WRONG_PORT)
    reason = bench.ended["reason"]
    assert reason.startswith("not ready within 0.06 s (")
    assert reason.endswith("nothing listens on 1; gunicorn listens on 127.0.0.1:5000 only")
    assert bench.ended["facts"]["listening"] == [
        {"port": 5000, "address": "127.0.0.1", "process": "gunicorn"}
    ]


def test_whoever_watches_is_told_while_it_waits(bench, elsewhere, monkeypatch):
    monkeypatch.setattr("bench.probes.readiness.LONG_WAIT_S", 0.01)
    bench.run(WRONG_PORT)
    (said,) = bench.watcher.said()
    assert said.startswith("web is not ready after ")
    assert said.endswith("gunicorn listens on 127.0.0.1:5000 only")


@pytest.mark.parametrize("probe", [{"log": "^never$"}, {"exec": "false"}, {"healthcheck": True}])
def test_whatever_it_is_asked_by_a_container_that_is_not_ready_says_where_it_listens(
    bench, elsewhere, probe
):
    bench.engine.script = Script(
        life_s=None, exec_results=(1,), health=("starting",), health_interval_s=1
    )
    bench.run({"ready": {**probe, "timeout": "60ms", "interval": "1ms"}})
    assert bench.ended["reason"].endswith("; gunicorn listens on 127.0.0.1:5000 only")
    assert bench.ended["facts"]["listening"][0]["port"] == 5000


def test_what_would_help_goes_on_record(bench):
    with FakeServer(401) as server:
        bench.engine.script = Script(life_s=None, address="127.0.0.1")
        ready = {"http": {"port": server.port}, "timeout": "2s", "interval": "500ms"}
        bench.run({"ready": ready})
    assert bench.ended["facts"]["hint"].startswith("it wants credentials: ")


def test_a_job_that_does_not_end_is_not_asked_where_it_listens(bench, elsewhere):
    bench.engine.script = Script(life_s=None)
    bench.run({"ready": {"exit": True, "timeout": "60ms"}, "observe": "exit"})
    assert "listens" not in bench.ended["reason"]
    assert "listening" not in bench.ended["facts"]


def test_where_it_cannot_be_told_what_listens_nothing_is_said(bench, monkeypatch):
    def unreadable(*_: object, **__: object) -> list[Listener]:
        raise PermissionError

    monkeypatch.setattr("bench.observe.listening.listeners", unreadable)
    bench.run(WRONG_PORT)
    assert "listens" not in bench.ended["reason"]
