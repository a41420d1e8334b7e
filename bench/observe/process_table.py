"""The processes of a container as the host's /proc has them: names, signals, CPU, memory.

Everything below the main process is the container's own: what `docker exec` or a health check
runs in it hangs below the engine's shim, and is left out. Seen only where the container runs
under this kernel and bench is not itself in another process namespace.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bench.journal.facts.behaviour import Disposition

PROC = Path("/proc")
_SHELLS = frozenset({"sh", "bash", "dash", "ash", "zsh", "ksh", "mksh"})
_INITS = frozenset({"tini", "tini-static", "docker-init", "dumb-init", "catatonit"})


@dataclass(frozen=True)
class Signals:
    """The signal dispositions of a process: bit n-1 of a mask stands for signal n."""

    blocked: int
    ignored: int
    caught: int

    def of(self, number: int) -> Disposition:
        """The disposition of signal `number`.

        Returns:
            `handler`; `blocked` (taken by sigwait or a signalfd, or never); `ignored`; or
            `default`, which for process 1 of a container is to be ignored too: the kernel keeps
            from it what it has no handler for, SIGKILL apart (pid_namespaces(7)).
        """
        bit = 1 << (number - 1)
        if self.caught & bit:
            return "handler"
        if self.blocked & bit:
            return "blocked"
        return "ignored" if self.ignored & bit else "default"


@dataclass(frozen=True)
class Process:
    """One process.

    Attributes:
        pid: as this host counts; `inner_pid` as the container does.
        parent: pid of its parent, as this host counts.
        name: what the kernel calls it: the first 15 characters of the file it was started from.
        program: what runs: the interpreter of a script, the applet of busybox.
        command: its words; none where it is a zombie.
        cpu_s: CPU seconds of all its threads, in hundredths.
        anon_bytes: its share of anonymous memory, where what several share is divided by their
            number; None where it cannot be read.
    """

    pid: int
    inner_pid: int
    parent: int
    name: str
    program: str
    command: tuple[str, ...]
    is_zombie: bool
    cpu_s: float
    anon_bytes: int | None
    signals: Signals

    @property
    def is_shell(self) -> bool:
        """Whether it is a shell, whatever script it runs."""
        return self.program in _SHELLS

    @property
    def is_init(self) -> bool:
        """Whether it is one of the small programs that are made to be process 1."""
        return self.program in _INITS


def read_table(main_pid: int, proc: Path = PROC) -> list[Process]:
    """The process `main_pid` and all below it, it first and then by their numbers.

    Empty where it is not there, or is no process 1 of a namespace below this one.
    """
    stats = _stats(proc)
    if not _is_first(main_pid, proc):
        return []
    found = [_process(proc, pid, stats[pid]) for pid in _below(main_pid, stats)]
    return sorted((process for process in found if process), key=lambda process: process.inner_pid)


def processes_below(main_pid: int, proc: Path = PROC, *, in_container: bool = True) -> list[int]:
    """The numbers of `main_pid` and of all below it, and of those that share a cgroup of theirs.

    A daemon of a plain process is below it no longer, and still in its cgroup.

    Args:
        main_pid: the process.
        proc: where the kernel shows processes.
        in_container: whether it must be process 1 of a namespace below this one.
    """
    stats = _stats(proc)
    if main_pid not in stats or (in_container and not _is_first(main_pid, proc)):
        return []
    cgroup = _cgroup(proc, str(main_pid))
    beside = cgroup not in ("", _cgroup(proc, "self"))
    same = [pid for pid in stats if _cgroup(proc, str(pid)) == cgroup] if beside else []
    return list(dict.fromkeys([*_below(main_pid, stats), *same]))


def _below(main_pid: int, stats: dict[int, list[str]]) -> list[int]:
    """The process and all that hang below it."""
    children: dict[int, list[int]] = {}
    for pid, stat in stats.items():
        children.setdefault(int(stat[1]), []).append(pid)
    found: list[int] = []
    waiting = [main_pid] if main_pid in stats else []
    while waiting:
        pid = waiting.pop()
        found.append(pid)
        waiting += children.get(pid, [])
    return found


def _is_first(pid: int, proc: Path) -> bool:
    """Whether it is process 1 of a namespace below this one."""
    try:
        text = (proc / str(pid) / "status").read_text(errors="replace")
    except OSError:
        return False
    numbers = next(
        (line.split()[1:] for line in text.splitlines() if line.startswith("NSpid:")), []
    )
    return len(numbers) > 1 and numbers[-1] == "1"


def _cgroup(proc: Path, pid: str) -> str:
    try:
        return (proc / pid / "cgroup").read_text()
    except OSError:
        return ""


def _stats(proc: Path) -> dict[int, list[str]]:
    """By process, the fields of its stat file from the third (state, parent, …) on."""
    found = {}
    for entry in os.scandir(proc):
        if not entry.name.isdigit():
            continue
        try:
            text = (proc / entry.name / "stat").read_text(errors="replace")
        except OSError:
            continue  # it ended while it was read
        found[int(entry.name)] = text.rpartition(")")[2].split()
    return found


def _process(proc: Path, pid: int, stat: list[str]) -> Process | None:
    folder = proc / str(pid)
    try:
        status = dict(
            line.split(":\t", 1)
            for line in (folder / "status").read_text(errors="replace").splitlines()
            if ":\t" in line
        )
        words = (folder / "cmdline").read_bytes().decode(errors="replace").split("\0")[:-1]
        name = status["Name"]
        return Process(
            pid=pid,
            inner_pid=int(status.get("NSpid", str(pid)).split()[-1]),
            parent=int(stat[1]),
            name=name,
            program=_program(folder, name, words),
            command=tuple(words),
            is_zombie=stat[0] in "ZX",
            cpu_s=(int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK"),
            anon_bytes=_anon_bytes(folder, status),
            signals=Signals(
                *(int(status[field], 16) for field in ("SigBlk", "SigIgn", "SigCgt")),
            ),
        )
    except (OSError, KeyError, ValueError, IndexError):
        return None  # it ended while it was read


def _program(folder: Path, name: str, words: list[str]) -> str:
    try:
        program = (folder / "exe").readlink().name.removesuffix(" (deleted)")
    except OSError:  # a zombie, or another user's
        program = os.path.basename(words[0]).lstrip("-") if words else name  # noqa: PTH119
    if program.startswith("busybox"):
        applets = [os.path.basename(word).lstrip("-") for word in words[:2]]  # noqa: PTH119
        program = next((applet for applet in applets if not applet.startswith("busybox")), program)
    return program


def _anon_bytes(folder: Path, status: dict[str, str]) -> int | None:
    try:
        for line in (folder / "smaps_rollup").read_text().splitlines():
            if line.startswith("Pss_Anon:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass  # not root, an old kernel, or a zombie
    text = status.get("RssAnon")
    return int(text.split()[0]) * 1024 if text else None
