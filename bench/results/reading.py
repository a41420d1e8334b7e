"""Reading a journal: its events, gathered by what they belong to, before anything is computed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bench.errors import StoreError
from bench.exit_code import INTERRUPTED
from bench.results.baseline import EVENT as BASELINE_EVENT
from bench.results.baseline import Baseline
from bench.results.derive import TrialEvents
from bench.results.events import check_event, sample_columns
from bench.results.journal import SCHEMA_VERSION, read_events
from bench.results.model import (
    ImageFacts,
    ImagePart,
    LayerFacts,
    LayerPull,
    Stopped,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

UNSOUND = (KeyError, TypeError, ValueError, AttributeError, ArithmeticError)
"""What Python says where a journal does not hold what it should."""


@dataclass
class Reading:
    """What a journal holds.

    Attributes:
        header: the `run_started` event.
        images: what is known of each case's image, the calibration's among them.
        failed_images: why a case has no image, by case.
        stopped: by case, what is known of one whose other trials were not made.
        bases: what the FROM lines of each case stood for.
        trials: by id, in the order of time.
        notes: what a reader must know.
        outcome: `complete`, `interrupted`, or `cut off` where the journal just ends.
        interrupted: exit code of the signal that interrupted it, else 0.
        ended_at: UTC label of the end, or empty.
        baseline: the last comparison with an earlier run, or None.
    """

    header: dict[str, Any]
    images: dict[str, ImageFacts] = field(default_factory=dict)
    failed_images: dict[str, str] = field(default_factory=dict)
    stopped: dict[str, Stopped] = field(default_factory=dict)
    bases: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    trials: dict[str, TrialEvents] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    outcome: str = "cut off"
    interrupted: int = 0
    ended_at: str = ""
    baseline: Baseline | None = None

    def take(self, event: Mapping[str, Any]) -> None:
        """Put one event where it belongs."""
        kind = event["event"]
        if kind == "samples":
            self.trials[event["trial_id"]].add_samples(
                str(event["method"]), sample_columns(dict(event))
            )
        elif kind == "threads":
            self.trials[event["trial_id"]].threads.append(event)
        elif kind == "phase":
            self.trials[event["trial_id"]].phases.append(event)
        elif kind == "layers":
            layers = [LayerPull(**layer) for layer in event["layers"]]
            self.trials[event["trial_id"]].layers.extend(layers)
        elif kind == "trial_started":
            self.trials[event["trial_id"]] = TrialEvents(event)
            self.stopped.pop(event["key"]["case"], None)  # `--resume --keep-going` makes them
        elif kind == "trial_ended":
            self.trials[event["trial_id"]].ended = event
        elif kind == "image_ready" and event["role"] in ("case", "calibration"):
            self.images[event["case"]] = _image(event)
            self.bases[event["case"]] = list(event.get("bases", []))
            self.failed_images.pop(event["case"], None)
        elif kind == "image_failed":
            self.failed_images[event["case"]] = event["reason"]
        elif kind == "case_stopped":
            self.stopped[event["case"]] = Stopped(event["left_out"], event["planned"])
        elif kind == BASELINE_EVENT:
            self.baseline = Baseline.from_event(event)
        elif kind == "note":
            self.notes.append(event["text"])
        elif kind == "run_ended":
            self.outcome, self.ended_at = event["outcome"], event["at"]
            if self.outcome == "interrupted":
                self.interrupted = event.get("exit_code") or INTERRUPTED[0]
        elif kind == "run_resumed":
            self.outcome, self.ended_at, self.interrupted = "cut off", "", 0


def read_journal(path: Path) -> Reading:
    """Everything in the journal at `path`.

    Raises:
        StoreError: there is none, it is damaged, or another version of bench wrote it.
    """
    reading: Reading | None = None
    kind = ""
    try:
        for event in read_events(path):
            kind = event["event"]
            if kind == "run_started":
                check_version(path, event)
            check_event(event)
            if kind == "run_started":
                reading = Reading(event)
            elif reading is not None:
                reading.take(event)
    except UNSOUND as error:
        raise damage(path, f"an event {kind!r} is damaged", error) from error
    if reading is None:
        raise StoreError(str(path), "does not say how the run began", "point to another run")
    return reading


def damage(path: Path, what: str, error: Exception) -> StoreError:
    """What a user reads of an error that unsound data led to."""
    cause = f"{what}: {_first_line(error)}"
    return StoreError(str(path), cause, "the file was changed or is not whole")


def _first_line(error: Exception) -> str:
    from pydantic import ValidationError

    if isinstance(error, ValidationError):
        fault = error.errors(include_url=False, include_input=False)[0]
        return f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}"
    return f"no {error}" if isinstance(error, KeyError) else str(error)


def check_version(path: Path, header: Mapping[str, Any]) -> None:
    """Refuse a journal that another version of bench wrote.

    Raises:
        StoreError: with the two versions.
    """
    version = header.get("schema_version")
    if version != SCHEMA_VERSION:
        raise StoreError(
            str(path),
            f"has schema version {version}, and this bench reads {SCHEMA_VERSION}",
            "use the bench that wrote it, or a newer one",
        )


def _image(event: Mapping[str, Any]) -> ImageFacts:
    rebuilt = event.get("rebuilt")
    return ImageFacts(
        case=event["case"],
        reference=event["reference"],
        digest=event["digest"],
        source=event["source"],
        build_s=event["build_s"],
        size_bytes=event["size_bytes"],
        transfer_bytes=event["transfer_bytes"],
        waste_bytes=event["waste_bytes"],
        engine_size_bytes=event["engine_size_bytes"],
        layers=tuple(LayerFacts(**layer) for layer in event["layers"]),
        config=event["config"],
        build_steps=event.get("build_steps"),
        rebuild_s=event.get("rebuild_s"),
        rebuilt=None if rebuilt is None else tuple(rebuilt),
        parts=tuple(ImagePart(**part) for part in event.get("parts", ())),
    )
