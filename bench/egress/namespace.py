"""Running a function in the network namespace of a process, in a thread of its own."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import threading
from typing import TYPE_CHECKING, TypeVar

from bench.core.errors import HostError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Result = TypeVar("Result")

_CLONE_NEWNET = 0x40000000
_SYSTEM_PROGRAMS = "/usr/sbin:/sbin"  # often not on a user's PATH


def inside(pid: int, action: Callable[[], Result]) -> Result:
    """The result of `action`, done in the network namespace of process `pid`.

    Sockets that it opens stay there; so do the programs that it starts.

    Raises:
        HostError: the namespace cannot be entered.
        Exception: whatever `action` raises.
    """
    results: list[Result] = []
    errors: list[BaseException] = []

    def work() -> None:
        try:
            _enter(pid)
            results.append(action())
        except BaseException as error:  # noqa: BLE001 - raised again in the calling thread
            errors.append(error)

    # its namespace is the thread's own; no other thread of this process moves
    thread = threading.Thread(target=work, name="namespace")
    thread.start()
    thread.join()
    if errors:
        raise errors[0]
    return results[0]


def _enter(pid: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    try:
        descriptor = os.open(f"/proc/{pid}/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        try:
            if libc.setns(descriptor, _CLONE_NEWNET):
                number = ctypes.get_errno()
                raise OSError(number, os.strerror(number))
        finally:
            os.close(descriptor)
    except OSError as error:
        raise HostError(
            f"network namespace of process {pid}",
            f"cannot be entered: {error.strerror}",
            "run bench as root",
        ) from error


def ip_program() -> str | None:
    """Path of `ip`; None where it is not installed."""
    return shutil.which("ip") or shutil.which("ip", path=_SYSTEM_PROGRAMS)


def run_ip(commands: Sequence[str]) -> None:
    """Run commands of `ip` in the namespace of the calling thread, up to the first that fails.

    Raises:
        HostError: names the command and what `ip` says to it.
    """
    program = ip_program()
    if program is None:
        raise HostError("ip", "is not installed", "install iproute2")
    done = subprocess.run(
        [program, "-batch", "-"],
        input="".join(f"{command}\n" for command in commands),
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise HostError("ip", done.stderr.strip().replace("\n", "; ") or "failed")
