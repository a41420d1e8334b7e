"""How a container ended, and whether it was killed for memory.

Of a kill for memory there are three witnesses, of which none sees everything. The kernel counts
every kill, but its counter goes with the container's cgroup. The engine keeps a flag for any
process of the container, set late where process 1 lives on. The exit code 137 says that process 1
was killed, by whomever.
"""

from __future__ import annotations

from dataclasses import dataclass

from bench.journal.facts.form import Amount, Stamp  # noqa: TC001 - pydantic reads the annotations


@dataclass(frozen=True)
class ExitFact:
    """The end of process 1.

    Attributes:
        code: its exit code.
        at_ns: when; None where that was not seen.
        resolution_ns: how finely that is known.
    """

    code: int
    at_ns: Stamp | None
    resolution_ns: Stamp | None = None


@dataclass(frozen=True)
class MemoryKill:
    """What each of the three says once a container has ended.

    Attributes:
        kernel_kills: processes that the kernel counted; None where its counter was not seen.
        engine_flag: the engine's OOMKilled.
        exit_code: of process 1.
    """

    kernel_kills: Amount | None
    engine_flag: bool
    exit_code: int

    @property
    def happened(self) -> bool:
        """Whether any process of it was killed for memory."""
        return bool(self.kernel_kills) or self.engine_flag
