"""What decides that a container is ready: one probe, or all or any of several."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from bench.scenario.values import Command, Model, OnlyTrue, Pattern, Port, PositiveDuration

PROBES = ("http", "tcp", "log", "exec", "healthcheck", "exit")
"""The words for the single probes, of which a `ready` names one."""

COMPOSITES = ("all", "any")
"""The words for several probes at once, each with a list of them."""


class HttpProbe(Model):
    """Ready when this request is answered with an expected status."""

    port: Port
    """Port that the application listens on, inside the container."""
    path: Annotated[str, StringConstraints(pattern=r"^/[!-~]*$")] = "/"
    """Path and query of the request."""
    status: Annotated[int, Field(strict=True, ge=100, le=599)] | None = None
    """Expected status; any 2xx where unset."""


class TcpProbe(Model):
    """Ready when this port accepts a connection on the container's own address."""

    port: Port
    """Port that the application listens on, inside the container."""


class LogProbe(Model):
    """Ready when a line of output matches; the pattern alone may stand for it."""

    pattern: Pattern
    """Regular expression, searched in each line of stdout and stderr."""

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: object) -> object:
        return {"pattern": value} if isinstance(value, str) else value


class ExecProbe(Model):
    """Ready when this command, run in the container, exits with 0; it may stand alone."""

    command: Command
    """The command, as a list of words or one text."""

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: object) -> object:
        return {"command": value} if isinstance(value, str | list) else value


class ProbeChoice(Model):
    """Exactly one probe."""

    http: HttpProbe | None = None
    """An HTTP request is answered as expected."""
    tcp: TcpProbe | None = None
    """A port accepts a connection; many servers accept before they can answer."""
    log: LogProbe | None = None
    """A line of output matches."""
    exec: ExecProbe | None = None
    """A command in the container exits with 0."""
    healthcheck: OnlyTrue | None = None
    """The engine calls the container healthy; no finer than the check's interval."""
    exit: OnlyTrue | None = None
    """The main process ends with code 0: a batch job."""

    @model_validator(mode="after")
    def _one(self) -> Self:
        if fault := choice_fault(self.chosen(), composites=False):
            raise PydanticCustomError("incoherent", "{fault}", {"fault": fault})
        return self

    def chosen(self) -> list[str]:
        """The names of the probes that are set."""
        return [name for name in PROBES if getattr(self, name) is not None]


class Ready(ProbeChoice):
    """What decides that a case is ready, and for how long that is waited for."""

    all: Annotated[list[ProbeChoice], Field(min_length=1)] | None = None
    """Every one of these probes is satisfied."""
    any: Annotated[list[ProbeChoice], Field(min_length=1)] | None = None
    """One of these probes is satisfied."""
    timeout: PositiveDuration = 60.0
    """How long to wait, from the return of the start call; then the trial has failed."""
    interval: PositiveDuration = 0.005
    """Between the end of one attempt and the next; one is outstanding at a time."""

    @model_validator(mode="after")
    def _one(self) -> Self:
        composite = [name for name in COMPOSITES if getattr(self, name) is not None]
        if fault := choice_fault([*self.chosen(), *composite], composites=True):
            raise PydanticCustomError("incoherent", "{fault}", {"fault": fault})
        return self

    def probes(self) -> list[ProbeChoice]:
        """The single probes, of which `any` needs one and everything else all."""
        return self.all or self.any or [self]

    def uses(self, name: str) -> bool:
        """Whether the probe called `name` is among them."""
        return any(getattr(probe, name) is not None for probe in self.probes())

    @property
    def is_an_end(self) -> bool:
        """Whether what is ready by this has ended."""
        return self.any is None and self.uses("exit")


def choice_fault(named: list[str], *, composites: bool) -> str:
    """What is wrong with naming these probes together; empty where it is exactly one."""
    if len(named) == 1:
        return ""
    known = (*PROBES, *COMPOSITES) if composites else PROBES
    what = f"{' and '.join(f'`{name}`' for name in named)} together" if named else "no probe named"
    return f"{what}; name exactly one of {', '.join(known)}"
