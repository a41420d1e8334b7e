"""The contents of a scenario, as pydantic models: cases, services, thresholds, checks.

Containers are described in `compose.container_keys`, probes in `probes`, the types of single values
in `yamldoc.values`. Nothing here reads files: `bench.scenario.loading.load` does, merges the
defaults into the cases, and adds line numbers to every complaint. `bench schema` prints the JSON
Schema of all this.
"""

# ruff: noqa: RUF012 - pydantic copies the defaults
from __future__ import annotations

import datetime as dt
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag, model_validator

from bench.compose.container_keys import Container
from bench.core.capability import Capability
from bench.core.domain import Arm, CacheState, Severity
from bench.scenario.allow import Allowed, parse_allowed
from bench.scenario.compose_case import ComposeUse
from bench.scenario.excerpts import Excerpt
from bench.scenario.figures import MetricName, WorkloadMetric, own_metrics
from bench.scenario.host_bounds import OTHER_LOAD, STEAL, HostBounds
from bench.scenario.ladder import Ladder
from bench.scenario.load_tool import LoadTool
from bench.scenario.plain_process import PlainProcess
from bench.scenario.probes import Ready
from bench.scenario.source import BuildSource, ComposeSource, ImageSource, ProcessSource, Source
from bench.standard.thresholds import (
    Aggregate,
    Limit,
    metric_named,
    parse_limit,
    split_aggregate,
)
from bench.yamldoc.values import (
    Count,
    DurationOrExit,
    Flag,
    Identifier,
    LinkRate,
    Model,
    PositiveDuration,
    Share,
    Text,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bench.core.metrics import Metric


class SupportingService(Container):
    """Something that runs beside the cases, reachable by its name, and is not measured."""

    ready: Ready = Field(default_factory=Ready)
    """When it counts as ready, as of a case; the cases wait for it."""


class SamplingSettings(Model):
    """How the counters are read."""

    interval: PositiveDuration = 0.02
    """Between two readings."""


READY_ID = "READY"
"""The row of every case on whose start no blocking row is: all its trials get ready."""


class Expect(Model):
    """The rows that a case is known to fail."""

    fail: list[Text]
    """Ids of exactly the rows that must fail; at least one trial must get ready."""
    may_fail: list[Text] = []
    """Ids of rows that may fail or pass, as the host or the link decides."""


def _one_or_more(value: object) -> object:
    return value if isinstance(value, list) else [value]


def _each_once(states: list[CacheState]) -> list[CacheState]:
    if len(set(states)) < len(states):
        raise ValueError("a cache state stands here twice; name each once")
    return states


def _counts_once(counts: list[int]) -> list[int]:
    if len(set(counts)) < len(counts):
        raise ValueError("a number stands here twice; name each once")
    return counts


class Case(Container):
    """One image, one plain process or a stack of several images, and how to run and measure it."""

    compose: ComposeUse | None = None
    """Compose file whose services are measured together, in the place of an image."""
    host: PlainProcess | None = None
    """Plain process of this host to run instead of an image."""
    repeat: Count = 6
    """Measured trials for each cache state."""
    warmup: Annotated[int, Field(strict=True, ge=0, le=1000)] = 0
    """Trials before those, kept in the data and left out of the statistics."""
    cache: Annotated[
        list[CacheState],
        BeforeValidator(_one_or_more),
        AfterValidator(_each_once),
        Field(min_length=1),
    ] = [CacheState.COLD]
    """The state of the host when a trial starts: one, or a list of them."""
    base: Text | None = None
    """Image whose layers are there with `cache: base`; unset, the one that the Dockerfile's last
    stage stands on."""
    ready: Ready = Field(default_factory=Ready)
    """When it counts as ready; where no probe is named, its image decides."""
    observe: DurationOrExit = 1.0
    """How long to go on sampling after ready; `exit` waits for the end."""
    sample: SamplingSettings = Field(default_factory=SamplingSettings)
    """How the counters are read."""
    replicas: Annotated[
        list[Annotated[int, Field(strict=True, ge=1, le=100)]],
        BeforeValidator(_one_or_more),
        AfterValidator(_counts_once),
    ] = []
    """How many are started at once, after the other trials: a number, or a list of them; 3 where
    unset and the checklist judges it."""
    metrics: dict[MetricName, WorkloadMetric] = {}
    """Figures that the workload prints, by name; they are metrics like any other."""
    excerpts: dict[MetricName, Excerpt] = {}
    """Parts of what the workload prints that the report shows as they stand, by name."""
    load: LoadTool | None = None
    """Tool that puts work on it when it is ready."""
    expect: Expect | None = None
    """Rows that it is known to fail; then that, and only that, is a success."""

    @model_validator(mode="before")
    @classmethod
    def _what_follows_from_its_source(cls, value: object) -> object:
        """A stack is ready by its services; a plain process has the host's network, and no pull."""
        if not isinstance(value, dict):
            return value
        if value.get("compose") is not None and "ready" not in value:
            return {**value, "ready": {"healthcheck": True}}
        if value.get("host") is not None:
            return {"cache": CacheState.WARM.value, **value, "network_mode": "host"}
        return value

    @property
    def source(self) -> Source:
        """Where what it runs comes from."""
        if self.compose is not None:
            return ComposeSource(self.compose)
        if self.host is not None:
            return ProcessSource(self.host)
        if self.build is not None:
            return BuildSource(self.build)
        return ImageSource(self.image or "")

    def lacks(self, capability: Capability) -> bool:
        """Whether that cannot be had of what it runs."""
        return capability not in self.source.capabilities

    @property
    def sources(self) -> list[str]:
        """The keys that say what is run; there should be one."""
        own = [name for name in ("compose", "host") if getattr(self, name) is not None]
        return [*super().sources, *own]

    @property
    def figures(self) -> dict[str, WorkloadMetric]:
        """The figures that it and its load tool print, by name."""
        return {**self.metrics, **(self.load.metrics if self.load else {})}


class Threshold(Model):
    """A metric's limit, in full; `"max <= 30s"` is short for it."""

    over: Aggregate = Aggregate.MAX
    """How the trials' values become the one that is judged."""
    limit: Text
    """Comparison and value in the metric's unit, such as `<= 30s`."""
    cache: CacheState | None = None
    """Cache state whose trials are judged; cold where the case has it, else its first."""
    arm: Arm = Arm.FIT
    """Which trials are judged: those under the case's limits (fit), or without (need)."""
    severity: Severity = Severity.BLOCK
    """Whether missing it changes the exit code."""
    required: Flag = True
    """Whether a figure that is missing keeps the run from being judged."""

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: object) -> object:
        if isinstance(value, dict):
            return value
        return expand_threshold(value)


