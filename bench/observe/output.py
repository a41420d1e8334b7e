"""Watching a container: the end of its main process, and its output, each in its own thread."""

from __future__ import annotations

import contextlib
import os
import re
import select
import threading
from collections import defaultdict, deque
from typing import TYPE_CHECKING

from bench.core.capability import Capability
from bench.core.errors import EngineError
from bench.core.text import clean, decoded
from bench.observe.observer import Observer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bench.core.clock import Clock
    from bench.runtimes.workload import OutputStream, Workload, WorkloadState

_TAIL_BYTES = 64 * 1024
_LONGEST_LINE = 1024 * 1024
_LINE_END = re.compile(rb"\r\n|\r|\n")
_LONGEST_LIFE_S = 7 * 24 * 3600.0

REST_S = 0.2
"""How long the beginning of a line must stand alone until it is looked at as it is: a prompt."""


class ExitWatch(Observer):
    """Notes when the main process ends.

    Where the process can be seen from here its pidfd tells within about a millisecond; elsewhere
    the engine's `wait` does, 50 to 100 ms late. `resolution_ns` says which.
    """

    _WAIT_LATENESS_NS = 120_000_000

    def __init__(self, workload: Workload, clock: Clock) -> None:
        self._workload = workload
        self._clock = clock
        self._ended = threading.Event()
        self._listeners: list[Callable[[], None]] = []
        self._code: int | None = None
        self.at_ns: int | None = None
        self.resolution_ns: int | None = None

    def on_end(self, listener: Callable[[], None]) -> None:
        """Call `listener` from the watching thread when the process ends."""
        self._listeners.append(listener)

    def started(self, state: WorkloadState, sent_ns: int) -> None:
        """Watch its process."""
        self.start(state.pid, sent_ns)

    def start(self, pid: int, started_ns: int) -> None:
        """Begin to watch; `pid` is 0 where the process has ended already.

        Args:
            pid: the main process as the engine knows it.
            started_ns: when the start request was sent, for the bound on an end not seen.
        """
        if pid == 0:
            self._note(self._clock.monotonic_ns(), self._clock.monotonic_ns() - started_ns)
            return
        descriptor = -1
        if Capability.LOCAL in self._workload.capabilities:
            try:
                descriptor = os.pidfd_open(pid)
            except ProcessLookupError:
                now_ns = self._clock.monotonic_ns()
                self._note(now_ns, now_ns - started_ns)
                return
            except OSError:
                descriptor = -1  # a kernel before 5.3, or a sandbox that forbids it
        target = self._wait_for_pidfd if descriptor >= 0 else self._wait_for_engine
        threading.Thread(target=target, args=(descriptor,), name="exit", daemon=True).start()

    def _wait_for_pidfd(self, descriptor: int) -> None:
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        poll.poll()
        self._note(self._clock.monotonic_ns(), 1_000_000)
        os.close(descriptor)

    def _wait_for_engine(self, _: int) -> None:
        with contextlib.suppress(EngineError):  # the trial meets the dead engine itself
            self._code = self._workload.wait(_LONGEST_LIFE_S)
        self._note(self._clock.monotonic_ns(), self._WAIT_LATENESS_NS)

    def _note(self, at_ns: int, resolution_ns: int) -> None:
        self.at_ns, self.resolution_ns = at_ns, resolution_ns
        self._ended.set()
        for listener in self._listeners:
            listener()

    @property
    def ended(self) -> bool:
        """Whether the process has ended."""
        return self._ended.is_set()

    def wait(self, timeout_s: float) -> bool:
        """Wait for the end; whether it came."""
        return self._ended.wait(timeout_s)

    def exit_code(self, timeout_s: float = 30.0) -> int:
        """The exit code, once the process has ended."""
        if self._code is None:
            self._code = self._workload.wait(timeout_s)
        return self._code


