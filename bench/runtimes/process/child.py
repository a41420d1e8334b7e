"""One plain process of this host: prepared, started, stopped, and its output.

Like a container it is created before it is started. A shell waits in its cgroup for the signal to
continue, and then executes the program: the pid is known before the start, and the shell's own
usage is charged elsewhere.
"""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import signal
import subprocess
import threading
from typing import IO, TYPE_CHECKING

from bench.core.errors import EngineTimeoutError, HostError, NoProgramError
from bench.runtimes.workload import OutputChunk

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bench.runtimes.process.cgroup import ProcessCgroup

_WAIT_FOR_THE_WORD = 'read -r word && exec "$@" </dev/null'
_NOT_EXECUTABLE = 400
"""The status with which the Docker API refuses a command that is not there."""
_READ_BYTES = 65536
_KILLED_WITHIN_S = 30.0
"""A killed process needs CPU time to exit, for which it may have to wait on a busy host."""


def _ignored() -> list[signal.Signals]:
    """The signals that bench was started to ignore, as by nohup or in a shell's background."""
    asked = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM)
    return [number for number in asked if signal.getsignal(number) is signal.SIG_IGN]


def _heed() -> None:
    """Reset them in a new process, which would inherit them, unlike one in a container."""
    for number in _ignored():
        signal.signal(number, signal.SIG_DFL)


class ChildProcess:
    """A process, in a session and a cgroup of its own."""

    def __init__(
        self,
        command: tuple[str, ...],
        *,
        working_dir: str,
        environment: Mapping[str, str],
        cgroup: ProcessCgroup,
        cores: frozenset[int] | None,
        is_silent: bool = False,
    ) -> None:
        """Nothing is created before `prepare`.

        Args:
            command: the program and its arguments.
            working_dir: absolute.
            environment: its complete environment.
            cgroup: an existing one.
            cores: on which it may run; None for all.
            is_silent: whether its output is discarded.
        """
        self._command = command
        self._working_dir = working_dir
        self._environment = environment
        self._cgroup = cgroup
        self._cores = cores
        self._is_silent = is_silent
        self._process: subprocess.Popen[bytes] | None = None
        self._pidfd = -1
        self.output: PipeOutput | None = None

    def prepare(self) -> None:
        """Start a shell that waits in the cgroup.

        Raises:
            HostError: the folder does not exist, or no process can be created.
        """
        shell = ["/bin/sh", "-c", _WAIT_FOR_THE_WORD, self._command[0], *self._command]
        output = subprocess.DEVNULL if self._is_silent else subprocess.PIPE
        try:
            process = self._process = subprocess.Popen(
                shell,
                cwd=self._working_dir,
                env=dict(self._environment),
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                bufsize=0,
                start_new_session=True,
                preexec_fn=_heed if _ignored() else None,  # noqa: PLW1509 - it takes no lock
            )
            self._pidfd = os.pidfd_open(process.pid)
            if process.stdout and process.stderr:
                self.output = PipeOutput(process.stdout, process.stderr)
            self._cgroup.take(process.pid)
            if self._cores is not None:
                os.sched_setaffinity(process.pid, self._cores)
        except OSError as error:
            raise HostError(
                f"process {self._command[0]}", f"cannot be made: {error}", "look at the case's host"
            ) from error

    @property
    def pid(self) -> int:
        """Its pid; 0 if it was never created, or has ended."""
        return self._process.pid if self._process and self.exit_code is None else 0

    @property
    def exit_code(self) -> int | None:
        """Its exit code, 128 plus the signal if killed by one; None while it runs."""
        return None if self._process is None else _shell_code(self._process.poll())

    def start(self) -> None:
        """Let the waiting shell execute the program.

        Raises:
            NoProgramError: there is no such program.
        """
        program, path = self._command[0], self._environment.get("PATH")
        if "/" in program:
            found = shutil.which(os.path.join(self._working_dir, program))  # noqa: PTH118
        else:
            found = shutil.which(program, path=path)
        if found is None:
            raise NoProgramError(
                program,
                f"{program}: executable file not found",
                "write its path from the case's `working_dir`, or have `setup` make it",
                status=_NOT_EXECUTABLE,
            )
        assert self._process is not None
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # it was killed while it waited
            self._process.stdin.write(b"go\n")
        self._process.stdin.close()

    def wait(self, timeout_s: float, *, unless: ChildProcess | None = None) -> int:
        """The exit code, once it has ended.

        Raises:
            EngineTimeoutError: it did not end within this time, or before the process `unless` did.
        """
        if not self._await_end(timeout_s, unless):
            raise EngineTimeoutError(self._command[0], "did not end in time")
        code = self.exit_code
        assert code is not None
        return code

    def _await_end(self, timeout_s: float, unless: ChildProcess | None = None) -> bool:
        """Wait until it or `unless` ends; returns whether it has ended."""
        if self.exit_code is None:
            poll = select.poll()
            for child in (self, unless) if unless else (self,):
                poll.register(child._pidfd, select.POLLIN)  # noqa: SLF001 - its own kind
            poll.poll(timeout_s * 1000)
        return self.exit_code is not None

    def stop(self, number: int, grace_s: float) -> None:
        """Send the signal `number`, and kill it and its descendants after `grace_s`.

        Descendants that outlive it are killed, as the kernel does with a container.
        """
        assert self._process is not None
        self._process.send_signal(number)
        self._await_end(grace_s)
        self._cgroup.kill()
        self._await_end(_KILLED_WITHIN_S)

    def end(self) -> None:
        """Kill it, whether or not it was moved into its cgroup, and close its pipes."""
        process = self._process
        if process is None:
            return
        process.kill()
        process.wait()
        if self._pidfd >= 0:
            os.close(self._pidfd)
            self._pidfd = -1
        if self.output is not None:
            self.output.process_ended()
        if process.stdin is not None:
            process.stdin.close()


