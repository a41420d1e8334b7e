"""What this host is, for the record."""

from __future__ import annotations

import json
import os
import platform
from pathlib import Path

import pytest

from bench.host import fingerprint as module
from bench.host.fingerprint import COMPARABLE_KEYS, fingerprint
from bench.sampling.gpu import GpuDevice, Gpus


def test_the_record_of_this_host_fits_a_journal():
    record = fingerprint()
    assert json.loads(json.dumps(record, allow_nan=False)) == record


def test_the_record_says_what_this_host_is():
    record = fingerprint()
    assert record["kernel"] == os.uname().release
    assert record["architecture"] == platform.machine()
    assert record["cores"] == os.cpu_count()
    assert record["memory_bytes"] > 64 << 20
    assert record["cgroup"] in ("v1", "v2", "")
    assert record["root"] == (os.geteuid() == 0)


def test_hosts_are_compared_by_what_is_recorded():
    assert set(COMPARABLE_KEYS) <= set(fingerprint())


def test_gpus_are_named_or_their_absence_is_explained(monkeypatch):
    monkeypatch.setattr(module, "find_gpus", lambda: Gpus((), "no driver"))
    assert (fingerprint()["gpus"], fingerprint()["gpu_absent_because"]) == ([], "no driver")
    device = GpuDevice(0, "Stub GPU", "GPU-0", 1, persistent=False)
    monkeypatch.setattr(module, "find_gpus", lambda: Gpus((device,)))
    assert (fingerprint()["gpus"], fingerprint()["gpu_absent_because"]) == (["Stub GPU"], "")
    assert fingerprint()["gpus_persistent"] == [False]


@pytest.fixture
def proc(monkeypatch):
    """Other contents for files under /proc."""
    texts: dict[str, str] = {}
    really = Path.read_text

    def read_text(path: Path) -> str:
        return texts[str(path)] if str(path) in texts else really(path)

    monkeypatch.setattr(Path, "read_text", read_text)
    return texts


def test_a_processor_is_named_by_its_model(proc):
    proc["/proc/cpuinfo"] = "processor\t: 0\nmodel name\t: AMD EPYC 7763: 64 cores\nflags\t: fpu\n"
    assert module._cpu_model() == "AMD EPYC 7763: 64 cores"
    assert not module._virtualised()


def test_a_virtual_machine_is_known_by_its_flag(proc):
    proc["/proc/cpuinfo"] = "flags\t\t: fpu sse hypervisor lahf_lm\n"
    assert module._virtualised()


def test_an_arm_processor_without_a_model_name_is_no_error(proc):
    proc["/proc/cpuinfo"] = "processor\t: 0\nCPU implementer\t: 0x41\n"
    assert isinstance(module._cpu_model(), str)


@pytest.mark.parametrize(
    ("text", "size"), [("SwapTotal:  1024 kB\n", 1 << 20), ("MemTotal: 5\n", 0)]
)
def test_swap_is_in_bytes(proc, text, size):
    proc["/proc/meminfo"] = text
    assert module._swap_bytes() == size


def test_a_host_without_a_name_for_its_system_is_no_error(monkeypatch):
    def absent() -> dict[str, str]:
        raise OSError

    monkeypatch.setattr(platform, "freedesktop_os_release", absent)
    assert fingerprint()["os"] == ""
