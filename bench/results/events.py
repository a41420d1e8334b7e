"""What each event of a journal must look like, checked where the text comes in.

A journal that was cut off, edited or written by something else is refused here with the field
that is wrong, so that everything computed from it can rely on types, ranges and finite numbers.
Fields that are not named here are allowed, and kept.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal, Self

import numpy as np
from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from bench.judge.model import Comparison
from bench.results.baseline import EVENT as BASELINE_EVENT
from bench.results.behaviour import ProcessUse, Standing, Stop, Writes
from bench.results.cause import Cause
from bench.results.contacts import Observation
from bench.results.excerpts import ExcerptFound
from bench.results.model import TrialStatus
from bench.results.workload import Matches

Stamp = Annotated[int, Field(ge=0, lt=2**63)]
"""CLOCK_MONOTONIC in nanoseconds."""


def _label(value: object) -> object:
    if not isinstance(value, str):
        raise ValueError("it is no time that is written out")  # noqa: TRY004 - pydantic reads it
    return dt.datetime.fromisoformat(value)


Label = Annotated[AwareDatetime, BeforeValidator(_label)]
"""A moment in UTC, written out, by which a reader knows when it was."""

Amount = Annotated[int, Field(ge=0, lt=2**63)]
Seconds = Annotated[float, Field(ge=0, lt=1e9)]
Samples = dict[str, "np.ndarray[Any, np.dtype[np.float64]]"]


class _Shape(BaseModel):
    model_config = ConfigDict(extra="allow", frozen=True, allow_inf_nan=False)


class _Key(_Shape):
    case: str
    round: Amount
    cache: Literal["cold", "base", "image", "warm"]
    arm: Literal["fit", "need", "size"] = "fit"
    network: Literal["open", "cut"] = "open"
    replica: Amount = 0
    replicas: Amount = 0
    warmup: bool = False


class _Host(_Shape):
    cores: Annotated[int, Field(ge=1)]
    memory_bytes: Annotated[int, Field(ge=1)] | None = None
    gpus_memory_bytes: list[Amount] | None = None


class _Link(_Shape):
    text: str
    rate_bit_s: Annotated[float, Field(gt=0)] | None = None


class _Floor(_Shape):
    share: Annotated[float, Field(ge=0)]
    median: Annotated[float, Field(gt=0)]
    n: Annotated[int, Field(ge=1)]


class _Noise(_Shape):
    measured_at: str
    floors: dict[str, _Floor]


class RunStarted(_Shape):
    """How the run began."""

    schema_version: int
    run_id: str
    name: str
    bench_version: str
    at: Label
    seed: int
    scenario_file: str
    scenario: dict[str, Any]
    checklist: dict[str, Any] | None = None
    plan: list[_Key]
    host: _Host
    engine: dict[str, Any]
    builder: dict[str, Any] = {}
    link: _Link
    noise: _Noise | None = None
    baseline: str | None = None


class _LayerFacts(_Shape):
    digest: str
    instruction: str
    transfer_bytes: Amount
    unpacked_bytes: Amount | None


class _ImagePart(_Shape):
    service: str
    reference: str
    digest: str
    size_bytes: Amount | None
    transfer_bytes: Amount | None


class _BuiltStep(_Shape):
    instruction: str
    cached: bool
    seconds: Seconds | None


class ImageReady(_Shape):
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


class ImageFailed(_Shape):
    """A case has no image."""

    case: str
    reason: str


class CaseStopped(_Shape):
    """A case failed twice the same way, and its other trials are not made."""

    case: str
    reason: str
    trials: list[str]
    left_out: Amount
    planned: Amount


class TrialStarted(_Shape):
    """An attempt at a trial begins."""

    trial_id: str
    key: _Key
    service: str = ""
    attempt: Amount


class Phase(_Shape):
    """A phase of a trial has ended."""

    trial_id: str
    phase: str
    start_ns: Stamp
    end_ns: Stamp
    clock: str
    resolution_ns: Stamp | None = None

    @model_validator(mode="after")
    def _forward(self) -> Self:
        if self.end_ns < self.start_ns:
            raise ValueError("it ends before it starts")
        return self


class _Busy(_Shape):
    name: str
    pid: Amount
    cores: Annotated[float, Field(ge=0)]


class HostWaited(_Shape):
    """The next trial has waited for a quiet host."""

    at: Label
    waited_s: Seconds
    in_vain: bool
    other_share: float
    steal_share: float
    busy: list[_Busy]


class _Layer(_Shape):
    index: Amount
    digest: str
    instruction: str
    transfer_bytes: Amount | None
    unpacked_bytes: Amount | None
    queue_s: Seconds | None
    download_s: Seconds | None
    hold_s: Seconds | None
    extract_s: Seconds | None
    status: str
    announced_s: Seconds | None = None


class Layers(_Shape):
    """What the pull of a trial did with each layer."""

    trial_id: str
    layers: list[_Layer]


THREAD_COLUMNS = ("thread", "t_ns", "run_ns", "wait_ns")


class Threads(_Shape):
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


class _Ready(_Shape):
    at_ns: Stamp
    resolution_ns: Stamp
    floor_ns: Amount | None = None


class _Port(_Shape):
    at_ns: Stamp
    resolution_ns: Stamp
    probe: str


class _Exit(_Shape):
    code: int
    at_ns: Stamp | None


class _Listener(_Shape):
    port: Annotated[int, Field(ge=0, lt=2**16)]
    address: str
    process: str


class _LinkUse(_Shape):
    rate_bit_s: Annotated[float, Field(gt=0)] | None
    achieved_bit_s: Annotated[float, Field(gt=0)] | None


class _Served(_Shape):
    requests: Amount
    size_bytes: Amount


class _AllServed(_Served):
    blobs: dict[str, _Served]


class _Unseen(_Shape):
    unseen: str


class _MemoryKill(_Shape):
    kernel_kills: Amount | None
    engine_flag: bool
    exit_code: int


class _Counters(_Shape):
    memory_peak_bytes: Amount | None = None
    cpu_ns: Amount | None = None
    gpu_memory_unknown_because: str | None = None


class _Thermal(_Shape):
    events: Seconds | None = None
    slowed_s: Seconds | None = None


class _Load(_Shape):
    wall_s: Seconds | None = None
    core_s: Seconds | None = None
    steal_share: float | None = None
    busy_share: float | None = None
    other_share: float | None = None
    swapped_pages: int | None = None
    swap_used_bytes: Amount | None = None
    memory_available_bytes: Amount | None = None
    clock_step_s: float | None = None
    cpu_s: dict[str, Seconds] = {}
    stalled_s: dict[str, Seconds] = {}
    thermal: _Thermal | None = None


class _Wait(_Shape):
    service: str
    condition: str


class _Member(_Shape):
    ready_by: str
    restart: str
    waits: list[_Wait]
    waited_ns: Amount | None = None
    pulled: bool = False


class _Stack(_Shape):
    services: list[str]
    volumes: str


class Facts(_Shape):
    """What a trial recorded beside its phases; all of it may be absent."""

    zero_ns: Stamp | None = None
    start_sent_ns: Stamp | None = None
    first_output_ns: Stamp | None = None
    cpu_ns_at_ready: Amount | None = None
    downloaded_bytes: Amount | None = None
    ready: _Ready | None = None
    port_open: _Port | None = None
    listening: list[_Listener] | None = None
    hint: str | None = None
    exit: _Exit | None = None
    memory_kill: _MemoryKill | None = None
    cause: Cause | None = None
    stop: Stop | None = None
    process: Standing | _Unseen | None = None
    link: _LinkUse | None = None
    served: _AllServed | None = None
    page_cache_dropped: bool | None = None
    processes: list[ProcessUse] | None = None
    writes: Writes | None = None
    egress: Observation | None = None
    counters: _Counters | None = None
    figures: dict[str, Matches] | None = None
    member: _Member | None = None
    stack: _Stack | None = None
    host: _Load | None = None
    excerpts: dict[str, ExcerptFound] | None = None
    warnings: list[str] = []


class TrialEnded(_Shape):
    """An attempt at a trial has ended."""

    trial_id: str
    status: TrialStatus
    reason: str
    facts: Facts
    log_tail: list[str]


class Note(_Shape):
    """Something that a reader of the results must know."""

    text: str


class RunEnded(_Shape):
    """The run came to an end of its own."""

    at: Label
    outcome: Literal["complete", "interrupted", "stopped"]
    exit_code: Literal[0, 130, 143] | None = None


class RunResumed(_Shape):
    """A run that was cut off goes on."""

    at: Label


class BaselineCompared(_Shape):
    """The run was compared with an earlier one."""

    run_id: str
    folder: str
    unlike: list[str]
    notes: list[str]
    comparisons: list[Comparison]


MODELS: dict[str, type[_Shape]] = {
    "run_started": RunStarted,
    "run_resumed": RunResumed,
    "image_ready": ImageReady,
    "image_failed": ImageFailed,
    "host_wait": HostWaited,
    "case_stopped": CaseStopped,
    "trial_started": TrialStarted,
    "phase": Phase,
    "layers": Layers,
    "threads": Threads,
    "trial_ended": TrialEnded,
    "note": Note,
    "run_ended": RunEnded,
    BASELINE_EVENT: BaselineCompared,
}
"""The form of each kind of event but `samples`, which `sample_columns` reads."""


def check_event(event: dict[str, Any]) -> None:
    """Refuse an event whose fields are not what its kind has; unknown kinds pass.

    Raises:
        ValueError: names the field.
    """
    kind = event["event"]
    model = MODELS.get(kind)
    if model is not None and not (kind == "threads" and _are_plain_threads(event)):
        model.model_validate(event)


def _are_plain_threads(event: dict[str, Any]) -> bool:
    """Whether a `threads` event has its columns of whole numbers: quicker than by the model."""
    columns: list[Any] = [event.get(name) for name in THREAD_COLUMNS]
    if type(event.get("trial_id")) is not str or any(type(one) is not list for one in columns):
        return False
    even = len({len(one) for one in columns}) == 1
    whole = all(set(map(type, one)) == {int} for one in columns)
    return even and whole and all(0 <= min(one) <= max(one) < 2**63 for one in columns)


def thread_columns(event: dict[str, Any]) -> Samples:
    """The columns of a `threads` event as arrays."""
    table = np.array([event[name] for name in THREAD_COLUMNS], dtype=np.float64)
    return dict(zip(THREAD_COLUMNS, table, strict=True))


def sample_columns(event: dict[str, Any]) -> Samples:
    """The columns of a `samples` event as arrays; a reading that is absent is not-a-number.

    Raises:
        ValueError: columns of several lengths, no stamps, or values that no counter has.
        KeyError: a field is missing.
    """
    named = event["columns"]
    table = np.array(list(named.values()), dtype=np.float64)
    if table.ndim != 2:
        raise ValueError("it has no columns of readings")
    if ((table < 0) | (table >= 2.0**64)).any():
        raise ValueError("it has values that no counter has")
    columns: Samples = dict(zip(named, table, strict=True))
    if np.isnan(columns["t_ns"]).any():
        raise ValueError("a sample has no stamp")
    return columns
