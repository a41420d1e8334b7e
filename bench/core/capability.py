"""Capabilities that a runtime, or a way of running a case, offers or lacks.

No code asks which kind of runtime it has: code that needs a capability names it, and a runtime that
lacks one gives the reason. Reports show that reason in place of the figure.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class Capability(StrEnum):
    """A feature that a figure, a check or a step of a trial may need."""

    IMAGE = "image"
    """Workloads run from an image, with a file system of their own."""
    PULL = "pull"
    """Images are pulled, and the pull can be proved."""
    EXCLUSIVE_STORE = "exclusive-store"
    """Everything in the store is bench's own, so that it may be emptied."""
    LOCAL = "local"
    """Workloads run under this kernel: their processes, cgroups and namespaces can be seen."""
    OWN_PROCESSES = "own-processes"
    """A workload has process numbers of its own, and a process 1."""
    NETWORK_COUNTERS = "network-counters"
    """Bytes sent and received are counted for the workload alone."""
    CONTACTS = "contacts"
    """The workload's outside contacts can be told from those of others."""
    SINGLE = "single"
    """It is a single workload, not a group."""
    REPLICAS = "replicas"
    """Several copies can be started at once."""
    HEALTH_CHECKS = "health-checks"
    """The runtime performs health checks."""


@dataclass(frozen=True)
class Capabilities:
    """Every `Capability` except those that are lacking.

    Attributes:
        lacking: the reason for each, as a clause: "a plain process has no image".
    """

    lacking: Mapping[Capability, str] = field(default_factory=dict)

    def __contains__(self, capability: Capability) -> bool:
        """Whether it is available."""
        return capability not in self.lacking

    def why_not(self, *needed: Capability) -> str:
        """Why the first lacking capability of `needed` is missing; empty if none is."""
        return next((self.lacking[lacked] for lacked in needed if lacked in self.lacking), "")


PLAIN_PROCESS = Capabilities(
    {
        Capability.IMAGE: "a plain process has no image",
        Capability.PULL: "a plain process has no image, so nothing is pulled",
        Capability.EXCLUSIVE_STORE: "a plain process has no image",
        Capability.OWN_PROCESSES: "a plain process is process 1 of nothing",
        Capability.NETWORK_COUNTERS: "a plain process shares the host's network",
        Capability.CONTACTS: "a plain process shares the host's network",
        Capability.REPLICAS: "a plain process does not scale out: all replicas would use the same "
        "ports",
        Capability.HEALTH_CHECKS: "a plain process has no health check",
    }
)
"""Of programs that run on the bare host."""