def _shell_code(code: int | None) -> int | None:
    """An exit code as shells and engines report it."""
    return 128 - code if code is not None and code < 0 else code


class PipeOutput:
    """The output of two pipes as it arrives, until both are closed or reading is stopped."""

    def __init__(self, stdout: IO[bytes], stderr: IO[bytes]) -> None:
        """Take ownership of these two pipes."""
        self._pipes = (stdout, stderr)
        self._streams = {stdout.fileno(): 1, stderr.fileno(): 2}
        self._end = os.eventfd(0)
        self._lock = threading.Lock()
        self._is_read = False
        self._is_closed = False

    def __iter__(self) -> Iterator[OutputChunk]:
        with self._lock:
            if self._is_closed:
                return
            self._is_read = True
        try:
            yield from self._chunks()
        finally:
            self._close()

    def _chunks(self) -> Iterator[OutputChunk]:
        poll = select.poll()
        for descriptor in (*self._streams, self._end):
            poll.register(descriptor, select.POLLIN)
        left = len(self._streams)
        while left:
            for descriptor, _ in poll.poll():
                if descriptor == self._end:
                    return
                data = os.read(descriptor, _READ_BYTES)
                if data:
                    yield OutputChunk(self._streams[descriptor], data)
                else:
                    poll.unregister(descriptor)
                    left -= 1

    def close(self) -> None:
        """Stop reading, from any thread."""
        with self._lock:
            if self._is_read and not self._is_closed:
                os.eventfd_write(self._end, 1)
                return
        self._close()

    def process_ended(self) -> None:
        """Close the pipes if they have no reader; a reader reads them to their end."""
        if not self._is_read:
            self._close()

    def _close(self) -> None:
        with self._lock:
            if not self._is_closed:
                self._is_closed = True
                for pipe in self._pipes:
                    pipe.close()
                os.close(self._end)
