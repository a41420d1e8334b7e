"""Requirements of a stack on the engine and its host, checked before any image is pulled."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bench.core.errors import EngineError, HostError
from bench.core.units import parse_cores

if TYPE_CHECKING:
    from bench.compose.stack import Stack
    from bench.runtimes.protocol import RuntimeInfo


def check_demands(stack: Stack, facts: RuntimeInfo) -> None:
    """Check that the services of `stack` can be created on this engine.

    Raises:
        EngineError: a service needs a runtime that the engine does not have.
        HostError: a service needs a device or a core that the host does not have.
    """
    for member in stack.members:
        runtime = member.service.runtime
        if runtime and facts.runtimes and runtime not in facts.runtimes:
            raise EngineError(
                f"{member.of}: runtime {runtime}",
                f"the engine has none of this name; it has {', '.join(sorted(facts.runtimes))}",
                "add it to the engine's `runtimes`, choose another engine, or leave it out",
            )
        cores = parse_cores(member.service.cpuset) if member.service.cpuset else frozenset[int]()
        if cores and facts.cpus and max(cores) >= facts.cpus:
            raise HostError(
                f"{member.of}: cpuset {member.service.cpuset}",
                f"the engine's host has cores 0-{facts.cpus - 1}",
                "measure where there are more, or write others",
            )
        for device in member.service.devices:
            if facts.is_local and not device.is_cdi and not Path(device.source).exists():
                raise HostError(
                    f"{member.of}: device {device.source}",
                    "this host has none",
                    "measure where there is one, or leave it out",
                )
