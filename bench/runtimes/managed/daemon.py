"""Daemons that outlive the command which started them: starting, recognising and stopping them."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bench.core.errors import HostError

if TYPE_CHECKING:
    from collections.abc import Callable

_LOOKS = 3
_BETWEEN_LOOKS_S = 0.02


@dataclass(frozen=True)
class Daemon:
    """A background process of bench's own, known by a pid file.

    Attributes:
        name: its display name.
        arguments: its command line; `marker` must occur in it.
        marker: text that identifies the process as this daemon, in case its pid was reused.
        pid_file, log_file: where its pid and its output are written.
        leftovers: files that a killed daemon leaves behind and that stop a new one from starting.
    """

    name: str
    arguments: tuple[str, ...]
    marker: str
    pid_file: Path
    log_file: Path
    environment: tuple[tuple[str, str], ...] = ()
    leftovers: tuple[Path, ...] = ()

    def pid(self) -> int | None:
        """The pid of the running daemon; None if it is not running."""
        try:
            pid = int(self.pid_file.read_text())
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
        except (OSError, ValueError):
            return None
        return pid if self.marker.encode() in command else None

    def start(self) -> None:
        """Start it in a session of its own, unless it is already running."""
        if self.pid() is not None:
            return
        self.log_file.parent.mkdir(parents=True, exist_ok=True)
        self.pid_file.parent.mkdir(parents=True, exist_ok=True)
        for path in self.leftovers:
            path.unlink(missing_ok=True)
        with self.log_file.open("ab") as log:
            try:
                process = subprocess.Popen(
                    self.arguments,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                    env=os.environ | dict(self.environment),
                )
            except OSError as error:
                raise HostError(self.name, f"cannot be started: {error.strerror}") from error
        self.pid_file.write_text(str(process.pid))
        while self.pid() is None and process.poll() is None:
            time.sleep(0.001)  # between fork and exec it has no command line yet

    def comes_up(self, answers: Callable[[], bool], timeout_s: float) -> bool:
        """Wait until it answers; returns False if it exits, or on a time-out.

        A daemon started through another program (`ip netns exec`) has no command line while exec
        replaces the program, just like a process that has ended; it counts as gone if that lasts.
        """
        deadline = time.monotonic() + timeout_s
        looks = 0
        while not answers():
            looks = looks + 1 if self.pid() is None else 0
            if looks == _LOOKS or time.monotonic() > deadline:
                return False
            time.sleep(_BETWEEN_LOOKS_S)
        return True

    def stop(self, timeout_s: float = 15.0) -> None:
        """Stop it with SIGTERM, then with SIGKILL if it does not exit."""
        pid = self.pid()
        if pid is not None:
            for number, patience_s in ((signal.SIGTERM, timeout_s), (signal.SIGKILL, 5.0)):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, number)
                if self._gone(patience_s):
                    break
        self.pid_file.unlink(missing_ok=True)

    def _gone(self, patience_s: float) -> bool:
        deadline = time.monotonic() + patience_s
        while time.monotonic() < deadline:
            self._reap()
            if self.pid() is None:
                return True
            time.sleep(0.02)
        return False

    def _reap(self) -> None:
        """Reap it if it is a child of this process."""
        with contextlib.suppress(ChildProcessError, OSError, ValueError):
            os.waitpid(int(self.pid_file.read_text()), os.WNOHANG)

    def log_tail(self, lines: int = 6) -> str:
        """The last lines of its log."""
        try:
            text = self.log_file.read_text(errors="replace")
        except OSError:
            return ""
        return "\n    ".join(text.splitlines()[-lines:])
