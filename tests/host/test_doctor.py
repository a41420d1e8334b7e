"""What the doctor finds, and that nothing is found wanting without a remedy."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from bench.cgroup.mounts import CgroupMounts, CgroupVersion
from bench.core.errors import EngineTimeoutError, EngineUnavailableError
from bench.host import doctor, fitness
from bench.host.doctor import examine
from bench.host.finding import Health, HostFinding
from bench.host.present import Present
from bench.host.thermal import ThermalCounters
from bench.journal.facts.host import Busy
from bench.runtimes.managed.daemons import Paths
from bench.runtimes.managed.private import PrivateEngine
from bench.runtimes.select import Choice
from bench.sampling.gpu import GpuDevice, Gpus
from tests.fakes import FACTS, FakeRuntime

if TYPE_CHECKING:
    from collections.abc import Callable

PRIVATE = Choice("private", explicit=False, origin="found")
DOCKER = Choice("unix:///var/run/docker.sock", explicit=True, origin="--engine")

BUSY = Present(0.51, 0.0, (Busy("cc1plus", 77, 0.98),))

V1 = CgroupMounts(CgroupVersion.V1, {"memory": Path("/sys/fs/cgroup/memory")})
V2 = CgroupMounts(CgroupVersion.V2, {"memory": Path("/sys/fs/cgroup")})


@pytest.fixture
def host(monkeypatch, tmp_path):
    """A host with nothing wrong about it; `set` makes one thing otherwise."""
    texts: dict[str, str] = {}
    really = Path.read_text

    def read_text(path: Path, *args: Any, **options: Any) -> str:
        return texts[str(path)] if str(path) in texts else really(path, *args, **options)

    class Host:
        def __init__(self) -> None:
            self.set(
                why_impossible=lambda: None,
                missing_programs=list,
                PrivateEngine=lambda: PrivateEngine(Paths(tmp_path / "s", tmp_path / "r")),
                find_mounts=lambda: V2,
                ThreadTimes=SimpleNamespace(is_available=lambda: True),
                ExitReports=SimpleNamespace(is_available=lambda: True),
                counts_as_host=lambda: True,
                find_gpus=lambda: Gpus((GpuDevice(0, "Stub GPU", "", 1),), driver="570"),
            )
            self.fitness(
                look=lambda *_, **__: Present(0.03, 0.0),
                containers=lambda: (0, 0),
                governors=lambda: ["performance"],
                read_thermal=lambda: ThermalCounters({"core": 0}, {}),
            )
            self.memory()
            self.file("/proc/stat", "cpu  100 0 100 800 0 0 0 0 0 0\n")
            monkeypatch.setattr(os, "geteuid", lambda: 0)
            monkeypatch.setattr(os, "cpu_count", lambda: 2)
            monkeypatch.setattr(os, "getloadavg", lambda: (0.1, 0.1, 0.1))
            monkeypatch.setattr(os, "access", lambda *_: True)
            monkeypatch.setattr(os, "uname", lambda: SimpleNamespace(release="6.1.0-31-amd64"))
            monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=100 << 30))
            monkeypatch.setattr(Path, "exists", lambda _: True)
            monkeypatch.setattr(Path, "read_text", read_text)

        def set(self, **functions: Any) -> None:
            for name, function in functions.items():
                monkeypatch.setattr(doctor, name, function)

        def fitness(self, **functions: Any) -> None:
            for name, function in functions.items():
                monkeypatch.setattr(fitness, name, function)

        def memory(self, available_gib: int = 20, swap_gib: int = 0) -> None:
            lines = {"MemTotal": 24, "MemAvailable": available_gib, "SwapTotal": swap_gib}
            text = "".join(f"{name}: {gib << 20} kB\n" for name, gib in lines.items())
            self.file("/proc/meminfo", f"{text}SwapFree: 0 kB\n")

        def os(self, **functions: Any) -> None:
            for name, function in functions.items():
                monkeypatch.setattr(os, name, function)

        def file(self, path: str, text: str) -> None:
            texts[path] = text

        def absent(self, path: str) -> None:
            monkeypatch.setattr(Path, "exists", lambda one: str(one) != path)

        def engine(self, **facts: Any) -> None:
            import dataclasses

            made = FakeRuntime(facts=dataclasses.replace(FACTS, **facts))
            self.set(connect=lambda _: made)

    monkeypatch.setattr(PrivateEngine, "status", lambda _: [])
    monkeypatch.setattr(PrivateEngine, "is_up", lambda _: False)
    return Host()


def found(subject: str, choice: Choice = PRIVATE) -> HostFinding:
    (finding,) = [one for one in examine(choice) if one.subject == subject]
    return finding


def test_a_host_with_nothing_wrong_is_good_throughout(host):
    findings = examine(PRIVATE)
    assert {one.health for one in findings} == {Health.GOOD}
    assert len({one.subject for one in findings}) == len(findings)


def unavailable(_: str) -> FakeRuntime:
    raise EngineUnavailableError("/run/docker.sock", "nobody listens there", "start the engine")


def silent(_: str) -> FakeRuntime:
    raise EngineTimeoutError("/run/docker.sock", "the engine did not answer in time")


TROUBLE: dict[str, tuple[str, Callable[[Any], object], Health, Choice]] = {
    "no root for the private engine": (
        "engine",
        lambda host: host.set(
            why_impossible=lambda: EngineUnavailableError("p", "it needs root", "run as root")
        ),
        Health.BAD,
        PRIVATE,
    ),
    "an engine that is not there": (
        "engine",
        lambda host: host.set(connect=unavailable),
        Health.BAD,
        DOCKER,
    ),
    "an engine that does not answer": (
        "engine",
        lambda host: host.set(connect=silent),
        Health.BAD,
        DOCKER,
    ),
    "an engine in a virtual machine": (
        "engine",
        lambda host: host.engine(is_local=False),
        Health.BAD,
        DOCKER,
    ),
    "the user's own engine": (
        "engine",
        lambda host: host.engine(is_local=True),
        Health.LESS,
        DOCKER,
    ),
    "no registry": (
        "registry",
        lambda host: host.set(missing_programs=lambda: ["docker-registry"]),
        Health.BAD,
        PRIVATE,
    ),
    "no root": ("privileges", lambda host: host.os(geteuid=lambda: 1000), Health.LESS, PRIVATE),
    "no cgroups": (
        "cgroups",
        lambda host: host.set(find_mounts=lambda: None),
        Health.LESS,
        PRIVATE,
    ),
    "v1": ("cgroups", lambda host: host.set(find_mounts=lambda: V1), Health.LESS, PRIVATE),
    "an old kernel": (
        "memory peak",
        lambda host: host.os(uname=lambda: SimpleNamespace(release="5.10.0-28-amd64")),
        Health.LESS,
        PRIVATE,
    ),
    "no reports of ends": (
        "CPU demand",
        lambda host: host.set(ExitReports=SimpleNamespace(is_available=lambda: False)),
        Health.LESS,
        PRIVATE,
    ),
    "a namespace of processes": (
        "GPU",
        lambda host: host.set(counts_as_host=lambda: False),
        Health.LESS,
        PRIVATE,
    ),
    "no schedstat": (
        "CPU demand",
        lambda host: host.set(ThreadTimes=SimpleNamespace(is_available=lambda: False)),
        Health.LESS,
        PRIVATE,
    ),
    "no pressure": (
        "pressure",
        lambda host: host.absent("/proc/pressure/cpu"),
        Health.LESS,
        PRIVATE,
    ),
    "swap": (
        "swap",
        lambda host: host.memory(swap_gib=1),
        Health.LESS,
        PRIVATE,
    ),
    "one core": ("cores", lambda host: host.os(cpu_count=lambda: 1), Health.LESS, PRIVATE),
    "a busy host": (
        "load",
        lambda host: host.fitness(look=lambda *_, **__: BUSY),
        Health.LESS,
        PRIVATE,
    ),
    "a host that was busy a moment ago": (
        "load",
        lambda host: host.os(getloadavg=lambda: (1.5, 0.0, 0.0)),
        Health.LESS,
        PRIVATE,
    ),
    "other tenants": (
        "steal",
        lambda host: host.file("/proc/stat", "cpu  100 0 100 700 0 0 0 100 0 0\n"),
        Health.LESS,
        PRIVATE,
    ),
    "other tenants just now": (
        "steal",
        lambda host: host.fitness(look=lambda *_, **__: Present(0.0, 0.25)),
        Health.LESS,
        PRIVATE,
    ),
    "a full disk": (
        "disk",
        lambda host: host.fitness(
            shutil=SimpleNamespace(disk_usage=lambda _: SimpleNamespace(free=1 << 30))
        ),
        Health.LESS,
        PRIVATE,
    ),
    "a page cache of others": (
        "page cache",
        lambda host: host.os(access=lambda *_: False),
        Health.LESS,
        PRIVATE,
    ),
    "too little memory": ("memory", lambda host: host.memory(7), Health.LESS, PRIVATE),
    "containers of others": (
        "containers",
        lambda host: host.fitness(containers=lambda: (0, 3)),
        Health.LESS,
        PRIVATE,
    ),
    "a clock rate that follows the work": (
        "clock rate",
        lambda host: host.fitness(governors=lambda: ["powersave"]),
        Health.LESS,
        PRIVATE,
    ),
    "heat": (
        "heat",
        lambda host: host.fitness(read_thermal=lambda: ThermalCounters({"core": 4}, {})),
        Health.LESS,
        PRIVATE,
    ),
    "a GPU that the driver does not keep ready": (
        "GPU",
        lambda host: host.set(
            find_gpus=lambda: Gpus((GpuDevice(0, "Stub GPU", "", 1, persistent=False),))
        ),
        Health.LESS,
        PRIVATE,
    ),
    "no GPU": (
        "GPU",
        lambda host: host.set(find_gpus=lambda: Gpus((), "no NVIDIA GPU or driver")),
        Health.LESS,
        PRIVATE,
    ),
}


@pytest.mark.parametrize("trouble", TROUBLE)
def test_every_trouble_is_found_with_its_remedy(host, trouble):
    subject, happens, health, choice = TROUBLE[trouble]
    happens(host)
    finding = found(subject, choice)
    assert finding.health is health
    assert finding.text
    assert finding.remedy


def test_every_examination_has_a_trouble_of_its_own_here(host):
    assert {one.subject for one in examine(PRIVATE)} == {
        subject for subject, *_ in TROUBLE.values()
    }


def test_a_busy_host_names_who_keeps_it_busy(host):
    host.fitness(look=lambda *_, **__: BUSY)
    assert found("load").text == (
        "other programs take 51% of the core time: cc1plus (pid 77, 1.0 cores); "
        "load average 0.10 over the last minute"
    )


def test_containers_that_bench_may_have_left_can_be_removed(host):
    host.fitness(containers=lambda: (2, 1))
    finding = found("containers")
    assert (
        finding.text
        == "2 of bench's own engine and 1 of other engines are running: they share the host"
    )
    assert "bench clean" in finding.remedy


def test_a_host_without_counters_of_heat_says_that_it_has_none(host):
    host.fitness(read_thermal=lambda: ThermalCounters({}, {}), governors=list)
    assert "no counters" in found("heat").text
    assert "does not show" in found("clock rate").text


def test_an_engine_that_runs_is_described(host, monkeypatch):
    monkeypatch.setattr(PrivateEngine, "is_up", lambda _: True)
    host.engine(is_local=True, version="20.10.24", storage_driver="overlay2")
    finding = found("engine")
    assert finding.health is Health.GOOD
    assert "20.10.24" in finding.text
    assert "overlay2" in finding.text


def test_an_engine_that_does_not_run_yet_is_good_enough(host):
    assert "starts it" in found("engine").text


@pytest.mark.parametrize("release", ["6.1.0-31-amd64", "5.19", "6.7+", "6.18.44", "6.9.0-rc1"])
def test_any_kernel_from_5_19_on_keeps_a_high_water_mark(host, release):
    host.os(uname=lambda: SimpleNamespace(release=release))
    assert found("memory peak").health is Health.GOOD


@pytest.mark.parametrize("release", ["5.15.90.1-microsoft-standard-WSL2", "4.18.0-553.el8", "5.4+"])
def test_a_kernel_before_5_19_does_not(host, release):
    host.os(uname=lambda: SimpleNamespace(release=release))
    assert found("memory peak").health is Health.LESS


def test_on_v1_any_kernel_keeps_one(host):
    host.set(find_mounts=lambda: V1)
    host.os(uname=lambda: SimpleNamespace(release="5.10.0"))
    assert found("memory peak").health is Health.GOOD


def test_this_host_can_be_examined_and_nothing_is_started(monkeypatch, tmp_path):
    private = PrivateEngine(Paths(tmp_path / "state", tmp_path / "run"))
    monkeypatch.setattr(doctor, "PrivateEngine", lambda: private)
    findings = examine(PRIVATE)
    assert all(one.remedy for one in findings if one.health is not Health.GOOD)
    assert not any(tmp_path.iterdir())
