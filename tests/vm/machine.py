"""Starts the machine with jobs to do, waits until it switches itself off, and reads what it left.

The CPU is emulated, for the machines that this is tested on cannot nest others: counters in there
are right, times mean nothing.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import xml.etree.ElementTree as ET
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

from tests.programs import find, need
from tests.vm.image import ROOT, VmImage

if TYPE_CHECKING:
    from pathlib import Path

_PATIENCE_S = 3600
_WORK_SIZE = "1G"
_KERNEL_ARGUMENTS = "root=/dev/vda rw console=ttyS0 psi=1 panic=-1 quiet"
_PANIC = "Kernel panic"
_BOOTS = 3
"""A kernel that patches its own code while it starts now and then trips over it under emulation."""


@dataclass(frozen=True)
class Job:
    """A call of pytest in the machine, with its arguments and what it finds in its environment."""

    name: str
    arguments: list[str]
    environment: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Result:
    """How one test ended: `passed`, `skipped`, or what went wrong."""

    job: str
    test: str
    outcome: str


def run(image: VmImage, jobs: list[Job], folder: Path) -> list[Result]:
    """The results of `jobs`; what the machine left lies in `folder` afterwards.

    Raises:
        RuntimeError: it did not come to its end, or left nothing of a job.
    """
    need(qemu_system_x86_64="qemu-system-x86", debugfs="e2fsprogs")
    disk = _work_disk(jobs, folder)
    console = folder / "console.log"
    for _ in range(_BOOTS):
        _boot(image, disk, console)
        if _PANIC not in console.read_text(errors="replace"):
            break
    debugfs = find("debugfs") or "debugfs"
    subprocess.run(
        [debugfs, "-R", f"rdump /results {folder}", str(disk)], check=True, capture_output=True
    )
    disk.unlink()
    return [result for job in jobs for result in _read(job, folder, console)]


def _boot(image: VmImage, disk: Path, console: Path) -> None:
    """Start it, and wait until it has switched itself off or its kernel has given up."""
    try:
        done = subprocess.run(
            [
                "qemu-system-x86_64", "-accel", "tcg,thread=multi", "-cpu", "max",
                "-smp", "2", "-m", "3G", "-no-reboot", "-display", "none", "-monitor", "none",
                "-kernel", str(image.kernel), "-initrd", str(image.initrd),
                "-append", _KERNEL_ARGUMENTS,
                "-drive", f"file={image.disk},if=virtio,format=raw,cache=unsafe,snapshot=on",
                "-drive", f"file={disk},if=virtio,format=raw,cache=unsafe",
                "-nic", "user,restrict=on,model=virtio-net-pci",
                "-serial", f"file:{console}",
            ],
            check=False, capture_output=True, text=True, timeout=_PATIENCE_S,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise RuntimeError(f"still running after {_PATIENCE_S} s:\n{_tail(console)}") from error
    if done.returncode != 0:
        raise RuntimeError(f"qemu ended with {done.returncode}: {done.stderr}{_tail(console)}")


def _work_disk(jobs: list[Job], folder: Path) -> Path:
    """A disk with bench's source as it stands in the working tree, and the jobs."""
    tree = folder / "work"
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        check=True, capture_output=True, text=True, cwd=ROOT,
    ).stdout  # fmt: skip
    for name in listed.split("\0"):
        if name and (ROOT / name).is_file():
            target = tree / "source" / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, target)
    (tree / "jobs.json").write_text(json.dumps([asdict(job) for job in jobs]))
    disk = folder / "work.img"
    mke2fs = find("mke2fs") or "mke2fs"
    subprocess.run(
        [mke2fs, "-q", "-t", "ext4", "-L", "jobs", "-d", str(tree), str(disk), _WORK_SIZE],
        check=True,
        capture_output=True,
    )
    shutil.rmtree(tree)
    return disk


def _read(job: Job, folder: Path, console: Path) -> list[Result]:
    path = folder / "results" / f"{job.name}.xml"
    if not path.exists():
        raise RuntimeError(f"no results of {job.name}; the console ends with\n{_tail(console)}")
    return [
        Result(job.name, f"{case.get('classname')}::{case.get('name')}", _outcome(case))
        for case in ET.parse(path).iter("testcase")
    ]


def _outcome(case: ET.Element) -> str:
    for child in case:
        if child.tag in ("failure", "error"):
            return f"{child.tag}: {child.get('message')}"
        if child.tag == "skipped":
            return "skipped"
    return "passed"


def _tail(console: Path) -> str:
    if not console.exists():
        return ""
    return "\n".join(console.read_text(errors="replace").splitlines()[-20:])
