"""Progress of a run: one line per trial, one line per phase, JSON, or nothing."""

from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING, Any, TextIO

from bench.core.metrics import METRICS
from bench.core.text import clean, clean_tree
from bench.core.units import format_seconds
from bench.trial.progress import Progress, Silent

if TYPE_CHECKING:
    from bench.core.domain import TrialKey

MODES = ("auto", "tty", "plain", "json", "quiet")


def make_progress(mode: str, stream: TextIO | None = None) -> Progress:
    """The progress display for `mode`; `auto` looks whether stderr is a terminal."""
    stream = stream or sys.stderr
    if mode == "auto":
        mode = "tty" if stream.isatty() else "plain"
    if mode == "quiet":
        return Silent()
    if mode == "json":
        return _Json(stream)
    return _Tty(stream) if mode == "tty" else _Plain(stream)


def _name(number: int, total: int, key: TrialKey) -> str:
    arm = "" if key.arm == "fit" else f" {key.arm}"
    network = "" if key.network == "open" else f" {key.network}"
    together = f" {key.replicas} at once" if key.replicas else ""
    warmup = " warm-up" if key.warmup else ""
    return f"[{number}/{total}] {key.case} {key.cache}{arm}{network}{together}{warmup}"


def _ending(status: str, reason: str, startup_s: float | None) -> str:
    """The result of a trial; its start has the same name as in every report."""
    if status == "ok":
        if startup_s is None:
            return "ok"
        return f"ok     {METRICS['startup_s'].title} {format_seconds(startup_s)}"
    return f"{status}: {reason.splitlines()[0] if reason else ''}"


def _phase_name(phase: str) -> str:
    """The name that the time of a phase has in reports, where it has one."""
    metric = METRICS.get(f"{phase}_s")
    return metric.title if metric else phase


class _Plain:
    """One line per phase and one per trial, each with the seconds since the run began."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._begun = time.monotonic()
        self._trial = ""

    def _line(self, text: str) -> None:
        self._stream.write(f"{time.monotonic() - self._begun:7.1f}s  {clean(text)}\n")
        self._stream.flush()

    def say(self, text: str) -> None:
        """A line."""
        self._line(text)

    def trial_begins(self, number: int, total: int, key: TrialKey) -> None:
        """Remember whose lines follow."""
        self._trial = _name(number, total, key)

    def phase_ended(self, phase: str, seconds: float) -> None:
        """One line per phase."""
        self._line(f"{self._trial}  {_phase_name(phase):<8} {format_seconds(seconds)}")

    def trial_ended(self, status: str, reason: str, startup_s: float | None) -> None:
        """One line per trial."""
        self._line(f"{self._trial}  {_ending(status, reason, startup_s)}")


class _Tty:
    """One line that is written over while a trial goes on, and stays when it ends."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._trial = ""
        self._phases: list[str] = []

    def _redraw(self, text: str, *, final: bool = False) -> None:
        import shutil

        width = shutil.get_terminal_size().columns
        line = clean(text).replace("\n", " ")[: width - 1]
        self._stream.write(f"\r\x1b[2K{line}{chr(10) if final else ''}")
        self._stream.flush()

    def say(self, text: str) -> None:
        """As many lines as it takes, which stay."""
        import shutil
        import textwrap

        for line in textwrap.wrap(text, max(1, shutil.get_terminal_size().columns - 1)):
            self._redraw(line, final=True)

    def trial_begins(self, number: int, total: int, key: TrialKey) -> None:
        """Begin the line of a trial."""
        self._trial, self._phases = _name(number, total, key), []
        self._redraw(self._trial)

    def phase_ended(self, phase: str, seconds: float) -> None:
        """Add to it."""
        self._phases.append(f"{_phase_name(phase)} {format_seconds(seconds)}")
        self._redraw(f"{self._trial}  {' · '.join(self._phases)}")

    def trial_ended(self, status: str, reason: str, startup_s: float | None) -> None:
        """Leave its outcome standing."""
        self._redraw(f"{self._trial}  {_ending(status, reason, startup_s)}", final=True)


class _Json:
    """One JSON object a line."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._trial: dict[str, Any] = {}

    def _write(self, event: str, **fields: Any) -> None:
        self._stream.write(json.dumps(clean_tree({"event": event, **fields})) + "\n")
        self._stream.flush()

    def say(self, text: str) -> None:
        """A note."""
        self._write("note", text=text)

    def trial_begins(self, number: int, total: int, key: TrialKey) -> None:
        """A trial begins."""
        self._trial = {
            "trial": number,
            "of": total,
            "case": key.case,
            "cache": key.cache,
            "arm": key.arm,
            "network": key.network,
            "replicas": key.replicas,
        }
        self._write("trial_begins", **self._trial)

    def phase_ended(self, phase: str, seconds: float) -> None:
        """A phase ended."""
        self._write("phase_ended", **self._trial, phase=phase, seconds=seconds)

    def trial_ended(self, status: str, reason: str, startup_s: float | None) -> None:
        """A trial ended."""
        self._write(
            "trial_ended",
            **self._trial,
            status=status,
            reason=reason,
            startup_s=startup_s,
        )
