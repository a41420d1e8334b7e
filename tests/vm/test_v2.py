"""The engine tests in a machine with cgroup v2: Engine 26 with either image store, and Podman 5.

Not part of `make test`: `make test-v2` runs them. The machine is slow, so that tests of times are
left out in there (marked `times`); all others have to pass.
"""

from __future__ import annotations

import shutil

import pytest

from tests.vm import image, machine
from tests.vm.machine import Job

pytestmark = pytest.mark.vm

KEPT = image.CACHE.parent / "vm-results"
"""What each machine left: the console, the output of pytest, all run folders, logs of daemons."""


def job(name: str, *tests: str, **environment: str) -> Job:
    files = [f"tests/live/test_{one}.py" for one in tests]
    return Job(name, files, {"BENCH_TEST_PATIENCE": "15", **environment})


MACHINES = {
    "graphdriver": [
        job("private", "conformance", "counters", "outcomes", "start_to_ready", "opened_files")
    ],
    "containerd": [
        job("private", "counters", "outcomes", "opened_files", BENCH_IMAGE_STORE="containerd")
    ],
    "podman": [job("podman", "conformance", "counters", BENCH_TEST_ENGINE="podman")],
}


@pytest.mark.parametrize("name", MACHINES)
def test_all_that_counts_passes_on_cgroup_v2(name):
    folder = KEPT / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    results = machine.run(image.prepare(), MACHINES[name], folder)
    wrong = [one for one in results if one.outcome not in ("passed", "skipped")]
    assert not wrong, "\n".join(f"{one.job} {one.test}: {one.outcome}" for one in wrong)
    passed = {one.job for one in results if one.outcome == "passed"}
    assert passed == {one.name for one in MACHINES[name]}
