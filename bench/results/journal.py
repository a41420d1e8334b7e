"""The journal: everything that happened, a JSON object a line, appended and flushed as it does.

Events and their fields (times are CLOCK_MONOTONIC nanoseconds where the name ends in `_ns`,
UTC labels where it is `at`):

run_started     schema_version, run_id, name, bench_version, at, seed, scenario_file, scenario
                (resolved, secrets redacted), plan (list of trial keys), host, noise (measured_at,
                floors: metric -> share, median, n), engine, builder, link (text, rate_bit_s)
run_resumed     at
image_ready     role (case, service, load or calibration), case, reference, digest, source, build_s,
                builder, size_bytes, transfer_bytes, waste_bytes, engine_size_bytes, layers
                (digest, instruction, transfer_bytes, unpacked_bytes), config, build_steps,
                rebuild_s, rebuilt (instructions), parts (of a stack: service, reference, digest,
                size_bytes, transfer_bytes); of a plain process only build_s, the time of its setup,
                is known: source is `host`
image_failed    role, case, status (failed or error), reason, log_tail
case_stopped    case, reason, trials (ids of those that failed the same way), left_out (how many of
                its trials are not made), planned (how many there were to be)
trial_started   trial_id, key (the fields of TrialKey), service (of a stack, whose own trial has
                none), attempt, at, pid
phase           trial_id, phase, start_ns, end_ns, clock, resolution_ns
layers          trial_id, layers (the fields of LayerPull)
samples         trial_id, method, columns (name -> list of integers; t_ns is one of them)
threads         trial_id, t_ns, thread, run_ns, wait_ns (lists of one length: a thread whose times
                have changed, until the container is ready)
trial_ended     trial_id, status, reason, facts (of a pull: link with rate_bit_s and achieved_bit_s,
                served with requests, size_bytes and blobs: digest -> the same; of a stack: stack
                with services in the order of their start, volumes; of a service of one: member
                with ready_by, restart, waits (service, condition), waited_ns, pulled), log_tail
note            text: something that a reader of the results must know
run_ended       at, outcome (complete, interrupted, or stopped: a case has no image, and no trial
                was made), exit_code (of an interruption: 130 or 143, else 0)
baseline_compared  run_id, folder (of the earlier run), unlike and notes (lists of phrases),
                comparisons (the fields of Comparison); the last one counts

Anything else that bench ever reports is computed from these lines.
"""

from __future__ import annotations

import json
import os
import threading
from typing import TYPE_CHECKING, Any

from bench.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SCHEMA_VERSION = 1
FILE_NAME = "events.jsonl"

SCHEMA_HISTORY = {1: "first version"}
"""What changed with each schema version; a test fails when fields change and this does not."""


class Journal:
    """An append-only file of events; each append is on its way to disk before it returns."""

    def __init__(self, path: Path) -> None:
        """Open `path` for appending; a line that a killed writer left half written is closed."""
        self._path = path
        self._lock = threading.Lock()  # the sampler writes its batches from a thread
        try:
            self._torn = path.exists() and path.stat().st_size > 0 and not _ends_with_newline(path)
            self._file = path.open("ab", buffering=0)
        except OSError as error:
            raise StoreError(str(path), f"cannot be written: {error.strerror}") from error

    def append(self, event: str, **fields: Any) -> None:
        """Write one event.

        Raises:
            StoreError: the disk is full or the file is gone.
        """
        line = json.dumps({"event": event, **fields}, separators=(",", ":"), allow_nan=False)
        try:
            with self._lock:
                self._write(line.encode() + b"\n")
        except OSError as error:
            raise StoreError(
                str(self._path),
                f"the journal cannot be written: {error.strerror}",
                "free some disk space, then continue with `bench run --resume`",
            ) from error

    def _write(self, line: bytes) -> None:
        """Write all of `line`: a disk that fills up takes a part of it and says nothing."""
        rest = b"\n" + line if self._torn else line
        while rest:
            written = self._file.write(rest)
            rest = rest[written:]
            self._torn = bool(rest)

    def close(self) -> None:
        """Flush to disk and close.

        Raises:
            StoreError: the disk does not take it.
        """
        try:
            os.fsync(self._file.fileno())
        except OSError as error:
            raise StoreError(
                str(self._path), f"the journal cannot be kept: {error.strerror}"
            ) from error
        finally:
            self._file.close()


def _ends_with_newline(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"


def read_events(path: Path) -> Iterator[dict[str, Any]]:
    """The events of the journal at `path`; lines that a kill left torn are passed over.

    Raises:
        StoreError: no such file, or no line of it is an event.
    """
    try:
        file = path.open("rb")
    except OSError as error:
        raise StoreError(
            str(path), f"cannot be read: {error.strerror}", "`bench list` shows the runs there are"
        ) from error
    seen = False
    decode = json.JSONDecoder(parse_constant=_not_a_number).decode
    with file:
        for line in file:
            try:
                event = decode(line.decode())
            except (ValueError, RecursionError):
                continue
            if isinstance(event, dict) and isinstance(event.get("event"), str):
                seen = True
                yield event
    if not seen:
        raise StoreError(str(path), "is not a journal of bench", "point to a run folder")


def _not_a_number(text: str) -> None:
    raise ValueError(f"{text} is no JSON")
