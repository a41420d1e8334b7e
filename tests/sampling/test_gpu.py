"""GPUs: the real nvidia-ml-py against a library of two devices that are not there."""

from __future__ import annotations

import builtins
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bench.sampling.gpu import counts_as_host, find_gpus, is_there

MIB = 2**20


def test_without_the_package_the_reason_is_how_to_install_it(monkeypatch):
    really = builtins.__import__

    def refuse(name: str, *args: Any, **options: Any) -> Any:
        if name == "pynvml":
            raise ImportError(name)
        return really(name, *args, **options)

    monkeypatch.setattr(builtins, "__import__", refuse)
    gpus = find_gpus()
    assert gpus.devices == ()
    assert "container-bench[gpu]" in gpus.absent_because


def test_without_the_library_the_reason_is_the_drivers_absence(monkeypatch):
    nvml = pytest.importorskip("pynvml")

    def absent() -> None:
        raise nvml.NVMLError(nvml.NVML_ERROR_LIBRARY_NOT_FOUND)

    monkeypatch.setattr(nvml, "nvmlInit", absent)
    gpus = find_gpus()
    assert gpus.devices == ()
    assert "NVML Shared Library Not Found" in gpus.absent_because


@pytest.fixture(scope="module")
def answers(tmp_path_factory) -> Any:
    pytest.importorskip("pynvml")
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler to make the stub of libnvidia-ml.so.1 with")
    folder = tmp_path_factory.mktemp("nvml")
    (folder / "cgroup.procs").write_text("4242\n4300\n")
    stub = Path(__file__).with_name("nvml_stub.c")
    library = folder / "libnvidia-ml.so.1"
    subprocess.run([compiler, "-shared", "-fPIC", "-Wall", "-o", library, stub], check=True)
    done = subprocess.run(
        [sys.executable, "-m", "tests.sampling.nvml_session", folder / "cgroup.procs"],
        check=True,
        capture_output=True,
        env=os.environ | {"LD_LIBRARY_PATH": str(folder)},
        cwd=Path(__file__).parents[2],
    )
    return json.loads(done.stdout)


def test_every_device_is_recorded_with_the_driver(answers):
    gpus = answers["none"]["gpus"]
    assert gpus["driver"] == "570.86.15"
    assert gpus["absent_because"] == ""
    assert gpus["devices"] == [
        {
            "index": index,
            "name": f"Stub GPU {index}",
            "uuid": f"GPU-0000-{index}",
            "memory_bytes": 8192 * MIB,
            "persistent": persistent,
        }
        for index, persistent in ((0, True), (1, False))
    ]


def test_a_driver_that_does_not_say_whether_a_device_is_kept_ready_leaves_it_open(answers):
    devices = answers["no persistence mode"]["gpus"]["devices"]
    assert [one["persistent"] for one in devices] == [None, None]


def test_memory_is_that_of_the_containers_own_processes(answers):
    row = answers["none"]["rows"][0]
    assert row["gpu_memory_bytes"] == (512 + 64) * MIB
    assert (row["gpu0_own_memory_bytes"], row["gpu1_own_memory_bytes"]) == (512 * MIB, 64 * MIB)
    assert row["gpu0_memory_used_bytes"] == (512 + 1024) * MIB, "the device has other tenants"
    assert row["gpu1_memory_used_bytes"] == (64 + 2048) * MIB


def test_utilisation_is_that_of_the_busiest_device(answers):
    row = answers["none"]["rows"][0]
    assert (row["gpu0_utilization_pct"], row["gpu1_utilization_pct"]) == (37, 12)
    assert row["gpu_utilization_pct"] == 37


def test_utilisation_of_the_first_second_may_be_that_of_others_before_and_is_left_out(answers):
    first = answers["none"]["first row"]
    assert not [name for name in first if "utilization" in name]
    assert first["gpu_memory_bytes"] == (512 + 64) * MIB


def test_energy_adds_up_over_devices(answers):
    first, second = (row["gpu_energy_mj"] for row in answers["none"]["rows"][:2])
    assert second - first == 2 * 500


