"""One trial of a stack over a fake engine: the order of things, and what goes wrong."""

from __future__ import annotations

import dataclasses
import os
import signal
import socket
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bench.core.domain import TrialStatus
from bench.core.errors import EngineError, StoreError
from bench.core.interrupts import Interrupted, interruptible
from bench.runtimes.protocol import LABEL
from tests.fakes import FakeWorkload, Script
from tests.pulls import digest_of, manifest_of
from tests.servers import closed_port
from tests.trial.lab import RUN_ID
from tests.trial.stacks import HEALTHY, LIVES, Stacks

if TYPE_CHECKING:
    from tests.trial.lab import Bench

NAMES = ["init", "db", "model", "front"]


@pytest.fixture
def stacks(bench):
    return Stacks(bench)


# The order of things


def test_the_stack_and_each_service_have_a_record(stacks: Stacks, bench: Bench):
    assert stacks.run() is TrialStatus.OK
    started = bench.events("trial_started")
    assert [(one["trial_id"], one["service"]) for one in started] == [
        ("t0007", ""),
        *((f"t0007-{name}", name) for name in NAMES),
    ]
    assert {one["status"] for one in bench.events("trial_ended")} == {"ok"}
    assert bench.events("trial_ended")[-1]["trial_id"] == "t0007"
    assert (bench.folder / "shop-t0007-model.log").read_text() == "up\n"


def test_nothing_is_left(stacks: Stacks, bench: Bench):
    stacks.run()
    assert bench.engine.leftovers == []


def test_the_phases_of_the_whole(stacks: Stacks):
    stacks.run()
    assert list(stacks.phases()) == [
        "prepare", "pull", "create", "ready", "observe", "stop", "remove",
    ]  # fmt: skip


def test_each_service_starts_when_those_before_it_have_come_far_enough(stacks: Stacks):
    stacks.run()
    started = {name: stacks.phases(f"t0007-{name}")["start"][0] for name in NAMES}
    ready = {name: stacks.ended(f"t0007-{name}")["facts"]["ready"]["at_ns"] for name in NAMES}
    assert ready["init"] <= started["model"]
    assert ready["db"] <= started["front"]
    assert started["model"] <= started["front"]


def test_the_zero_of_all_is_that_of_the_stack_and_its_end_the_last_answer(stacks: Stacks):
    stacks.run()
    whole = stacks.ended()["facts"]
    parts = [stacks.ended(f"t0007-{name}")["facts"] for name in NAMES]
    assert {one["zero_ns"] for one in parts} == {whole["zero_ns"]}
    assert whole["ready"]["at_ns"] == max(one["ready"]["at_ns"] for one in parts)
    assert whole["ready"]["probe"] == "front"
    assert whole["stack"] == {"services": NAMES, "volumes": "empty"}


def test_what_each_waited_for_is_recorded(stacks: Stacks):
    stacks.run()
    front = stacks.ended("t0007-front")["facts"]["member"]
    assert front["ready_by"] == "started"
    assert front["waits"] == [
        {"service": "db", "condition": "service_healthy"},
        {"service": "model", "condition": "service_started"},
    ]
    begin, end = stacks.phases("t0007-front")["wait"]
    assert front["waited_ns"] == end - begin
    init = stacks.ended("t0007-init")["facts"]["member"]
    assert (init["ready_by"], init["restart"]) == ("exit", "on-failure")
    assert stacks.ended("t0007-db")["facts"]["member"]["ready_by"] == "healthcheck"


def test_services_that_wait_for_nobody_start_together(stacks: Stacks, bench: Bench, monkeypatch):
    together = threading.Barrier(2, timeout=10)
    stacks.text = "services: {a: {image: llama}, b: {image: web}}"

    def start(workload: FakeWorkload) -> None:
        together.wait()  # would break if they came one after the other
        bench.engine.container(workload.id).begin()

    monkeypatch.setattr(FakeWorkload, "start", start)
    assert stacks.run() is TrialStatus.OK


