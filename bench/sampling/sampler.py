"""The sampler: reads sources at a steady interval in a thread of its own.

While a trial runs it only collects raw bytes; they are parsed and handed on once a second.
Totals and peaks are the kernel's own: what is sampled draws the curve between them.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.core.clock import Clock

_FLUSH_EVERY_NS = 1_000_000_000

Columns = dict[str, list[int | None]]


class SampleSource(Protocol):
    """Something that can be read at any moment, and parsed later."""

    def read(self) -> Any:
        """Raw reading."""
        ...

    def parse(self, raw: Any) -> dict[str, int]:
        """The columns in a raw reading."""
        ...


class Sampler:
    """Reads its sources every `interval_s` until it is stopped; sources may be added on the way."""

    def __init__(
        self, clock: Clock, interval_s: float, on_batch: Callable[[Columns], None]
    ) -> None:
        self._clock = clock
        self._interval_s = interval_s
        self._on_batch = on_batch
        self._sources: tuple[SampleSource, ...] = ()
        self._pending: list[tuple[int, list[tuple[SampleSource, Any]]]] = []
        self._last_flush_ns = clock.monotonic_ns()
        self._reading = threading.Lock()
        self._lock = threading.Lock()
        self._handing_on = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sampler", daemon=True)
        self.failure: Exception | None = None

    def add(self, source: SampleSource) -> None:
        """Read `source` too, from the next sample on."""
        self._sources = (*self._sources, source)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Take a last sample, hand on what is pending, and end; trouble is kept in `failure`."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()
        try:
            if self.failure is None:
                self.sample()
        except Exception as error:  # noqa: BLE001 - handed to the trial, which ends in error
            self.failure = error
        try:
            self.flush()
        except Exception as error:  # noqa: BLE001 - as above
            self.failure = self.failure or error

    def sample_now(self) -> None:
        """Take a sample between two others, from any thread; none once it was stopped.

        Trouble is kept in `failure`.
        """
        try:
            with self._reading:
                if not self._stop.is_set():
                    self._sample()
        except Exception as error:  # noqa: BLE001 - handed to the trial, which ends in error
            self.failure = self.failure or error

    def sample(self) -> None:
        """Take one sample now."""
        with self._reading:
            self._sample()

    def _sample(self) -> None:
        stamp = self._clock.monotonic_ns()
        readings = [(source, source.read()) for source in self._sources]
        with self._lock:
            self._pending.append((stamp, readings))

    def flush(self) -> None:
        """Parse what is pending and hand it on, column by column."""
        with self._handing_on:  # batches keep the order of their samples
            with self._lock:
                pending, self._pending = self._pending, []
            self._last_flush_ns = self._clock.monotonic_ns()
            if pending:
                self._on_batch(_columns(pending))

    def _run(self) -> None:
        try:
            due_ns = self._clock.monotonic_ns()
            step_ns = round(self._interval_s * 1e9)
            while not self._stop.is_set():
                self.sample()
                if self._clock.monotonic_ns() - self._last_flush_ns >= _FLUSH_EVERY_NS:
                    self.flush()
                now_ns = self._clock.monotonic_ns()
                due_ns = max(due_ns + step_ns, now_ns)  # late samples are not made up for
                self._stop.wait((due_ns - now_ns) / 1e9)
        except Exception as error:  # noqa: BLE001 - handed to the trial, which ends in error
            self.failure = error


def _columns(pending: list[tuple[int, list[tuple[SampleSource, Any]]]]) -> Columns:
    """One list for each name, None where a sample has nothing under it."""
    rows: list[dict[str, int]] = []
    for stamp, readings in pending:
        row = {"t_ns": stamp}
        for source, raw in readings:
            if raw is not None:
                row |= source.parse(raw)
        rows.append(row)
    names = list(dict.fromkeys(name for row in rows for name in row))
    return {name: [row.get(name) for row in rows] for name in names}
