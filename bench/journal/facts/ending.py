"""How a container ended, and whether it was killed for lack of memory.

There are three sources for an out-of-memory kill, none of which is complete. The kernel counts
every kill, but its counter is removed with the container's cgroup. The engine keeps a flag for any
process of the container, which it sets late if process 1 survives. The exit code 137 says that
process 1 was killed, but not by whom.
"""

from __future__ import annotations

from dataclasses import dataclass

from bench.journal.facts.form import Amount, Stamp  # noqa: TC001 - pydantic reads the annotations


@dataclass(frozen=True)
class ExitFact:
    """The exit of process 1.

    Attributes:
        code: its exit code.
        at_ns: when; None if not seen.
        resolution_ns: resolution of that time.
    """

    code: int
    at_ns: Stamp | None
    resolution_ns: Stamp | None = None


@dataclass(frozen=True)
class MemoryKill:
    """The reports of the three sources once a container has ended.

    Attributes:
        kernel_kills: kills counted by the kernel; None if its counter was not read.
        engine_flag: the engine's OOMKilled.
        exit_code: of process 1.
    """

    kernel_kills: Amount | None
    engine_flag: bool
    exit_code: int

    @property
    def happened(self) -> bool:
        """Whether any of its processes was killed for lack of memory."""
        return bool(self.kernel_kills) or self.engine_flag
