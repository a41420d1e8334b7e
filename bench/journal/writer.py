"""The journal: everything that happened, a JSON object a line, appended and flushed as it does.

Each line has a number and a checksum, by which one that was changed, lost, doubled or moved is
noticed (`lines.py`).

Events and their fields (times are CLOCK_MONOTONIC nanoseconds where the name ends in `_ns`,
UTC labels where it is `at`):

run_started     schema_version, run_id, name, bench_version, at, seed, scenario_file, scenario
                (resolved, secrets redacted), plan (list of trial keys), host, noise (measured_at,
                floors: metric -> share, median, n), engine, builder, link (text, rate_bit_s)
run_resumed     at
host_wait       at, waited_s, in_vain, other_share, steal_share (the largest seen), busy (name,
                pid, cores): the next trial has waited for a quiet host
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

from bench.core.errors import StoreError
from bench.core.text import clean_tree
from bench.journal.lines import LARGEST_JOURNAL, LONGEST_LINE, MOST_LINES, JournalPosition, Lines

if TYPE_CHECKING:
    from pathlib import Path

SCHEMA_VERSION = 2
FILE_NAME = "events.jsonl"

SCHEMA_HISTORY = {
    1: "first version",
    2: "every line of the journal has a number, `seq`, and a checksum, `crc`",
}
"""Changes of each schema version; a test fails when fields change without an entry here."""


class Journal:
    """An append-only file of events; each append is written to the file before it returns."""

    def __init__(self, path: Path) -> None:
        """Open `path` for appending; an incomplete line left by a killed writer is terminated.

        Raises:
            StoreError: it cannot be written, is damaged, or has no checksums to continue from.
        """
        self._path = path
        self._lock = threading.Lock()  # the sampler writes its batches from a thread
        self._failed = ""
        self._is_unsure = False  # whether an append was broken off by an interruption
        self._end, self._size, self._torn = JournalPosition(), 0, False
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK
        try:
            self._file = os.fdopen(os.open(path, flags | os.O_CLOEXEC, 0o666), "ab", buffering=0)
        except OSError as error:
            raise StoreError(str(path), f"cannot be written: {error.strerror}") from error
        try:
            if os.fstat(self._file.fileno()).st_size:
                self._go_on()
        except StoreError:
            self._file.close()
            raise

    def _go_on(self) -> None:
        """Find the position at which an earlier writer stopped."""
        lines = Lines(self._path)
        for _ in lines.events():
            pass
        if not lines.sealed:
            raise StoreError(
                str(self._path),
                "its lines have no checksums that others could go on with",
                "go on with the bench that wrote it, or start a new run",
            )
        self._end, self._size, self._torn = lines.end, lines.size, lines.is_open

    def append(self, event: str, **fields: Any) -> None:
        """Write one event.

        After a failure no further event is accepted, since it would hide that one was lost. A
        resumed run continues from the last complete line.

        Raises:
            StoreError: the disk is full or the file is gone, or the event or the journal exceeds
                the bounds for reading.
        """
        whole = {"event": event, **_cleaned(event, fields)}
        text = json.dumps(whole, separators=(",", ":"), allow_nan=False)
        with self._lock:
            if self._is_unsure and not self._failed:
                self._go_on()
            self._is_unsure = True
            line, end = self._end.seal(text)
            self._check_room(event, line)
            if not self._failed:
                self._write(b"\n" + line if self._torn else line)
            if self._failed:
                raise StoreError(
                    str(self._path),
                    f"the journal cannot be written: {self._failed}",
                    "free some disk space, then continue with `bench run --resume`",
                )
            self._end, self._size, self._torn = end, self._size + len(line), False
            self._is_unsure = False

    def _check_room(self, event: str, line: bytes) -> None:
        if len(line) > LONGEST_LINE:
            raise StoreError(str(self._path), f"an event {event!r} has {len(line)} bytes")
        if self._end.seq >= MOST_LINES or self._size + len(line) > LARGEST_JOURNAL:
            raise StoreError(
                str(self._path),
                "the journal is as large as one may be",
                "measure less in one run: fewer trials, or a longer sample interval",
            )

    def _write(self, rest: bytes) -> None:
        """Write all bytes: a disk that fills up accepts only a part, without an error."""
        try:
            while rest:
                rest = rest[self._file.write(rest) :]
        except OSError as error:
            self._failed = error.strerror or str(error)

    def close(self) -> None:
        """Flush to disk and close.

        Raises:
            StoreError: the data cannot be written to disk.
        """
        try:
            os.fsync(self._file.fileno())
        except OSError as error:
            raise StoreError(
                str(self._path), f"the journal cannot be kept: {error.strerror}"
            ) from error
        finally:
            self._file.close()


def _cleaned(event: str, fields: dict[str, Any]) -> dict[str, Any]:
    """The fields of an event with clean text.

    Batches of numbers contain none, and a scenario is stored unchanged, since a resumed run
    continues with it; it is cleaned when it is read for a report.
    """
    if event in ("samples", "threads"):
        return fields
    return {
        name: value if name == "scenario" else clean_tree(value) for name, value in fields.items()
    }
