"""The GPU sampler on a real GPU, against programs that use it as they were told.

They are plain processes on the engine `host`, so that no container engine is needed: the driver
and `nvidia-ml-py` are enough. `make test-gpu` runs them; without a GPU they fail, and say so.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench.results.run import Run, load_run
from bench.sampling.gpu import find_gpus

MIB = 2**20
USE = Path(__file__).with_name("use.py")
STRANGER_MIB = 3000
"""What a program that is none of bench's holds all the while."""

SCENARIO = f"""
version: 1
name: gpu
defaults:
  repeat: 2
  cache: warm
  observe: 3s
  stop_grace_period: 1s
  gpus: all
  sample: {{interval: 20ms}}
  ready: {{log: "^(holds|no device)$", timeout: 60s}}
cases:
  context: {{host: {{command: [{sys.executable}, use.py, "0", "0", "60"]}}}}
  holds: {{host: {{command: [{sys.executable}, use.py, "2048", "0", "60"]}}}}
  spike: {{host: {{command: [{sys.executable}, use.py, "256", "0", "60", "1024", "0.4"]}}}}
  spins: {{host: {{command: [{sys.executable}, use.py, "64", "60", "0"]}}}}
  unused:
    host: {{command: [sh, -c, "echo holds; exec sleep 60"]}}
  blind:
    gpus: null
    host: {{command: [{sys.executable}, use.py, "64", "0", "60"]}}
thresholds: {{gpu_memory_peak_bytes: "<= 8GiB"}}
"""


@pytest.fixture(scope="module")
def measured(tmp_path_factory) -> Run:
    gpus = find_gpus()
    assert gpus.devices, gpus.absent_because
    folder = tmp_path_factory.mktemp("gpu")
    (folder / "use.py").write_text(USE.read_text())
    (folder / "s.yaml").write_text(SCENARIO)
    stranger = subprocess.Popen(
        [sys.executable, USE, str(STRANGER_MIB), "0", "3600"], stdout=subprocess.PIPE, text=True
    )
    try:
        assert stranger.stdout is not None
        assert stranger.stdout.readline() == "holds\n"
        done = subprocess.run(
            [sys.executable, "-m", "bench", "run", "s.yaml", "--progress", "quiet"],
            cwd=folder, capture_output=True, text=True, check=False, timeout=300,
        )  # fmt: skip
    finally:
        stranger.kill()
        stranger.wait()
    assert done.returncode == 0, done.stdout + done.stderr
    return load_run(folder / "reports" / "latest")


def trials(run: Run, case: str) -> list[Any]:
    found = [one for one in run.results if one.key.case == case]
    assert [one.status for one in found] == ["ok", "ok"], [one.reason for one in found]
    return found


def peaks(run: Run, case: str, metric: str = "gpu_memory_peak_bytes") -> list[float]:
    return [one.metrics[metric] for one in trials(run, case)]


def column(run: Run, trial: Any, name: str) -> Any:
    """What was read of it, the samples at which it was not read left out."""
    index = next(number for number, one in enumerate(run.results) if one is trial)
    values = run.sample_columns[index][name]
    return values[~np.isnan(values)]


def test_memory_is_what_was_taken_beside_the_context(measured):
    """The driver hands out memory in blocks of 2 MiB."""
    (context, *_) = peaks(measured, "context")
    assert context < 2048 * MIB
    for held in peaks(measured, "holds"):
        assert held - context == pytest.approx(2048 * MIB, abs=4 * MIB)


def test_what_others_hold_is_the_devices_and_not_the_cases(measured):
    for trial in trials(measured, "holds"):
        own = trial.metrics["gpu_memory_peak_bytes"]
        used = column(measured, trial, "gpu0_memory_used_bytes").max()
        assert used >= own + STRANGER_MIB * MIB


def test_a_spike_of_four_tenths_of_a_second_is_seen_in_full(measured):
    (context, *_) = peaks(measured, "context")
    for held in peaks(measured, "spike"):
        assert held - context == pytest.approx((256 + 1024) * MIB, abs=4 * MIB)


def test_a_kernel_that_runs_all_the_time_is_full_use_and_one_that_does_not_is_none(measured):
    assert min(peaks(measured, "spins", "gpu_utilization_peak_pct")) >= 95
    assert max(peaks(measured, "holds", "gpu_utilization_peak_pct")) <= 5


def test_energy_is_that_of_a_board_and_more_under_work(measured):
    def watts(trial: Any) -> float:
        t_ns = column(measured, trial, "t_ns")
        return float(trial.metrics["gpu_energy_j"] / ((t_ns[-1] - t_ns[0]) / 1e9))

    idle = [watts(one) for one in trials(measured, "unused")]
    busy = [watts(one) for one in trials(measured, "spins")]
    assert min(idle) > 5
    assert max(busy) < 1500
    assert min(busy) > max(idle)


def test_one_that_was_given_a_gpu_and_did_not_use_it_held_nothing(measured):
    assert peaks(measured, "unused") == [0, 0]


def test_without_gpus_it_sees_none(measured):
    assert peaks(measured, "blind") == [0, 0]


def test_the_report_shows_each_device_and_says_who_used_none(measured):
    page = (measured.folder / "index.html").read_text()
    (name, *_) = measured.header.host["gpus"]
    assert f"0: {name}" in page
    assert "unused, warm: it had GPUs but never used their memory" in page
    assert "GPU memory" in page
