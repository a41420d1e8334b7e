"""From a case to what the engine is told to create."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from bench.core.domain import Arm
from bench.core.errors import BenchError
from bench.runtimes.specs import WorkloadSpec
from bench.scenario.model import Case
from bench.trial.spec import container_spec, mount_points, named_volumes

MIB = 2**20

FULL: dict[str, Any] = {
    "image": "ignored",
    "command": ["serve", "--port", "8080"],
    "entrypoint": ["/entry"],
    "environment": {"MODE": "fast"},
    "ports": ["8080:80"],
    "volumes": ["data:/data", "./conf:/conf:ro", "/srv:/srv", "/anonymous"],
    "tmpfs": ["/tmp", "/run:size=64m"],
    "shm_size": "64m",
    "read_only": True,
    "init": True,
    "user": "1000:1000",
    "working_dir": "/app",
    "network_mode": "host",
    "healthcheck": {
        "test": ["CMD", "ok"],
        "interval": "1s",
        "timeout": "2s",
        "retries": 3,
        "start_period": "4s",
    },
    "stop_signal": "SIGINT",
    "cap_add": ["NET_ADMIN"],
    "cap_drop": ["ALL"],
    "security_opt": ["no-new-privileges:true"],
    "group_add": ["video", 44],
    "sysctls": {"net.core.somaxconn": 1024},
    "ipc": "host",
    "cpuset": "0-1",
    "ulimits": {"nofile": {"soft": 1024, "hard": 2048}, "core": 0},
    "blkio_config": {
        "weight": 300,
        "device_read_bps": [{"path": "/dev/sda", "rate": "10m"}],
        "device_write_bps": [{"path": "/dev/sdb", "rate": "5m"}],
    },
    "gpus": "all",
    "deploy": {
        "resources": {
            "limits": {"cpus": 1.5, "memory": "256m", "pids": 64},
            "reservations": {
                "memory": "128m",
                "devices": [{"capabilities": ["gpu"], "driver": "nvidia", "count": 2}],
            },
        }
    },
    "ready": {"healthcheck": True},
}


def case(**changes: Any) -> Case:
    return Case.model_validate({"image": "x", "ready": {"exit": True}} | changes)


def spec_of(one: Case, folder: Path = Path("/scenarios"), **options: Any) -> WorkloadSpec:
    return container_spec(
        one,
        image="registry/x@sha256:1",
        name="cbench-1",
        folder=folder,
        labels={"l": "1"},
        **options,
    )


@pytest.fixture
def full(tmp_path) -> Case:
    (tmp_path / "settings.env").write_text("FROM_FILE=1\nMODE=slow\n")
    return Case.model_validate(FULL | {"env_file": ["settings.env"]})


def test_every_field_of_a_case_reaches_the_container(full, tmp_path):
    spec = spec_of(
        full,
        tmp_path,
        keep_healthcheck=True,
        extra_hosts={"index": "10.0.0.2"},
        cgroup_parent="/container-bench/t1",
    )
    assert spec == WorkloadSpec(
        image="registry/x@sha256:1",
        name="cbench-1",
        labels={"l": "1"},
        command=("serve", "--port", "8080"),
        entrypoint=("/entry",),
        environment={"FROM_FILE": "1", "MODE": "fast"},
        ports=("8080:80",),
        binds=("cbench-1-data:/data", f"{tmp_path}/conf:/conf:ro", "/srv:/srv", "/anonymous"),
        tmpfs={"/tmp": "", "/run": "size=64m"},
        shm_bytes=64 * MIB,
        read_only=True,
        init=True,
        user="1000:1000",
        working_dir="/app",
        network_mode="host",
        extra_hosts={"index": "10.0.0.2"},
        healthcheck={
            "Test": ["CMD", "ok"],
            "Interval": 1_000_000_000,
            "Timeout": 2_000_000_000,
            "StartPeriod": 4_000_000_000,
            "Retries": 3,
        },
        stop_signal="SIGINT",
        cap_add=("NET_ADMIN",),
        cap_drop=("ALL",),
        security_opt=("no-new-privileges:true",),
        group_add=("video", "44"),
        sysctls={"net.core.somaxconn": "1024"},
        ipc="host",
        cpus=1.5,
        cpuset="0-1",
        memory_bytes=256 * MIB,
        memory_reservation_bytes=128 * MIB,
        pids=64,
        ulimits=(("nofile", 1024, 2048), ("core", 0, 0)),
        blkio_weight=300,
        read_bps=(("/dev/sda", 10 * MIB),),
        write_bps=(("/dev/sdb", 5 * MIB),),
        gpus="all",
        device_requests=({"Driver": "nvidia", "Capabilities": [["gpu"]], "Count": 2},),
        cgroup_parent="/container-bench/t1",
    )


def test_no_field_of_the_spec_is_left_at_its_default_by_a_full_case(full, tmp_path):
    spec = spec_of(
        full, tmp_path, keep_healthcheck=True, extra_hosts={"a": "b"}, cgroup_parent="/p"
    )
    defaults = {
        one.name: one.default if one.default is not dataclasses.MISSING else {}
        for one in dataclasses.fields(WorkloadSpec)
    }
    untouched = [name for name, value in defaults.items() if getattr(spec, name) == value]
    of_a_stack, of_a_cut_network = ["networks", "endpoints", "hostname"], ["dns", "dns_search"]
    assert untouched == [*of_a_stack, *of_a_cut_network, "options"]


def test_the_need_arm_drops_what_caps_memory_cpu_and_disk_but_keeps_the_rest(full, tmp_path):
    fit = spec_of(full, tmp_path)
    need = spec_of(full, tmp_path, arm=Arm.NEED)
    assert need == dataclasses.replace(
        fit,
        cpus=None,
        cpuset=None,
        memory_bytes=None,
        memory_reservation_bytes=None,
        blkio_weight=None,
        read_bps=(),
        write_bps=(),
    )
    assert need.pids == 64


def test_the_short_form_of_the_limits_is_the_same_as_the_long_one():
    short = case(limits={"cpus": 2, "memory": "8g", "pids": 512})
    long = case(deploy={"resources": {"limits": {"cpus": 2, "memory": "8g", "pids": 512}}})
    assert spec_of(short) == spec_of(long)
    assert spec_of(short).memory_bytes == 8 * 2**30


def test_a_bare_case_asks_for_nothing_but_a_healthcheck_that_is_off():
    assert spec_of(case()) == WorkloadSpec(
        image="registry/x@sha256:1",
        name="cbench-1",
        labels={"l": "1"},
        healthcheck={"Test": ["NONE"]},
    )


@pytest.mark.parametrize(
    ("changes", "field", "value"),
    [
        ({"command": []}, "command", ()),
        ({"command": ""}, "command", ()),
        ({"entrypoint": []}, "entrypoint", ()),
        ({"environment": {"EMPTY": ""}}, "environment", {"EMPTY": ""}),
        ({"user": 0}, "user", "0"),
        ({"ulimits": {"core": 0}}, "ulimits", (("core", 0, 0),)),
        ({"ulimits": {"memlock": -1}}, "ulimits", (("memlock", -1, -1),)),
        ({"deploy": {"resources": {"reservations": {"memory": "0b"}}}},
         "memory_reservation_bytes", 0),
    ],
)  # fmt: skip
def test_a_value_that_counts_as_false_is_still_a_value(changes, field, value):
    assert getattr(spec_of(case(**changes)), field) == value


def test_a_start_period_of_nothing_overrides_that_of_the_image():
    one = case(healthcheck={"start_period": "0s"}, ready={"healthcheck": True})
    spec = spec_of(one, keep_healthcheck=True)
    assert spec.healthcheck == {"StartPeriod": 0}


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("serve --name 'a b'", ("serve", "--name", "a b")),
        (["serve", "a b"], ("serve", "a b")),
        ("sh -c 'echo $HOME'", ("sh", "-c", "echo $HOME")),
    ],
)
def test_a_command_as_text_is_split_as_a_shell_would_but_by_no_shell(command, words):
    assert spec_of(case(command=command)).command == words


def test_a_command_whose_quote_is_not_closed_is_an_error_that_names_it():
    with pytest.raises(BenchError, match="echo 'unbalanced"):
        spec_of(case(command="echo 'unbalanced"))


def test_the_images_own_healthcheck_runs_only_where_it_is_waited_for():
    one = case(ready={"healthcheck": True})
    assert spec_of(one, keep_healthcheck=True).healthcheck is None
    assert spec_of(one, keep_healthcheck=False).healthcheck == {"Test": ["NONE"]}


def test_a_healthcheck_written_as_text_is_run_by_a_shell():
    one = case(healthcheck={"test": "curl -f localhost"}, ready={"healthcheck": True})
    assert spec_of(one, keep_healthcheck=True).healthcheck == {
        "Test": ["CMD-SHELL", "curl -f localhost"]
    }


def test_a_healthcheck_that_the_case_disables_is_off_even_where_it_is_waited_for():
    one = case(healthcheck={"disable": True})
    assert spec_of(one, keep_healthcheck=True).healthcheck == {"Test": ["NONE"]}


def test_named_volumes_belong_to_the_container_and_are_listed():
    one = case(
        volumes=["data:/data", "./conf:/conf", "/srv:/srv", "~/x:/x", "/anon", "log:/log:ro"]
    )
    assert named_volumes(one, "cbench-7") == ["cbench-7-data", "cbench-7-log"]
    assert set(named_volumes(one, "cbench-1")) < {bind.split(":")[0] for bind in spec_of(one).binds}


def test_a_relative_bind_starts_at_the_scenarios_folder_and_one_of_the_home_at_home(tmp_path):
    one = case(volumes=["./conf:/conf", "../shared:/shared", "~/x:/x"])
    folder = tmp_path / "scenarios"
    assert spec_of(one, folder).binds == (
        f"{folder}/conf:/conf",
        f"{tmp_path}/shared:/shared",
        f"{Path('~/x').expanduser()}:/x",
    )


@pytest.mark.parametrize(
    ("device", "request_"),
    [
        ({"capabilities": ["gpu"]}, {"Driver": "", "Capabilities": [["gpu"]], "Count": -1}),
        ({"capabilities": ["gpu"], "count": "all"},
         {"Driver": "", "Capabilities": [["gpu"]], "Count": -1}),
        ({"capabilities": ["gpu"], "device_ids": ["0", "3"]},
         {"Driver": "", "Capabilities": [["gpu"]], "DeviceIDs": ["0", "3"]}),
    ],
)  # fmt: skip
def test_reserved_devices_are_asked_for_by_number_or_by_id(device, request_):
    one = case(deploy={"resources": {"reservations": {"devices": [device]}}})
    assert spec_of(one).device_requests == (request_,)


def test_the_mount_points_are_those_of_volumes_memory_and_the_image():
    case = Case.model_validate(FULL)
    found = mount_points(case, ["/var/lib/data"])
    assert found == ["/data", "/conf", "/srv", "/anonymous", "/tmp", "/run", "/var/lib/data"]
