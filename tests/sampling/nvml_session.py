"""What bench sees of the stub's GPUs, fault by fault, as JSON; run with the stub on the path.

A process of its own: nvidia-ml-py keeps the library that it has once loaded.
"""

from __future__ import annotations

import dataclasses
import json
import os
import sys
from pathlib import Path
from typing import Any

import pynvml

from bench.sampling.gpu import GpuSource, find_gpus
from tests.fakes import FakeClock

FAULTS = (
    "none",
    "no driver",
    "no device",
    "old library",
    "no uuid",
    "no persistence mode",
    "mig",
    "no energy on one",
    "no process list",
    "memory of processes unknown",
    "memory of others unknown",
    "lost",
)

HOST: dict[str, Any] = {"counts_as_host": lambda: True, "is_there": lambda _: True}
STRANGER = 9999


def seen(processes: Path, **host: Any) -> dict[str, Any]:
    found: dict[str, Any] = {"gpus": dataclasses.asdict(find_gpus()), "left open": is_open()}
    if not found["gpus"]["devices"]:
        return found
    clock = FakeClock()
    source = GpuSource(processes, clock, **(HOST | host))
    found["first row"] = source.read()
    clock.advance(1.0)
    found["rows"] = []
    for _ in range(11):
        raw = source.read()
        if raw is not None:
            found["rows"].append(source.parse(raw))
        clock.advance(0.02)
    found["unknown because"] = source.unknown_because
    source.close()
    found["left open"] = is_open()
    return found


def is_open() -> bool:
    """Whether somebody still holds NVML."""
    try:
        pynvml.nvmlDeviceGetCount()
    except pynvml.NVMLError:
        return False
    return True


def lost(processes: Path) -> dict[str, Any]:
    """A device that falls off the bus between finding it and reading it."""
    del os.environ["NVML_STUB"]
    source = GpuSource(processes, FakeClock())
    os.environ["NVML_STUB"] = "lost"
    try:
        source.read()
    except pynvml.NVMLError as error:
        return {"raised": str(error)}
    finally:
        source.close()
    return {}


def main() -> None:
    processes = Path(sys.argv[1])
    answers = {}
    for fault in FAULTS:
        os.environ["NVML_STUB"] = fault
        answers[fault] = lost(processes) if fault == "lost" else seen(processes)
    del os.environ["NVML_STUB"]
    answers["container gone"] = seen(Path("/nowhere/cgroup.procs"))
    answers["in a namespace"] = seen(processes, counts_as_host=lambda: False)
    answers["other numbers"] = seen(processes, is_there=lambda pid: pid != STRANGER)
    outside = processes.with_name("outside")
    outside.write_text("0\n4242\n")
    answers["outside of the namespace"] = seen(outside)
    below = processes.with_name("container") / "inner" / processes.name
    below.parent.mkdir(parents=True)
    below.write_text("4300\n")
    above = below.parents[1] / processes.name
    above.write_text("4242\n")
    answers["cgroups below"] = seen(above)
    above.write_text("77\n")
    below.write_text("")
    answers["no memory"] = seen(above)
    json.dump(answers, sys.stdout)


if __name__ == "__main__":
    main()