class OutputWatch:
    """Follows the output: its first byte, lines that match a pattern, and its tail.

    A line ends with LF, with CR LF, or with CR alone, as progress bars have it.

    Attributes:
        first_ns: when its first byte came.
        matched_ns: when lines came that matched, by pattern; no more than were asked for.
    """

    def __init__(
        self,
        stream: OutputStream,
        clock: Clock,
        patterns: Mapping[str, int],
        hide: Callable[[str], str] = str,
        each_line: Callable[[str], None] | None = None,
    ) -> None:
        """Prepare to follow a stream; `start` begins.

        Args:
            stream: the output.
            clock: stamps it.
            patterns: how many matching lines are noted of each.
            hide: takes secrets out of what is shown; patterns see all of it.
            each_line: given every line to the end of the output, from the watching thread.
        """
        self._stream = stream
        self._clock = clock
        self._hide = hide
        self._each_line = each_line
        self._patterns = {text: re.compile(text) for text in patterns}
        self._wanted = dict(patterns)
        self._missing = set(patterns)
        self._tail: deque[bytes] = deque()
        self._tail_bytes = 0
        self._begins_within = False  # whether the first line that is kept has lost its beginning
        self._lines: defaultdict[int, _LineAssembler] = defaultdict(_LineAssembler)
        self._looking = threading.Lock()
        self._listeners: list[Callable[[], None]] = []
        self._thread = threading.Thread(target=self._follow, name="output", daemon=True)
        self.first_ns: int | None = None
        self.matched_ns: dict[str, list[int]] = {}
        self.total_bytes = 0

    def on_match(self, listener: Callable[[], None]) -> None:
        """Call `listener` when a pattern has matched as often as was asked for."""
        self._listeners.append(listener)

    def start(self) -> None:
        """Begin to follow."""
        self._thread.start()

    def _follow(self) -> None:
        for chunk in self._stream:
            stamp_ns = self._clock.monotonic_ns()
            self.first_ns = self.first_ns or stamp_ns
            self.total_bytes += len(chunk.data)
            self._keep(chunk.data)
            if self._each_line or self._missing:
                with self._looking:
                    self._take(self._lines[chunk.stream], chunk.data, stamp_ns)
        with self._looking:
            for lines in self._lines.values():
                if lines.partial:
                    self._read(lines, lines.partial, self._clock.monotonic_ns())

    def _take(self, lines: _LineAssembler, data: bytes, stamp_ns: int) -> None:
        for line in lines.take(data):
            self._read(lines, line, stamp_ns)
            lines.seen.clear()
        lines.came_ns = stamp_ns

    def look_at_rest(self) -> None:
        """Search the beginnings of lines that have stood alone for a while, as prompts do.

        What matched so does not match again when its line is complete.
        """
        if not self._missing:
            return
        now_ns = self._clock.monotonic_ns()
        with self._looking:
            for lines in self._lines.values():
                if lines.partial and now_ns - lines.came_ns >= REST_S * 1e9:
                    self._match(lines, lines.partial, lines.came_ns)

    def _keep(self, data: bytes) -> None:
        self._tail.append(data)
        self._tail_bytes += len(data)
        while len(self._tail) > 1 and self._tail_bytes - len(self._tail[0]) >= _TAIL_BYTES:
            dropped = self._tail.popleft()
            self._tail_bytes -= len(dropped)
            self._begins_within = not dropped.endswith(b"\n")

    def _read(self, lines: _LineAssembler, line: bytes, stamp_ns: int) -> None:
        if self._each_line:
            self._each_line(line.decode(errors="replace"))
        self._match(lines, line, stamp_ns)

    def _match(self, lines: _LineAssembler, line: bytes, stamp_ns: int) -> None:
        if not self._missing:
            return
        readable = line.decode(errors="replace")
        plain = clean(readable) if "\x1b" in readable else readable  # as it is read: no colours
        for text, pattern in self._patterns.items():
            if text not in self._missing or text in lines.seen:
                continue
            if not (pattern.search(readable) or pattern.search(plain)):
                continue
            lines.seen.add(text)
            stamps = self.matched_ns.setdefault(text, [])
            stamps.append(stamp_ns)
            if len(stamps) >= self._wanted[text]:
                self._missing.discard(text)
                for listener in self._listeners:
                    listener()

    def wait_end(self, timeout_s: float) -> bool:
        """Wait until the output has ended; whether it has."""
        if self._thread.is_alive():
            self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def tail(self, lines: int = 20) -> list[str]:
        """The last lines so far."""
        return [line[:500] for line in self.text().splitlines()[-lines:]]

    def text(self) -> str:
        """All that is kept: the last 64 KiB or so."""
        text = decoded(b"".join(list(self._tail)))
        if self._begins_within:
            text = text.partition("\n")[2] or text  # half of a secret would not be known as one
        return self._hide(text)

    def close(self) -> None:
        """Stop following."""
        self._stream.close()
        self.wait_end(5.0)


class _LineAssembler:
    """Puts the lines of one stream together; of one that is too long only the start counts.

    Attributes:
        partial: the beginning of a line whose end has not come.
        came_ns: when the last of it came.
        seen: patterns that have matched it already.
    """

    def __init__(self) -> None:
        self.partial = b""
        self.came_ns = 0
        self.seen: set[str] = set()
        self._is_cut = False
        self._ended_by_cr = False

    def take(self, data: bytes) -> list[bytes]:
        """The lines that `data` completes."""
        if self._ended_by_cr and data:
            data = data.removeprefix(b"\n")  # the rest of CR LF
        self._ended_by_cr = data.endswith(b"\r")
        pieces = _LINE_END.split(data) if b"\r" in data else data.split(b"\n")
        pieces[0] = self.partial + pieces[0]
        *lines, rest = pieces
        if lines and self._is_cut:
            lines.pop(0)  # the rest of the long one
            self._is_cut = False
        if self._is_cut:
            rest = b""
        elif len(rest) > _LONGEST_LINE:
            lines.append(rest[:_LONGEST_LINE])
            rest, self._is_cut = b"", True
        self.partial = rest
        return lines