def _date(value: object) -> object:
    try:
        return value if isinstance(value, dt.date) else dt.date.fromisoformat(str(value))
    except ValueError:
        raise ValueError(f"{value!r} is not a date; write it as 2027-01-31") from None


class Waiver(Model):
    """A check set aside for a time."""

    reason: Text
    """Why, for readers of the report."""
    until: Annotated[dt.date, BeforeValidator(_date)]
    """Last day on which it holds."""


def _destination(text: str) -> str:
    return parse_allowed(text).text


class CheckSetting(Model):
    """Changes of a scenario to one row of the checklist."""

    severity: Severity | None = None
    """Whether failing it changes the exit code; as in the checklist where unset."""
    required: Flag | None = None
    """Whether a figure that is missing keeps the run from being judged."""
    allow: list[Annotated[Text, AfterValidator(_destination)]] = []
    """Outside contacts that are declared: a name, address or network, with :PORT or without."""
    waive: Waiver | None = None
    """Sets the row aside for a time."""


class Compare(Model):
    """Which cases are set against which."""

    baseline: Identifier
    """Case that the others are set against."""
    candidates: Annotated[list[Identifier], Field(min_length=1)]
    """Cases that are set against it."""


class Scenario(Model):
    """One scenario, with the defaults merged into its cases."""

    version: Literal[1]
    """Version of this format."""
    name: Identifier
    """Name of the scenario; the run folder is called after it."""
    description: str = ""
    """Its purpose, in words."""
    checklist: Text | None = None
    """`cloud-native`, or a checklist file relative to the scenario."""
    link: LinkRate | None = None
    """Shapes the way from the registry to the engine, such as `200mbit`; not shaped where unset."""
    max_other_load: Annotated[Share, Field(json_schema_extra={"default": f"{OTHER_LOAD:.0%}"})] = (
        OTHER_LOAD
    )
    """Share of the host's core time that other programs may take in a trial before it is invalid;
    `any` measures however busy the host is."""
    max_steal: Annotated[Share, Field(json_schema_extra={"default": f"{STEAL:.0%}"})] = STEAL
    """The same for other tenants of the machine that the host is a part of."""
    services: dict[Identifier, SupportingService] = {}
    """Containers that run beside the cases, by name."""
    cases: Annotated[dict[Identifier, Case], Field(min_length=1)]
    """Cases to measure, by id."""
    thresholds: dict[str, Threshold] = {}
    """Limits, by metric."""
    checks: dict[
        str,
        Annotated[
            Annotated[Literal["off"], Tag("(off)")] | Annotated[CheckSetting, Tag("(setting)")],
            Discriminator(lambda value: "(off)" if isinstance(value, str) else "(setting)"),
        ],
    ] = {}
    """Changes to rows of the checklist, by id; `off` leaves a row out."""
    compare: Compare | None = None
    """Which cases are set against which."""
    ladder: Ladder | None = None
    """Way from one case to another, one change at a time, which `bench ladder` measures."""
    answer: list[Text] = []
    """Metrics of which the one sentence is made that a report begins with; start, size and memory,
    and the scenario's own, where unset."""

    @property
    def has_images(self) -> bool:
        """Whether any of its cases has an image; else all are plain processes."""
        return any(not case.lacks(Capability.IMAGE) for case in self.cases.values())

    @property
    def needs_engine(self) -> bool:
        """Whether anything of it runs in a container."""
        loaded = any(case.load is not None for case in self.cases.values())
        return self.has_images or loaded or bool(self.services)

    @property
    def declared_contacts(self) -> tuple[Allowed, ...]:
        """Every outside contact that is declared, for whichever row of its checklist."""
        texts = [text for check in self.checks.values() if check != "off" for text in check.allow]
        return tuple(parse_allowed(text) for text in dict.fromkeys(texts))

    @property
    def host_bounds(self) -> HostBounds:
        """The share of the host that others may take in a trial."""
        return HostBounds(self.max_other_load, self.max_steal)

    @cached_property
    def own_metrics(self) -> dict[str, Metric]:
        """The metrics that its cases define, by name, in the order in which they do."""
        return own_metrics(case.figures for case in self.cases.values())


def expand_threshold(value: object) -> dict[str, str]:
    """The long form of a threshold written short, such as `"p95 <= 2s"`.

    Raises:
        ValueError: not text, not a comparison, or an unknown aggregate.
    """
    if not isinstance(value, str):
        raise ValueError(f'{value!r} is not a threshold; write it like "max <= 30s"')  # noqa: TRY004
    aggregate, limit = split_aggregate(value)
    return {"limit": limit} if aggregate is None else {"over": aggregate.value, "limit": limit}


def threshold_limit(metric_name: str, threshold: Threshold, own: Mapping[str, Metric]) -> Limit:
    """The parsed limit of `threshold` on the metric called `metric_name`.

    Args:
        metric_name: of the table of metrics, or of `own`.
        threshold: what is set.
        own: the metrics of the scenario's own.

    Raises:
        ValueError: no such metric, or a limit that its unit does not allow.
    """
    return parse_limit(threshold.limit, metric_named(metric_name, own).unit)