def test_nvml_is_read_ten_times_a_second_however_often_the_sampler_asks(answers):
    assert len(answers["none"]["rows"]) == 3  # of eleven questions over 0.2 s


def test_nothing_is_left_open(answers):
    assert not any(one.get("left open") for one in answers.values())


def test_without_a_driver_the_reason_is_the_drivers_own_word(answers):
    gpus = answers["no driver"]["gpus"]
    assert gpus["devices"] == []
    assert "Driver Not Loaded" in gpus["absent_because"]


def test_a_driver_without_devices_is_absence_too(answers):
    gpus = answers["no device"]["gpus"]
    assert gpus["devices"] == []
    assert "no device" in gpus["absent_because"]


def test_a_library_that_cannot_answer_is_absence_with_its_reason(answers):
    gpus = answers["old library"]["gpus"]
    assert gpus["devices"] == []
    assert gpus["absent_because"]


def test_a_device_without_a_uuid_is_still_a_device(answers):
    assert [one["uuid"] for one in answers["no uuid"]["gpus"]["devices"]] == ["", ""]


def columns(answers: Any, fault: str) -> set[str]:
    return set(answers[fault]["rows"][0])


def missing(answers: Any, fault: str) -> set[str]:
    return columns(answers, "none") - columns(answers, fault)


def test_on_mig_there_is_no_utilisation_rather_than_zero(answers):
    assert missing(answers, "mig") == {
        "gpu0_utilization_pct",
        "gpu1_utilization_pct",
        "gpu_utilization_pct",
    }


def test_a_sum_that_lacks_a_device_is_absent(answers):
    assert missing(answers, "no energy on one") == {"gpu1_energy_mj", "gpu_energy_mj"}


OWN_MEMORY = {"gpu0_own_memory_bytes", "gpu1_own_memory_bytes", "gpu_memory_bytes"}


@pytest.mark.parametrize("fault", ["no process list", "memory of processes unknown"])
def test_memory_that_cannot_be_told_by_process_is_absent(answers, fault):
    assert missing(answers, fault) == OWN_MEMORY


def test_what_other_tenants_hide_does_not_matter(answers):
    assert answers["memory of others unknown"]["rows"][0]["gpu_memory_bytes"] == 576 * MIB


@pytest.mark.parametrize(
    ("host", "device", "why"),
    [
        ("in a namespace", OWN_MEMORY, "run it in the host's"),
        ("outside of the namespace", OWN_MEMORY, "run it in the host's"),
        ("other numbers", OWN_MEMORY - {"gpu1_own_memory_bytes"}, "numbers that this host has not"),
        ("no process list", OWN_MEMORY, "does not list the processes"),
        ("memory of processes unknown", OWN_MEMORY, "does not tell memory by process"),
    ],
)
def test_where_it_is_not_known_whose_memory_it_is_there_is_none_and_not_zero(
    answers, host, device, why
):
    assert missing(answers, host) == device
    assert why in answers[host]["unknown because"]


@pytest.mark.parametrize("host", ["none", "no memory", "cgroups below"])
def test_where_it_is_known_no_reason_is_given(answers, host):
    assert answers[host]["unknown because"] == ""
    assert missing(answers, host) == set()


def test_a_container_that_holds_nothing_on_the_device_holds_zero(answers):
    assert answers["no memory"]["rows"][0]["gpu_memory_bytes"] == 0


def test_processes_in_cgroups_below_are_the_container_s(answers):
    assert answers["cgroups below"]["rows"][0]["gpu_memory_bytes"] == 576 * MIB


def test_the_host_s_own_namespace_is_told_by_its_number(tmp_path):
    assert not counts_as_host(tmp_path)
    assert not counts_as_host(tmp_path / "absent")


def test_a_process_is_there_until_it_has_ended():
    child = subprocess.Popen([sys.executable, "-c", ""])
    assert is_there(child.pid)
    child.wait()
    assert not is_there(child.pid)


def test_a_container_that_has_gone_has_no_share(answers):
    assert missing(answers, "container gone") == OWN_MEMORY


def test_a_device_that_is_lost_ends_the_sampling(answers):
    assert "GPU is lost" in answers["lost"]["raised"]
