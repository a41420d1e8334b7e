"""A stack and its services, as their trials record them."""

from __future__ import annotations

from dataclasses import dataclass, field

from bench.journal.facts.form import LEFT_OUT, Amount


@dataclass(frozen=True)
class WaitFact:
    """What a service waits for before it is started: a condition of another, as Compose has it."""

    service: str
    condition: str


@dataclass(frozen=True)
class MemberFact:
    """A service of a stack.

    Attributes:
        ready_by: what says that it is ready: `healthcheck`, `exit`, `probe` or `started`.
        restart: its restart policy, which is not honoured in a trial.
        waits: what it waits for.
        waited_ns: for how long; None where it did not come to its start.
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