def test_they_stop_in_the_reverse_order(stacks: Stacks, bench: Bench):
    stacks.run()
    ids = {one.container_id: one.spec.name for one in bench.engine.made}
    stopped = [ids[one[0]].rpartition("-")[2] for one in bench.engine.arguments_of("stop")]
    assert stopped == ["front", "model", "db"]  # the job has ended


# Images


def test_all_images_are_pulled_before_anything_is_made(stacks: Stacks, bench: Bench):
    stacks.run()
    order = bench.engine.order
    assert order.count("pull") == 4
    assert max(n for n, one in enumerate(order) if one == "pull") < order.index("create_network")
    pulled = [stacks.ended(f"t0007-{one}")["facts"]["downloaded_bytes"] for one in NAMES]
    assert stacks.ended()["facts"]["downloaded_bytes"] == sum(pulled)


def test_an_image_that_two_services_have_is_pulled_once(stacks: Stacks, bench: Bench):
    stacks.text = "services: {a: {image: web}, b: {image: web, command: x}}"
    assert stacks.run() is TrialStatus.OK
    assert bench.engine.order.count("pull") == 1
    assert len({one.spec.image for one in bench.engine.made}) == 1
    members = [stacks.ended(f"t0007-{one}")["facts"]["member"] for one in "ab"]
    assert [one["pulled"] for one in members] == [True, False]


def test_layers_that_an_image_before_has_brought_may_be_there(stacks: Stacks):
    base = manifest_of("base", 4096, 100)
    top = dataclasses.replace(manifest_of("base", 4096, 100, 7), digest=digest_of("top"))
    stacks.maker.manifests |= {"llama": base, "web": top}
    stacks.text = "services: {a: {image: llama}, b: {image: web}}"
    subject = stacks.subject()
    assert [(part.name, shared) for part, shared in subject.pulls()] == [("a", 0), ("b", 2)]


def test_a_pull_that_was_not_cold_makes_the_whole_invalid(stacks: Stacks, bench: Bench):
    subject = stacks.subject()
    reference = subject.parts[2].prepared.reference
    layers = stacks.maker.manifests["llama"].layers
    there = [{"id": one.digest[7:19], "status": "Already exists"} for one in layers]

    def warm(call: str) -> None:
        if call == "pull":
            bench.engine.streams[reference] = [there]

    bench.engine.on_call = warm
    assert stacks.run() is TrialStatus.INVALID
    assert "already there" in stacks.ended()["reason"]
    assert stacks.ended("t0007-db")["status"] == "invalid"


def test_nothing_is_pulled_where_the_images_are_there(stacks: Stacks, bench: Bench):
    assert stacks.run(cache="image") is TrialStatus.OK
    assert "pull" not in stacks.phases()


# Networks, volumes, files


def test_networks_have_the_services_names(stacks: Stacks, bench: Bench):
    stacks.run()
    made = {one.spec.name: one.spec for one in bench.engine.made}
    prefix = f"cbench-{RUN_ID}-t0007"
    assert made[f"{prefix}-db"].networks == {
        f"{prefix}-default": ("db",),
        f"{prefix}-back": ("db", "store"),
    }
    (default, back) = bench.engine.arguments_of("create_network")
    assert default[0] == f"{prefix}-default"
    assert (back[0], back[1]) == (f"{prefix}-back", {LABEL: RUN_ID})


def test_named_volumes_are_shared_and_new_in_each_trial(stacks: Stacks, bench: Bench):
    stacks.run()
    made = {one.spec.name.rpartition("-")[2]: one.spec for one in bench.engine.made}
    volume = f"cbench-{RUN_ID}-t0007-models"
    assert made["init"].binds == (f"{volume}:/models",)
    assert made["model"].binds == (f"{volume}:/models:ro",)
    assert bench.engine.arguments_of("remove_volume")[0] == (volume,)


