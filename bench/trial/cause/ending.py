"""Why a container exited or did not become ready: from kernel counters, its files and settings.

The output is the program's own text. Only the system's messages for a read-only or full file
system are looked for there, and only if a setting of the case or the host matches.
"""

from __future__ import annotations

import contextlib
import os
import posixpath
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bench.core.errors import EngineError
from bench.core.units import format_bytes
from bench.journal.facts.cause import Cause, CauseKind
from bench.trial.cause.disk import free_bytes, full_disk
from bench.trial.cause.image_inspection import look_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.runtimes.protocol import RuntimeInfo
    from bench.runtimes.workload import Workload
    from bench.scenario.model import Case

ENDED = Cause(
    CauseKind.ENDED,
    "it ended by itself",
    "run it in the foreground, so that it goes on; of a job that is to end, `ready: {exit: true}` "
    "or `observe: exit` says so",
)
"""A service must keep running."""


def job_cause(service: str) -> Cause:
    """Why a service of a stack that exited with code 0 counts as failed."""
    return Cause(
        CauseKind.ENDED,
        ENDED.words,
        "run it in the foreground, so that it goes on; of a job that is to end, "
        f"`ready: {{{service}: {{exit: true}}}}` of the case's `compose` says so",
    )


_READ_ONLY = "Read-only file system"
_AGAIN = "Resource temporarily unavailable"
_FULL = "No space left on device"
_SMALL_BYTES = 64 * 2**10
"""Free space below which an in-memory file system counts as full."""


@dataclass(frozen=True)
class FailedContainer:
    """Observations of a container that exited, or did not become ready.

    Attributes:
        exit_code: None while it still runs.
        kills: processes killed for lack of memory; None if no counter was read.
        forks_refused: forks refused because of the process limit; None if no counter was read.
            The counter is removed with the container, so for a container that exits at once it
            may be missed.
        tasks_peak: the highest number of processes and threads at once; None if not read.
        output: its last lines.
        pid: of process 1; 0 if it is not running or not visible.
    """

    exit_code: int | None
    kills: int | None
    forks_refused: int | None
    tasks_peak: int | None
    output: str
    pid: int = 0


def causes(
    workload: Workload, info: RuntimeInfo, case: Case, failed: FailedContainer
) -> list[Cause]:
    """Known causes of a container's exit or failure to become ready.

    Raises:
        EngineError: the engine's disk is full, so the container cannot be blamed.
    """
    return list(_causes(workload, info, case, failed))


def _causes(
    workload: Workload, info: RuntimeInfo, case: Case, failed: FailedContainer
) -> Iterator[Cause]:
    limits = case.effective_limits
    if failed.kills:
        now = f" ({format_bytes(limits.memory)} now)" if limits.memory else ""
        yield Cause(
            CauseKind.MEMORY,
            f"the kernel killed {_counted(failed.kills, 'process', 'processes')} of it for memory",
            f"raise `limits.memory`{now}, or have it use less",
        )
    if refused := _forks_refused(failed, limits.pids):
        now = f" ({limits.pids} now)" if limits.pids else ""
        yield Cause(
            CauseKind.PROCESSES,
            f"it reached its limit of processes and threads: {refused}",
            f"raise `limits.pids`{now}, or have it start fewer processes and threads",
        )
    if failed.exit_code:
        with contextlib.suppress(EngineError):  # what cannot be seen says nothing
            look = look_at(workload, info.architecture)
            if look is not None and (found := look.ended(failed.exit_code)):
                yield found
    if _says(failed.output, _READ_ONLY) and (where := _read_only(case)):
        yield Cause(
            CauseKind.READ_ONLY,
            f"its output says “{_READ_ONLY}”, and {where}",
            "mount a `tmpfs` where it writes, or have that written to",
        )
    yield from _full(info, case, failed)


def _forks_refused(failed: FailedContainer, limit: int | None) -> str:
    """The evidence that the process limit was reached; empty if there is none."""
    if failed.forks_refused:
        return f"the kernel refused {_counted(failed.forks_refused, 'fork', 'forks')}"
    reached = limit is not None and failed.tasks_peak is not None and failed.tasks_peak >= limit
    return f"its output says “{_AGAIN}”" if reached and _says(failed.output, _AGAIN) else ""


def _full(info: RuntimeInfo, case: Case, failed: FailedContainer) -> Iterator[Cause]:
    mounts = _in_memory(case)
    for path in mounts:
        if failed.pid and _is_full(failed.pid, path):
            yield Cause(
                CauseKind.FULL,
                f"the file system in memory at {path} is full ({mounts[path]})",
                _larger(path),
            )
            return
    if not _says(failed.output, _FULL):
        return
    full = full_disk(info)
    if full:
        raise EngineError("disk", f"its output says “{_FULL}”, and {full.words}", full.remedy)
    known = [f"{path} holds {size}" for path, size in mounts.items()]
    free = free_bytes(info)
    if free is not None:
        known.append(f"the engine's disk has {format_bytes(free)} free")
    facts = f" ({', '.join(known)})" if known else ""
    limited = [path for path in mounts if path != "/dev/shm"]  # noqa: S108 - the container's
    yield Cause(
        CauseKind.FULL,
        f"its output says “{_FULL}”{facts}",
        _larger(limited[0]) if limited else "have it write less, or raise `shm_size`",
    )


def _larger(path: str) -> str:
    key = "`shm_size`" if path == "/dev/shm" else f"the `size` of the `tmpfs` at {path}"  # noqa: S108
    return f"raise {key}, or have it write less there"


def _in_memory(case: Case) -> dict[str, str]:
    """The paths of the case's size-limited in-memory file systems, with their sizes."""
    found = {}
    for mount in case.tmpfs:
        path, _, options = mount.partition(":")
        size = re.search(r"(?:^|,)size=([^,]+)", options)
        if size:
            found[path] = f"size={size[1]}"
    shared = format_bytes(case.shm_size or 64 * 2**20)
    return found | {"/dev/shm": shared}  # noqa: S108 - the container's


def _is_full(pid: int, path: str) -> bool:
    """Whether the file system mounted at `path` is full.

    Only if the kernel itself lists it under that path: if part of the path were a symbolic link
    of the image, it would be resolved from here and lead into the host's files.
    """
    try:
        mounted = Path(f"/proc/{pid}/mountinfo").read_text(errors="replace")
        point = posixpath.normpath(path)
        if point not in (line.split()[4] for line in mounted.splitlines()):
            return False
        state = os.statvfs(f"/proc/{pid}/root{point}")
    except OSError:
        return False
    return state.f_blocks > 0 and state.f_bavail * state.f_frsize < _SMALL_BYTES


def _read_only(case: Case) -> str:
    """The setting that makes some of the container's files read-only; empty if there is none."""
    if case.read_only:
        return "`read_only: true` is set"
    mounted = [volume for volume in case.volumes if "ro" in volume.split(":")[-1].split(",")]
    return f"{mounted[0].split(':')[1]} is mounted read-only" if mounted else ""


def _says(output: str, message: str) -> bool:
    """Whether a line of `output` contains the system's message other than as part of a path."""
    return re.search(rf"(?<![\w/.-]){message}(?![\w/.-]*/)", output, re.IGNORECASE) is not None


def _counted(count: int, singular: str, plural: str) -> str:
    return f"{count} {singular if count == 1 else plural}"
