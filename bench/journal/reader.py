"""Reading a journal: its events, grouped by what they belong to, before anything is computed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bench.core.errors import StoreError
from bench.core.exit_code import INTERRUPTED
from bench.core.text import clean, clean_tree
from bench.journal.columns import sample_columns, thread_columns
from bench.journal.events import check_event
from bench.journal.facts.baseline import EVENT as BASELINE_EVENT
from bench.journal.facts.baseline import Baseline
from bench.journal.facts.case import Stopped
from bench.journal.lines import Lines
from bench.journal.sequence import RunSequence
from bench.journal.trial_events import TrialEvents
from bench.journal.upgrade import upgrade_notes
from bench.journal.writer import SCHEMA_VERSION

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from bench.journal.facts.header import RunHeader
    from bench.journal.facts.host import HostWait
    from bench.journal.facts.image import BaseRecord, ImageFacts

UNSOUND = (KeyError, TypeError, ValueError, AttributeError, ArithmeticError)
"""Exceptions that Python raises when a journal has unexpected contents."""


@dataclass
class Reading:
    """The contents of a journal.

    Attributes:
        header: the start of the run.
        images: facts about each case's image, including the calibration's.
        failed_images: why a case has no image, by case.
        faultless_images: the cases of those of which an engine or bench is the cause.
        stopped: by case, facts about cases whose remaining trials were skipped.
        bases: the bases that the FROM lines of each case resolved to.
        trials: by id, in chronological order.
        waits: for a quiet host, in chronological order.
        notes: notes that a reader must see.
        outcome: `complete`, `interrupted`, `stopped` if a case has no image, or `cut off` if the
            journal ends without an end event.
        interrupted: exit code of the signal that interrupted it, else 0.
        ended_at: UTC label of the end, or empty.
        baseline: the last comparison with an earlier run, or None.
        is_bounded: whether a busy host made trials invalid.
        sequence: refuses events that are out of order.
    """

    header: RunHeader
    images: dict[str, ImageFacts] = field(default_factory=dict)
    failed_images: dict[str, str] = field(default_factory=dict)
    faultless_images: set[str] = field(default_factory=set)
    stopped: dict[str, Stopped] = field(default_factory=dict)
    bases: dict[str, list[BaseRecord]] = field(default_factory=dict)
    trials: dict[str, TrialEvents] = field(default_factory=dict)
    waits: list[HostWait] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    outcome: str = "cut off"
    interrupted: int = 0
    ended_at: str = ""
    baseline: Baseline | None = None
    is_bounded: bool = True
    sequence: RunSequence = field(init=False)

    def __post_init__(self) -> None:
        """Start checking the order of events."""
        self.sequence = RunSequence(self.header.plan)

    def take(self, event: Mapping[str, Any], read: Any) -> None:
        """Store one event; `read` is the event as returned by `check_event`."""
        self.sequence.take(event, read)
        kind = event["event"]
        if kind == "samples":
            self.trials[event["trial_id"]].add_samples(
                str(event["method"]), sample_columns(dict(event))
            )
        elif kind == "threads":
            self.trials[event["trial_id"]].threads.append(thread_columns(dict(event)))
        elif kind == "phase":
            self.trials[event["trial_id"]].phases.append(read)
        elif kind == "layers":
            self.trials[event["trial_id"]].layers.extend(read.layers)
        elif kind == "trial_started":
            self.trials[event["trial_id"]] = TrialEvents(read)
            self.stopped.pop(read.key.case, None)  # `--resume --keep-going` makes them
        elif kind == "trial_ended":
            self.trials[event["trial_id"]].ended = read
        elif kind == "image_ready" and read.role in ("case", "calibration"):
            self.images[read.case] = read.facts
            self.bases[read.case] = list(read.bases)
            self.failed_images.pop(read.case, None)
            self.faultless_images.discard(read.case)
        elif kind == "image_failed":
            self.failed_images[event["case"]] = event["reason"]
            if event.get("status") == "error":
                self.faultless_images.add(event["case"])
        elif kind == "host_wait":
            self.waits.append(read.wait)
        elif kind == "case_stopped":
            self.stopped[read.case] = Stopped(read.left_out, read.planned)
        elif kind == BASELINE_EVENT:
            self.baseline = read
        elif kind == "note":
            self.notes.append(event["text"])
        elif kind == "run_ended":
            self.outcome, self.ended_at = event["outcome"], event["at"]
            if self.outcome == "interrupted":
                self.interrupted = event.get("exit_code") or INTERRUPTED[0]
        elif kind == "run_resumed":
            self.baseline = None  # it was compared without what follows
            self.outcome, self.ended_at, self.interrupted = "cut off", "", 0


class JournalReader:
    """Reads a journal, and later any events appended to it since.

    Attributes:
        lines: the position reached.
    """

    def __init__(self, path: Path) -> None:
        """`path` is that of the journal."""
        self._path = path
        self.lines = Lines(path)
        self._reading: Reading | None = None

    def read(self) -> Reading:
        """The contents of the journal; the same object each time.

        Raises:
            StoreError: there is none, it is damaged, or another version of bench wrote it.
        """
        kind = ""
        try:
            for line in self.lines.events():
                kind = line["event"]
                # it may come from an untrusted source, or from a bench that did not clean text
                is_clean = kind in ("samples", "threads") or self.lines.is_plain
                event = line if is_clean else clean_tree(line)
                if kind == "samples" and isinstance(event.get("method"), str):
                    event["method"] = clean(event["method"])
                if kind == "run_started":
                    check_version(self._path, event, self.lines)
                read = check_event(event)
                if self._reading is not None:
                    self._reading.take(event, read)
                elif kind == "run_started":
                    self._reading = Reading(read)
                else:
                    raise ValueError("it comes before `run_started`")
            if self._reading is not None:
                kind = "run_ended"
                made = self._reading.images.keys() - self._reading.failed_images
                self._reading.sequence.check_whole(made)
        except UNSOUND as error:
            raise damage(self._path, f"an event {kind!r} is damaged", error) from error
        if self._reading is None:
            cause = "does not say how the run began"
            raise StoreError(str(self._path), cause, "point to another run")
        return self._reading


def read_journal(path: Path) -> Reading:
    """The contents of the journal at `path`.

    Raises:
        StoreError: there is none, it is damaged, or another version of bench wrote it.
    """
    reader = JournalReader(path)
    reading = reader.read()
    found = upgrade_notes(reading.header.schema_version, reader.lines)
    reading.notes += found.notes
    reading.is_bounded = found.is_bounded
    return reading


def damage(path: Path, what: str, error: Exception) -> StoreError:
    """The error shown to users when unsound data caused `error`."""
    cause = f"{what}: {_first_line(error)}"
    return StoreError(str(path), cause, "the file was changed or is not whole")


def _first_line(error: Exception) -> str:
    from pydantic import ValidationError

    if isinstance(error, ValidationError):
        fault = error.errors(include_url=False, include_input=False)[0]
        return f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}"
    return f"no {error}" if isinstance(error, KeyError) else str(error)


def check_version(path: Path, header: Mapping[str, Any], lines: Lines) -> None:
    """Refuse a journal of an unknown version, or one that is not of the version it states.

    Raises:
        StoreError: names both versions.
    """
    version: Any = header.get("schema_version")
    known = range(1, SCHEMA_VERSION + 1)
    if version not in known or isinstance(version, bool):
        raise StoreError(
            str(path),
            f"has schema version {version}, and this bench reads {known[0]} to {known[-1]}",
            "use the bench that wrote it, or a newer one",
        )
    if (version > 1) != lines.sealed:
        raise StoreError(
            str(path),
            f"says that it is of version {version}, and its lines have "
            f"{'' if lines.sealed else 'no '}checksums",
            "the file was changed",
        )