def test_a_secret_is_a_file_that_is_gone_afterwards(stacks: Stacks, bench: Bench):
    paths: list[tuple[Path, str]] = []
    texts: list[str] = []

    def look(call: str) -> None:
        binds = [bind for one in bench.engine.made for bind in one.spec.binds]
        secret = [bind for bind in binds if "/run/secrets/" in bind]
        if call == "attach" and secret and not paths:
            paths.append((Path(secret[0].partition(":")[0]), secret[0]))
            texts.append(paths[0][0].read_text())

    bench.engine.on_call = look
    stacks.run()
    assert texts == ["s3cret-word"]
    ((path, bind),) = paths
    assert bind.endswith(":/run/secrets/password:ro")
    assert not path.exists()


def test_a_secret_is_never_read_in_the_output(stacks: Stacks, bench: Bench):
    stacks.scripts["postgres"] = Script(
        output=(b"the word is s3cret-word\n",), health=("healthy",), health_interval_s=0.001
    )
    stacks.run()
    assert (bench.folder / "shop-t0007-db.log").read_text() == "the word is ***\n"


FILLED = {"volumes": "filled"}


def test_volumes_that_are_filled_outlive_the_trial(stacks: Stacks, bench: Bench):
    stacks.use = FILLED
    assert stacks.run(warmup=True) is TrialStatus.OK
    assert bench.engine.leftovers == [f"cbench-{RUN_ID}-shop-models"]


def test_the_trial_that_fills_them_does_not_count(stacks: Stacks):
    stacks.use = FILLED
    assert stacks.run() is TrialStatus.INVALID
    assert "this trial has filled them" in stacks.ended()["reason"]
    assert stacks.run(attempt=1) is TrialStatus.OK


def test_what_a_failed_trial_left_in_them_is_thrown_away(stacks: Stacks, bench: Bench):
    stacks.use = FILLED
    stacks.scripts["web"] = Script(life_s=0, exit_code=1)
    assert stacks.run() is TrialStatus.FAILED
    assert bench.engine.leftovers == []


# What goes wrong


def test_a_job_that_fails_fails_the_stack(stacks: Stacks, bench: Bench):
    stacks.scripts["seed"] = Script(output=(b"no space\n",), life_s=0, exit_code=3)
    assert stacks.run() is TrialStatus.FAILED
    whole = stacks.ended()
    assert whole["reason"].startswith("init: ")
    assert "code 3" in whole["reason"]
    assert whole["log_tail"] == ["no space"]
    assert stacks.ended("t0007-front")["reason"].startswith("given up: init: ")
    assert bench.engine.leftovers == []


def test_a_service_that_dies_before_all_are_ready_fails_the_stack(stacks: Stacks):
    stacks.scripts["llama"] = Script(life_s=0.02, exit_code=139)
    stacks.scripts["postgres"] = Script(health=("starting",), health_interval_s=0.001)
    assert stacks.run() is TrialStatus.FAILED
    assert "model: " in stacks.ended()["reason"]
    assert stacks.ended("t0007-db")["reason"].startswith("given up: model: ")


def test_a_service_that_the_engine_calls_unhealthy_is_given_up_as_compose_does(stacks: Stacks):
    health = ("starting", "unhealthy", "healthy")
    stacks.scripts["postgres"] = Script(health=health, health_interval_s=0.001)
    assert stacks.run() is TrialStatus.FAILED
    assert stacks.ended()["reason"].startswith("db: unhealthy: its health check failed")


def test_a_service_without_a_check_may_end_well(stacks: Stacks):
    stacks.scripts["llama"] = Script(life_s=0, exit_code=0)
    assert stacks.run() is TrialStatus.OK


def test_a_service_that_ends_while_it_is_watched_fails_the_stack_even_with_0(stacks: Stacks):
    stacks.scripts["llama"] = Script(life_s=0.3, exit_code=0)
    assert stacks.run({"observe": "10s"}) is TrialStatus.FAILED
    whole = stacks.ended()
    assert whole["reason"] == "model: exited with code 0 after all services were ready"
    assert "`ready: {model: {exit: true}}`" in whole["facts"]["cause"]["remedy"]


def test_a_service_that_dies_while_it_is_watched_fails_the_stack(stacks: Stacks):
    stacks.scripts["web"] = Script(life_s=0.05, exit_code=1)
    assert stacks.run({"observe": "10s"}) is TrialStatus.FAILED
    assert "front: " in stacks.ended()["reason"]
    assert "after all services were ready" in stacks.ended()["reason"]


