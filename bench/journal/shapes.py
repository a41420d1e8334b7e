"""The forms of what events hold: numbers that can be, and the facts of a trial."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from bench.journal.facts.behaviour import ProcessUse, Standing, Stop, Writes
from bench.journal.facts.cause import Cause
from bench.journal.facts.contacts import Observation
from bench.journal.facts.excerpt import ExcerptFound
from bench.journal.facts.matches import Matches

Stamp = Annotated[int, Field(ge=0, lt=2**63)]
"""CLOCK_MONOTONIC in nanoseconds."""


Amount = Annotated[int, Field(ge=0, lt=2**63)]


Seconds = Annotated[float, Field(ge=0, lt=1e9)]


class Shape(BaseModel):
    """What events hold: fields that are not named are allowed, and kept."""

    model_config = ConfigDict(extra="allow", frozen=True, allow_inf_nan=False)


class _Ready(Shape):
    at_ns: Stamp
    resolution_ns: Stamp
    floor_ns: Amount | None = None


class _Port(Shape):
    at_ns: Stamp
    resolution_ns: Stamp
    probe: str


class _Exit(Shape):
    code: int
    at_ns: Stamp | None


class _Listener(Shape):
    port: Annotated[int, Field(ge=0, lt=2**16)]
    address: str
    process: str


class _LinkUse(Shape):
    rate_bit_s: Annotated[float, Field(gt=0)] | None
    achieved_bit_s: Annotated[float, Field(gt=0)] | None


class _Served(Shape):
    requests: Amount
    size_bytes: Amount


class _AllServed(_Served):
    blobs: dict[str, _Served]


class _Unseen(Shape):
    unseen: str


class _MemoryKill(Shape):
    kernel_kills: Amount | None
    engine_flag: bool
    exit_code: int


class _Counters(Shape):
    memory_peak_bytes: Amount | None = None
    cpu_ns: Amount | None = None
    gpu_memory_unknown_because: str | None = None


class _Thermal(Shape):
    events: Seconds | None = None
    slowed_s: Seconds | None = None


class _Load(Shape):
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


class _Wait(Shape):
    service: str
    condition: str


class _Member(Shape):
    ready_by: str
    restart: str
    waits: list[_Wait]
    waited_ns: Amount | None = None
    pulled: bool = False


class _Stack(Shape):
    services: list[str]
    volumes: str


class Facts(Shape):
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
