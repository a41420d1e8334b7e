"""What a stack asks of the engine and its host, checked before an image is pulled for it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bench.core.errors import EngineError, HostError

if TYPE_CHECKING:
    from bench.compose.stack import Stack
    from bench.runtimes.protocol import RuntimeInfo


def check_demands(stack: Stack, facts: RuntimeInfo) -> None:
    """Nothing where the services of `stack` can be created on this engine.

    Raises:
        EngineError: one asks for a runtime that the engine has not.
        HostError: one asks for a device that the host has not.
    """
    for member in stack.members:
        runtime = member.service.runtime
        if runtime and facts.runtimes and runtime not in facts.runtimes:
            raise EngineError(
                f"{member.of}: runtime {runtime}",
                f"the engine has none of this name; it has {', '.join(sorted(facts.runtimes))}",
                "add it to the engine's `runtimes`, choose another engine, or leave it out",
            )
        for device in member.service.devices:
            if facts.is_local and not device.is_cdi and not Path(device.source).exists():
                raise HostError(
                    f"{member.of}: device {device.source}",
                    "this host has none",
                    "measure where there is one, or leave it out",
                )