def test_time_is_up(stacks: Stacks):
    stacks.use = {
        "timeout": "50ms",
        "ready": {"front": {"tcp": {"port": closed_port()}, "timeout": "50ms"}},
    }
    assert stacks.run() is TrialStatus.FAILED
    assert "front: not ready within 0.05 s" in stacks.ended()["reason"]
    assert stacks.ended("t0007-front")["facts"]["member"]["ready_by"] == "probe"


def test_a_check_of_the_image_counts_as_well(stacks: Stacks):
    stacks.maker.configs["web"] = {"Healthcheck": {"Test": ["CMD", "x"]}}
    stacks.scripts["web"] = HEALTHY
    assert stacks.run() is TrialStatus.OK
    assert stacks.ended("t0007-front")["facts"]["member"]["ready_by"] == "healthcheck"


@pytest.mark.parametrize("call", ["create_network", "create_volume", "create", "remove"])
def test_an_engine_that_fails_is_an_error_of_all(stacks: Stacks, bench: Bench, call: str):
    bench.engine.trouble(call, EngineError("engine", "out of order"))
    assert stacks.run() is TrialStatus.ERROR
    assert "out of order" in stacks.ended()["reason"]
    assert bench.engine.leftovers == []


def test_a_journal_that_cannot_be_written_ends_it_cleanly(stacks: Stacks, bench: Bench):
    subject = bench.journal.append

    def append(event: str, **fields: object) -> None:
        if event == "phase" and fields["phase"] == "observe":
            raise StoreError("journal", "disk full")
        subject(event, **fields)

    bench.journal.append = append  # type: ignore[method-assign]
    with pytest.raises(StoreError):
        stacks.run()
    assert bench.engine.leftovers == []


def test_an_interruption_ends_all_services(stacks: Stacks, bench: Bench):
    stacks.scripts["postgres"] = Script(health=("starting",), health_interval_s=0.001)
    timer = threading.Timer(0.2, os.kill, [os.getpid(), signal.SIGTERM])
    timer.start()
    with pytest.raises(Interrupted), interruptible():
        stacks.run()
    assert stacks.ended()["status"] == "interrupted"
    assert bench.engine.leftovers == []


def test_the_services_of_the_scenario_are_reachable(stacks: Stacks, bench: Bench):
    from bench.core.domain import TrialKey
    from bench.trial.stack.procedure import StackTrial

    stacks.text = "services: {a: {image: llama, extra_hosts: ['x:1.2.3.4']}}"
    subject = stacks.subject().with_extra_hosts({"index": "10.0.0.9"})
    StackTrial(bench.laboratory(), subject, TrialKey("shop", 0, "cold"), 7, 0).run()
    assert bench.engine.made[0].spec.extra_hosts == {"index": "10.0.0.9", "x": "1.2.3.4"}


def test_the_need_arm_has_no_limits(stacks: Stacks, bench: Bench):
    from bench.core.domain import TrialKey
    from bench.trial.stack.procedure import StackTrial

    stacks.text = "services: {a: {image: llama, mem_limit: 64m, cpus: 1}}"
    for arm in ("fit", "need"):
        key = TrialKey("shop", 0, "image", arm)
        StackTrial(bench.laboratory(), stacks.subject(), key, 7, 0).run()
    assert [one.spec.memory_bytes for one in bench.engine.made] == [64 * 2**20, None]


def test_a_lively_stack_is_asked_less_often(stacks: Stacks):
    from bench.trial.stack.procedure import shared_out

    stacks.scripts["web"] = LIVES
    subject = stacks.subject()
    part = shared_out(subject).parts[0].prepared.case
    assert part.sample.interval == pytest.approx(4 * 0.005)
    assert part.ready.interval == pytest.approx(4 * 0.005)


# What a service has of others, and several of one


