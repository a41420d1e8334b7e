"""The required form of each journal event, checked where the text comes in.

A journal that was cut off, edited or written by another program is refused here with the name of
the invalid field, so that everything computed from it can rely on types, ranges and finite numbers.
Additional fields are allowed. Most forms are the dataclasses of `bench/journal/facts`; this module
has those of events that do not become values of their own.
"""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, model_validator

from bench.journal.columns import are_plain_threads
from bench.journal.facts.baseline import EVENT as BASELINE_EVENT
from bench.journal.facts.baseline import Baseline
from bench.journal.facts.course import Phase, TrialEnd, TrialStart
from bench.journal.facts.form import Amount, Label, Stamp, read_facts
from bench.journal.facts.header import RunHeader
from bench.journal.facts.host import HostWaited
from bench.journal.facts.image import ImageReady
from bench.journal.facts.pull import LayerPull


class Shape(BaseModel):
    """Base of all event models: additional fields are allowed, and kept."""

    model_config = ConfigDict(extra="allow", frozen=True, allow_inf_nan=False)


class ImageFailed(Shape):
    """A case has no image: `failed` by its own fault, `error` by that of an engine or bench."""

    case: str
    reason: str
    status: str = "failed"


class CaseStopped(Shape):
    """A case failed twice in the same way, and its remaining trials are skipped."""

    case: str
    reason: str
    trials: list[str]
    left_out: Amount
    planned: Amount


class Layers(Shape):
    """The layers of a trial's pull, with their times."""

    trial_id: str
    layers: tuple[LayerPull, ...]


class Threads(Shape):
    """CPU and wait times of threads at each reading; columns of equal length."""

    trial_id: str
    t_ns: list[Stamp]
    thread: list[Amount]
    run_ns: list[Amount]
    wait_ns: list[Amount]

    @model_validator(mode="after")
    def _even(self) -> Self:
        if len({len(self.t_ns), len(self.thread), len(self.run_ns), len(self.wait_ns)}) != 1:
            raise ValueError("its columns differ in length")
        return self


class Note(Shape):
    """Something that a reader of the results must know."""

    text: str


class RunEnded(Shape):
    """The run came to an end of its own."""

    at: Label
    outcome: Literal["complete", "interrupted", "stopped"]
    exit_code: Literal[0, 130, 143] | None = None


class RunResumed(Shape):
    """A run that was cut off goes on."""

    at: Label


MODELS: dict[str, type] = {
    "run_started": RunHeader,
    "run_resumed": RunResumed,
    "image_ready": ImageReady,
    "image_failed": ImageFailed,
    "host_wait": HostWaited,
    "case_stopped": CaseStopped,
    "trial_started": TrialStart,
    "phase": Phase,
    "layers": Layers,
    "threads": Threads,
    "trial_ended": TrialEnd,
    "note": Note,
    "run_ended": RunEnded,
    BASELINE_EVENT: Baseline,
}
"""The form of each kind of event but `samples`, which `sample_columns` reads."""


def check_event(event: dict[str, Any]) -> Any:
    """An event in the form that `MODELS` has for its kind; None for kinds and columns without one.

    Raises:
        ValueError: its fields do not match; names the field.
    """
    kind = event["event"]
    model = MODELS.get(kind)
    if model is None or (kind == "threads" and are_plain_threads(event)):
        return None
    return read_facts(model, event)
