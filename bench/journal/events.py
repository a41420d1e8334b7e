"""What each event of a journal must look like, checked where the text comes in.

A journal that was cut off, edited or written by something else is refused here with the field
that is wrong, so that everything computed from it can rely on types, ranges and finite numbers.
Fields that are not named here are allowed, and kept.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from bench.journal.columns import are_plain_threads
from bench.journal.facts.baseline import EVENT as BASELINE_EVENT
from bench.journal.facts.comparison import Comparison
from bench.journal.facts.course import Phase, TrialEnd, TrialStart
from bench.journal.facts.form import Amount, Label, Seconds, Stamp, read_facts
from bench.journal.facts.header import RunHeader
from bench.journal.facts.pull import LayerPull


class Shape(BaseModel):
    """What events hold: fields that are not named are allowed, and kept."""

    model_config = ConfigDict(extra="allow", frozen=True, allow_inf_nan=False)


class _LayerFacts(Shape):
    digest: str
    instruction: str
    transfer_bytes: Amount
    unpacked_bytes: Amount | None


class _ImagePart(Shape):
    service: str
    reference: str
    digest: str
    size_bytes: Amount | None
    transfer_bytes: Amount | None


class _BuiltStep(Shape):
    instruction: str
    cached: bool
    seconds: Seconds | None


class ImageReady(Shape):
    """An image is in the registry."""

    role: str
    case: str
    reference: str
    digest: str
    source: str
    build_s: Seconds | None
    size_bytes: Amount | None
    transfer_bytes: Amount | None
    waste_bytes: Amount | None
    engine_size_bytes: Amount | None
    layers: list[_LayerFacts]
    config: dict[str, Any]
    parts: list[_ImagePart] = []
    bases: list[dict[str, str]] = []
    build_steps: Amount | None = None
    rebuild_s: Seconds | None = None
    rebuilt: list[str] | None = None
    built: list[_BuiltStep] | None = None
    remarks: list[str] = []


class ImageFailed(Shape):
    """A case has no image."""

    case: str
    reason: str


class CaseStopped(Shape):
    """A case failed twice the same way, and its other trials are not made."""

    case: str
    reason: str
    trials: list[str]
    left_out: Amount
    planned: Amount


class _Busy(Shape):
    name: str
    pid: Amount
    cores: Annotated[float, Field(ge=0)]


class HostWaited(Shape):
    """The next trial has waited for a quiet host."""

    at: Label
    waited_s: Seconds
    in_vain: bool
    other_share: float
    steal_share: float
    busy: list[_Busy]


class Layers(Shape):
    """What the pull of a trial did with each layer."""

    trial_id: str
    layers: tuple[LayerPull, ...]


class Threads(Shape):
    """What threads had used and waited when they were looked at; columns of one length."""

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


class BaselineCompared(Shape):
    """The run was compared with an earlier one."""

    run_id: str
    folder: str
    unlike: list[str]
    notes: list[str]
    comparisons: list[Comparison]


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
    BASELINE_EVENT: BaselineCompared,
}
"""The form of each kind of event but `samples`, which `sample_columns` reads."""


def check_event(event: dict[str, Any]) -> Any:
    """An event as its kind's form in `MODELS`; None of kinds and columns that have none.

    Raises:
        ValueError: its fields are not what its kind has; names the field.
    """
    kind = event["event"]
    model = MODELS.get(kind)
    if model is None or (kind == "threads" and are_plain_threads(event)):
        return None
    return read_facts(model, event)
