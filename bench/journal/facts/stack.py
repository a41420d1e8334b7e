"""A stack and its services, as recorded by their trials."""

from __future__ import annotations

from dataclasses import dataclass, field

from bench.journal.facts.form import LEFT_OUT, Amount


@dataclass(frozen=True)
class WaitFact:
    """A dependency of a service before its start: a condition of another, as in Compose."""

    service: str
    condition: str


@dataclass(frozen=True)
class MemberFact:
    """A service of a stack.

    Attributes:
        ready_by: the source of its readiness: `healthcheck`, `exit`, `probe` or `started`.
        restart: its restart policy, which is not honoured in a trial.
        waits: its dependencies.
        waited_ns: time spent waiting for them; None if it was never started.
        pulled: whether its image was pulled for it.
    """

    ready_by: str
    restart: str
    waits: tuple[WaitFact, ...]
    waited_ns: Amount | None = field(default=None, metadata=LEFT_OUT)
    pulled: bool = False


@dataclass(frozen=True)
class StackFact:
    """A stack as a whole.

    Attributes:
        services: in the order of their start.
        volumes: whether they were `kept` or `fresh`.
    """

    services: tuple[str, ...]
    volumes: str
