"""Core time of a trial by user: bench, the engine, the registry, the workload, others."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from bench.scenario.host_bounds import DISTURBED_SHARE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bench.analysis.model import TrialResult


class CoreUser(StrEnum):
    """Somebody who uses CPU time while a trial lasts."""

    BENCH = "bench"
    ENGINE = "engine"
    REGISTRY = "registry"
    SERVICES = "services"
    WORKLOAD = "workload"
    OTHERS = "others"
    """All other programs of the host, and kernel work that belongs to no program."""


_NAMES = {
    CoreUser.BENCH: ("bench",),
    CoreUser.ENGINE: ("measuring", "building", "containerd"),
    CoreUser.REGISTRY: ("registry", "link"),
    CoreUser.SERVICES: ("services",),
    CoreUser.WORKLOAD: ("workload",),
}
"""Under which names the journal has the CPU time of each."""


@dataclass(frozen=True)
class OwnLoad:
    """The CPU time of one trial, from before its preparation to after its removal.

    Attributes:
        used_s: CPU seconds by who used them; whose use is not known is left out.
        wall_s: how long that was.
        core_s: what all cores of the host could have given in that time.
        busy_share: share of it that was used, by whomever; None as the two above where a
            version of bench that did not record it made the journal.
        steal_share: share of it that other tenants of the machine took.
    """

    used_s: Mapping[CoreUser, float]
    wall_s: float | None
    core_s: float | None
    busy_share: float | None
    steal_share: float | None

    def share(self, user: CoreUser) -> float | None:
        """The part of the host's core time that `user` took."""
        if user not in self.used_s or not self.core_s:
            return None
        return self.used_s[user] / self.core_s


def is_disturbed(trial: TrialResult) -> bool:
    """Whether other programs or other tenants took enough of the core time to be in its times."""
    host = trial.facts.host
    shares = (host.other_share, host.steal_share) if host else ()
    return any(share is not None and share >= DISTURBED_SHARE for share in shares)


def own_load(trial: TrialResult) -> OwnLoad | None:
    """The load that the trial recorded; None where it recorded none."""
    host = trial.facts.host
    if host is None or not host.cpu_s:
        return None
    by_name = host.cpu_s
    if "cpu_s" in trial.metrics:
        by_name = {"workload": trial.metrics["cpu_s"]} | by_name
    used_s = {
        user: sum(by_name.get(name, 0.0) for name in names)
        for user, names in _NAMES.items()
        if names[0] in by_name
    }
    if host.core_s is not None and host.other_share is not None:
        used_s[CoreUser.OTHERS] = host.other_share * host.core_s
    return OwnLoad(used_s, host.wall_s, host.core_s, host.busy_share, host.steal_share)
