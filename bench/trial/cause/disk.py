"""Detection of a full disk where an engine keeps its containers."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.core.units import format_bytes

if TYPE_CHECKING:
    from bench.runtimes.protocol import RuntimeInfo

FULL_BYTES = 32 * 2**20
"""With less than this a container can hardly be created or write anything."""


@dataclass(frozen=True)
class FullDisk:
    """A disk with almost no free space: a description, and the remedy."""

    words: str
    remedy: str


def free_bytes(facts: RuntimeInfo) -> int | None:
    """Free space where the engine keeps its containers; None if not visible from this host."""
    if not (facts.is_local and facts.data_folder):
        return None
    try:
        return shutil.disk_usage(facts.data_folder).free
    except OSError:
        return None


def full_disk(facts: RuntimeInfo) -> FullDisk | None:
    """The engine's disk if it is full; None if there is space, or if that is unknown."""
    free = free_bytes(facts)
    if free is None or free >= FULL_BYTES:
        return None
    return FullDisk(
        f"the engine's disk is full: {format_bytes(free)} free in {facts.data_folder}",
        "free some disk space there",
    )
