"""The start of a run: its scenario, its plan, its host and its engine."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field, WrapValidator

# ruff: noqa: TC001 - pydantic reads the annotations
from bench.journal.facts.course import Key
from bench.journal.facts.form import FINITE, Amount, Label, Rate

_AtLeastOne = Annotated[int, Field(ge=1)]


class _Host(BaseModel):
    """The host properties that bench relies on; further ones of the fingerprint are kept."""

    model_config = ConfigDict(extra="allow", allow_inf_nan=False)

    cores: _AtLeastOne
    memory_bytes: _AtLeastOne | None = None
    gpus_memory_bytes: list[Amount] | None = None


if TYPE_CHECKING:
    HostFacts = dict[str, Any]
else:
    HostFacts = Annotated[_Host, WrapValidator(lambda host, check: check(host) and host)]


@dataclass(frozen=True)
class LinkSetting:
    """The link from the registry to the engine.

    Attributes:
        text: what it is, in words.
        rate_bit_s: the rate that it was shaped to; None if it was not.
    """

    text: str
    rate_bit_s: Rate | None = None


@dataclass(frozen=True)
class NoiseFact:
    """Differences caused by the host alone, for one metric; as `NoiseFloor` of bench.judge."""

    share: Annotated[float, Field(ge=0)]
    median: Annotated[float, Field(gt=0)]
    n: _AtLeastOne


@dataclass(frozen=True)
class HostNoiseFact:
    """The host's noise floors known at that time, by metric."""

    measured_at: str
    floors: dict[str, NoiseFact]


@dataclass(frozen=True)
class RunHeader:
    """The event `run_started`.

    Attributes:
        at: UTC label.
        seed: of the order of cases within the rounds.
        scenario_file: as named on the command line.
        scenario: as resolved, with secrets redacted.
        plan: every trial, in order.
        host, engine, builder: of the run; open mappings, displayed as they are.
        checklist: the checklist as it was then, or None.
        baseline: the earlier run to compare with.
    """

    __pydantic_config__: ClassVar[ConfigDict] = FINITE

    schema_version: int
    run_id: str
    name: str
    bench_version: str
    at: Label
    seed: int
    scenario_file: str
    scenario: dict[str, Any]
    plan: tuple[Key, ...]
    host: HostFacts
    engine: dict[str, Any]
    link: LinkSetting
    builder: dict[str, Any] = field(default_factory=dict)
    checklist: dict[str, Any] | None = None
    noise: HostNoiseFact | None = None
    baseline: str | None = None

    @property
    def place(self) -> dict[str, Any]:
        """The host and the engine, by which runs are compared."""
        return {"host": self.host, "engine": self.engine}