SHARED = """
services:
  vpn:
    image: llama
    hostname: tunnel
    ports: ["8080:80"]
    volumes: ["models:/models"]
    extra_hosts: [a=10.0.0.1, a=10.0.0.2]
    labels: {tier: net}
    devices: [/dev/net/tun]
    dns: [9.9.9.9]
    runtime: runc
    blkio_config: {weight: 300}
    networks: {default: {ipv4_address: 172.28.0.9}}
  web:
    image: web
    network_mode: service:vpn
    ipc: service:vpn
    pid: service:vpn
    volumes_from: ["vpn:ro"]
networks: {default: {ipam: {config: [{subnet: 172.28.0.0/16}]}}}
volumes: {models: {driver_opts: {type: tmpfs, device: tmpfs}}}
"""


@pytest.mark.parametrize(("attempt", "suffix"), [(0, ""), (1, ".1")])
def test_a_service_has_the_namespaces_and_volumes_of_another(
    stacks: Stacks, bench: Bench, attempt: int, suffix: str
):
    stacks.text = SHARED
    assert stacks.run(attempt=attempt) is TrialStatus.OK
    made = {one.spec.name: one.spec for one in bench.engine.made}
    web = made[f"cbench-{RUN_ID}-t0007-web{suffix}"]
    vpn = f"cbench-{RUN_ID}-t0007-vpn{suffix}"
    assert vpn in made
    assert (web.network_mode, web.ipc) == (f"container:{vpn}", f"container:{vpn}")
    assert (web.networks, web.extra_hosts) == ({}, {})
    assert web.options["HostConfig"] == {
        "PidMode": f"container:{vpn}",
        "VolumesFrom": [f"{vpn}:ro"],
    }


def test_a_probe_asks_a_service_on_the_network_of_another_at_its_address(
    stacks: Stacks, bench: Bench
):
    stacks.text = SHARED
    stacks.scripts["llama"] = Script(output=(b"up\n",), address="127.0.0.1")
    stacks.scripts["web"] = Script(output=(b"up\n",), address="")
    with socket.create_server(("127.0.0.1", 0)) as server:
        stacks.use = {"ready": {"web": {"tcp": {"port": server.getsockname()[1]}}}}
        assert stacks.run() is TrialStatus.OK, stacks.ended()["reason"]


def test_the_engine_is_told_what_only_it_understands(stacks: Stacks, bench: Bench):
    stacks.text = SHARED
    stacks.run()
    vpn = next(one.spec for one in bench.engine.made if one.spec.name.endswith("-vpn"))
    network = f"cbench-{RUN_ID}-t0007-default"
    assert vpn.labels["tier"] == "net"
    assert vpn.extra_hosts == {"a": "10.0.0.1"}
    host = vpn.options["HostConfig"]
    assert (host["ExtraHosts"], host["Dns"], host["BlkioWeight"]) == (
        ["a:10.0.0.2"],
        ["9.9.9.9"],
        300,
    )
    assert host["Devices"][0]["PathOnHost"] == "/dev/net/tun"
    assert vpn.endpoints == {network: {"IPAMConfig": {"IPv4Address": "172.28.0.9"}}}
    assert bench.engine.arguments_of("create_volume") == [
        (f"cbench-{RUN_ID}-t0007-models", {LABEL: RUN_ID}, {"type": "tmpfs", "device": "tmpfs"})
    ]


def test_a_service_with_several_containers_has_one_image_and_a_life_for_each(
    stacks: Stacks, bench: Bench
):
    stacks.text = (
        "services: {web: {image: web, scale: 3}, front: {image: llama, depends_on: [web]}}"
    )
    stacks.use = {"ready": {"web": {"log": "up"}}}
    assert stacks.run() is TrialStatus.OK, stacks.ended()["reason"]
    names = [one.spec.name.rpartition("t0007-")[2] for one in bench.engine.made]
    assert names == ["web-1", "web-2", "web-3", "front"]
    assert len({one.spec.image for one in bench.engine.made}) == 2
    assert {one.arguments[0] for one in bench.engine.calls if one.name == "pull"} == {
        one.spec.image for one in bench.engine.made
    }
    for name in names:
        assert stacks.ended(f"t0007-{name}")["status"] == "ok"
