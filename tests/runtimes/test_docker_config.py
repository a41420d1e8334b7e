"""A container to create, in the words of the Docker API."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from bench.core.errors import EngineError
from bench.runtimes.docker.config import container_config
from bench.runtimes.specs import WorkloadSpec


def config(**fields: Any) -> dict[str, Any]:
    return container_config(WorkloadSpec(image="web", name="t0001", labels={}, **fields))


def host(**fields: Any) -> dict[str, Any]:
    found: dict[str, Any] = config(**fields)["HostConfig"]
    return found


@pytest.mark.parametrize(("cpus", "quota"), [(0.5, 50_000), (4.0, 400_000), (96.0, 9_600_000)])
def test_cores_are_a_quota_even_beyond_those_of_the_host(cpus, quota):
    assert host(cpus=cpus)["CpuQuota"] == quota
    assert host(cpus=cpus)["CpuPeriod"] == 100_000
    assert "NanoCpus" not in host(cpus=cpus)


def test_nothing_can_be_swapped_out():
    limits = host(memory_bytes=64 << 20)
    assert limits["Memory"] == limits["MemorySwap"] == 64 << 20


def test_what_is_not_asked_for_is_left_to_the_engine():
    plain = config()
    assert not {"Cmd", "Entrypoint", "User", "WorkingDir", "StopSignal", "Healthcheck"} & set(plain)
    assert not {
        "Memory",
        "MemorySwap",
        "MemoryReservation",
        "CpuQuota",
        "CpuPeriod",
        "CpusetCpus",
        "PidsLimit",
        "ShmSize",
        "BlkioWeight",
        "CgroupParent",
    } & set(plain["HostConfig"])


@pytest.mark.parametrize(
    ("field", "value", "key", "given"),
    [
        ("command", (), "Cmd", []),
        ("entrypoint", (), "Entrypoint", []),
        ("user", "", "User", ""),
        ("working_dir", "", "WorkingDir", ""),
    ],
)
def test_an_empty_value_is_a_value(field, value, key, given):
    assert config(**{field: value})[key] == given


@pytest.mark.parametrize(
    ("field", "key"),
    [
        ("pids", "PidsLimit"),
        ("shm_bytes", "ShmSize"),
        ("memory_reservation_bytes", "MemoryReservation"),
        ("blkio_weight", "BlkioWeight"),
    ],
)
def test_zero_is_a_value(field, key):
    assert host(**{field: 0})[key] == 0


def test_the_first_network_is_the_one_that_it_is_made_in():
    given = config(networks={"front": ("web", "shop"), "back": ("web",)}, hostname="web-1")
    assert given["HostConfig"]["NetworkMode"] == "front"
    assert given["NetworkingConfig"] == {"EndpointsConfig": {"front": {"Aliases": ["web", "shop"]}}}
    assert given["Hostname"] == "web-1"
    assert "NetworkingConfig" not in config()


def test_a_disabled_healthcheck_is_said_and_an_images_own_is_left():
    assert config(healthcheck={"Test": ["NONE"]})["Healthcheck"] == {"Test": ["NONE"]}
    assert "Healthcheck" not in config(healthcheck=None)


def test_output_is_attached_and_its_log_cannot_fill_the_disk():
    plain = config()
    assert plain["AttachStdout"]
    assert plain["AttachStderr"]
    assert plain["HostConfig"]["LogConfig"]["Config"]["max-size"] == "16m"


@pytest.mark.parametrize(
    ("port", "bindings"),
    [
        ("8080", {"8080/tcp": [{"HostPort": ""}]}),
        ("80:8080", {"8080/tcp": [{"HostPort": "80"}]}),
        ("53:5353/udp", {"5353/udp": [{"HostPort": "53"}]}),
        ("127.0.0.1:80:8080", {"8080/tcp": [{"HostPort": "80", "HostIp": "127.0.0.1"}]}),
        ("127.0.0.1::8080", {"8080/tcp": [{"HostPort": "", "HostIp": "127.0.0.1"}]}),
        ("127.0.0.1:8080", {"8080/tcp": [{"HostPort": "", "HostIp": "127.0.0.1"}]}),
        ("[::1]:80:8080/tcp", {"8080/tcp": [{"HostPort": "80", "HostIp": "::1"}]}),
        ("8080-8082", {f"{one}/tcp": [{"HostPort": ""}] for one in (8080, 8081, 8082)}),
        ("80-81:8080-8081", {f"{8000 + one}/tcp": [{"HostPort": str(one)}] for one in (80, 81)}),
        ("9000-9010:80", {"80/tcp": [{"HostPort": "9000-9010"}]}),
    ],
)
def test_ports_are_published_as_compose_writes_them(port, bindings):
    given = config(ports=(port,))
    assert given["HostConfig"]["PortBindings"] == bindings
    assert given["ExposedPorts"] == {key: {} for key in bindings}


def test_one_port_can_be_published_twice():
    given = host(ports=("80:8080", "127.0.0.1:81:8080"))["PortBindings"]
    assert [one["HostPort"] for one in given["8080/tcp"]] == ["80", "81"]


@pytest.mark.parametrize("port", ["web", "80:", "1-3:1-2", "80:80/icmp", "0x50"])
def test_what_is_no_port_is_refused(port):
    with pytest.raises(EngineError, match=port):
        config(ports=(port,))


@pytest.mark.parametrize(("gpus", "count"), [("all", -1), (2, 2), ("1", 1)])
def test_gpus_are_asked_for_by_capability(gpus, count):
    assert host(gpus=gpus)["DeviceRequests"] == [
        {"Driver": "", "Count": count, "Capabilities": [["gpu"]]}
    ]


def test_the_rest_arrives_under_its_names():
    spec = WorkloadSpec(
        image="web",
        name="t0001",
        labels={"org.container-bench": "run-7"},
        command=("serve", "--port", "80"),
        environment={"EMPTY": "", "A": "b=c"},
        extra_hosts={"index": "10.213.64.2"},
        dns=("198.51.100.53",),
        dns_search=(".",),
        binds=("/data:/data:ro",),
        tmpfs={"/scratch": "size=16m"},
        ulimits=(("nofile", 1024, 2048),),
        read_bps=(("/dev/vda", 1000),),
        write_bps=(("/dev/vda", 2000),),
        cap_add=("NET_ADMIN",),
        cap_drop=("ALL",),
        security_opt=("no-new-privileges:true",),
        group_add=("video", "44"),
        sysctls={"net.core.somaxconn": "1024"},
        ipc="host",
        cgroup_parent="/container-bench/t0001",
        network_mode="none",
        read_only=True,
        init=True,
    )
    made = container_config(spec)
    assert made["Image"] == "web"
    assert made["Labels"] == {"org.container-bench": "run-7"}
    assert made["Cmd"] == ["serve", "--port", "80"]
    assert made["Env"] == ["EMPTY=", "A=b=c"]
    limits = made["HostConfig"]
    assert limits["ExtraHosts"] == ["index:10.213.64.2"]
    assert (limits["Dns"], limits["DnsSearch"]) == (["198.51.100.53"], ["."])
    assert limits["Binds"] == ["/data:/data:ro"]
    assert limits["Tmpfs"] == {"/scratch": "size=16m"}
    assert limits["Ulimits"] == [{"Name": "nofile", "Soft": 1024, "Hard": 2048}]
    assert limits["BlkioDeviceReadBps"] == [{"Path": "/dev/vda", "Rate": 1000}]
    assert limits["BlkioDeviceWriteBps"] == [{"Path": "/dev/vda", "Rate": 2000}]
    assert (limits["CapAdd"], limits["CapDrop"]) == (["NET_ADMIN"], ["ALL"])
    assert limits["SecurityOpt"] == ["no-new-privileges:true"]
    assert limits["GroupAdd"] == ["video", "44"]
    assert limits["Sysctls"] == {"net.core.somaxconn": "1024"}
    assert limits["IpcMode"] == "host"
    assert limits["CgroupParent"] == "/container-bench/t0001"
    assert (limits["NetworkMode"], limits["ReadonlyRootfs"], limits["Init"]) == ("none", True, True)


SOME_VALUE: dict[str, Any] = {
    "image": "other",
    "labels": {"a": "b"},
    "command": ("x",),
    "entrypoint": ("x",),
    "environment": {"a": "b"},
    "ports": ("80",),
    "binds": ("/a:/b",),
    "tmpfs": {"/a": ""},
    "shm_bytes": 1,
    "read_only": True,
    "init": True,
    "user": "x",
    "working_dir": "/x",
    "networks": {"back": ("web",)},
    "hostname": "web-1",
    "network_mode": "none",
    "extra_hosts": {"a": "10.0.0.1"},
    "dns": ("198.51.100.53",),
    "dns_search": (".",),
    "healthcheck": {"Test": ["NONE"]},
    "stop_signal": "SIGINT",
    "cap_add": ("ALL",),
    "cap_drop": ("ALL",),
    "security_opt": ("no-new-privileges",),
    "group_add": ("video",),
    "sysctls": {"net.core.somaxconn": "1024"},
    "ipc": "host",
    "cpus": 1.5,
    "cpuset": "0",
    "memory_bytes": 1,
    "memory_reservation_bytes": 1,
    "pids": 1,
    "ulimits": (("nofile", 1, 1),),
    "blkio_weight": 10,
    "read_bps": (("/dev/vda", 1),),
    "write_bps": (("/dev/vda", 1),),
    "gpus": "all",
    "device_requests": ({"Driver": "cdi"},),
    "cgroup_parent": "/x",
    "endpoints": {"front": {"MacAddress": "02:00:00:00:00:01"}},
    "options": {"Domainname": "d", "HostConfig": {"Runtime": "runsc"}},
}


@pytest.mark.parametrize(
    "field", [one.name for one in dataclasses.fields(WorkloadSpec) if one.name != "name"]
)
def test_no_field_of_a_container_is_dropped_in_silence(field):
    networks = {"front": ("web",)} if field == "endpoints" else {}
    plain = WorkloadSpec(image="web", name="t0001", labels={}, networks=networks)
    changed = dataclasses.replace(plain, **{field: SOME_VALUE[field]})
    assert container_config(changed) != container_config(plain)


def test_what_stands_in_the_engine_s_own_words_is_laid_over_the_rest():
    spec = WorkloadSpec(
        image="web",
        name="t1",
        labels={},
        extra_hosts={"a": "10.0.0.1"},
        options={
            "Domainname": "example.com",
            "HostConfig": {"ExtraHosts": ["a:10.0.0.2"], "Runtime": "runsc", "Dns": ["9.9.9.9"]},
        },
    )
    config = container_config(spec)
    assert config["Domainname"] == "example.com"
    assert config["HostConfig"]["ExtraHosts"] == ["a:10.0.0.1", "a:10.0.0.2"]
    assert (config["HostConfig"]["Runtime"], config["HostConfig"]["Dns"]) == ("runsc", ["9.9.9.9"])
    assert config["Image"] == "web"


def test_a_port_that_stands_there_twice_is_published_once():
    ports = ("80:80", "80:80/tcp", "81:80")
    bindings = container_config(WorkloadSpec(image="w", name="t", labels={}, ports=ports))
    assert bindings["HostConfig"]["PortBindings"] == {
        "80/tcp": [{"HostPort": "80"}, {"HostPort": "81"}]
    }
