"""The facts that a trial records besides its phases, gathered while it runs and read back later."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, ClassVar

# ruff: noqa: TC001 - pydantic reads the annotations
from bench.journal.facts.behaviour import ProcessUse, Standing, Stop, Unseen, Writes
from bench.journal.facts.cause import Cause
from bench.journal.facts.contacts import Observation
from bench.journal.facts.ending import ExitFact, MemoryKill
from bench.journal.facts.excerpt import ExcerptFound
from bench.journal.facts.form import FINITE, LEFT_OUT, Amount, Stamp, written
from bench.journal.facts.host import HostUse
from bench.journal.facts.limits import LimitsFact
from bench.journal.facts.listener import Listener
from bench.journal.facts.matches import Matches
from bench.journal.facts.opened import OpenedFiles, OpenedUnknown
from bench.journal.facts.pull import LinkFact, ServedFact
from bench.journal.facts.ready import PortFact, ReadyFact
from bench.journal.facts.stack import MemberFact, StackFact

if TYPE_CHECKING:
    from pydantic import ConfigDict


@dataclass(frozen=True)
class CountersFact:
    """The final totals of a container.

    Attributes:
        method: how counters are read, such as `cgroup-v2`; empty if not recorded.
        memory_peak_bytes: the kernel's high-water mark.
        cpu_ns: CPU time of the last sample.
        gpu_memory_unknown_because: why its GPU memory is unknown.
    """

    method: str = ""
    memory_peak_bytes: Amount | None = field(default=None, metadata=LEFT_OUT)
    cpu_ns: Amount | None = field(default=None, metadata=LEFT_OUT)
    gpu_memory_unknown_because: str | None = field(default=None, metadata=LEFT_OUT)


@dataclass(frozen=True)
class LoadFact:
    """The load tool that ran beside a case: its image."""

    reference: str


@dataclass
class TrialFacts:
    """All facts of a trial; each is None, or empty, until known, and not written then.

    Attributes:
        zero_ns: the moment from which the trial's times count.
        start_sent_ns: when the start call was sent.
        first_output_ns: when the first line of output arrived.
        cpu_ns_at_ready: CPU time used until ready.
        downloaded_bytes: bytes fetched by its pull, according to the stream.
        ready: when it was ready; for a stack, when the last service was.
        port_open: when a port first accepted a connection.
        listening: where it listens, if probed elsewhere or without an answer.
        hint: a likely remedy, if it did not become ready.
        exit: how process 1 ended.
        memory_kill: whether it was killed for lack of memory.
        cause: why it failed, if known.
        stop: how it reacted to the stop request.
        process: process 1 before that, or why it was not seen.
        link: the link from the registry.
        served: bytes and requests served by the registry.
        page_cache_dropped: whether the page cache was dropped before it.
        limits: requested and enforced.
        processes: those that were alive some time after ready.
        writes: paths written outside its writable mounts.
        egress: destinations that it tried to reach.
        opened: files of its image that it opened until ready, or why that is unknown; None if that
            was not to be observed.
        counters: its final totals.
        load: the tool that put it under load.
        figures: figures in its output, by metric; None if its output was not read to the end.
        excerpts: excerpts of its output, by name.
        member: set for a service of a stack.
        stack: set for a stack as a whole.
        host: the load of the host meanwhile.
        warnings: the engine's warnings when it was created.
    """

    __pydantic_config__: ClassVar[ConfigDict] = FINITE

    zero_ns: Stamp | None = None
    start_sent_ns: Stamp | None = None
    first_output_ns: Stamp | None = None
    cpu_ns_at_ready: Amount | None = None
    downloaded_bytes: Amount | None = None
    ready: ReadyFact | None = None
    port_open: PortFact | None = None
    listening: tuple[Listener, ...] | None = None
    hint: str | None = None
    exit: ExitFact | None = None
    memory_kill: MemoryKill | None = None
    cause: Cause | None = None
    stop: Stop | None = None
    process: Standing | Unseen | None = None
    link: LinkFact | None = None
    served: ServedFact | None = None
    page_cache_dropped: bool | None = None
    limits: LimitsFact | None = None
    processes: tuple[ProcessUse, ...] | None = None
    writes: Writes | None = None
    egress: Observation | None = None
    opened: OpenedFiles | OpenedUnknown | None = None
    counters: CountersFact | None = None
    load: LoadFact | None = None
    figures: dict[str, Matches] | None = None
    excerpts: dict[str, ExcerptFound] | None = None
    member: MemberFact | None = None
    stack: StackFact | None = None
    host: HostUse | None = None
    warnings: tuple[str, ...] = ()

    def fields(self) -> dict[str, Any]:
        """The known facts, as in the journal."""
        known = {field.name: getattr(self, field.name) for field in fields(self)}
        unsaid = vars(TrialFacts)  # a dataclass keeps each default there
        return {name: written(value) for name, value in known.items() if value != unsaid[name]}
