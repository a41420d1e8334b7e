"""Demand for cores of threads that nobody saw: where it keeps a demand from being known."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bench.judge.evidence import Evidence

DEMAND = "cpu_demand_cores_peak"

MOST_UNSEEN_PCT = 5.0
"""Share of the CPU time by threads whose waiting is not known up to which demand can be told."""

_UNSEEN = "cpu_unseen_share_pct"


def unseen_demand(evidence: Evidence, most: float) -> str:
    """What keeps the trials from showing that no more than `most` was asked for; empty if nothing.

    Args:
        evidence: the trials.
        most: cores.
    """
    having = [one for one in evidence.trials if DEMAND in one.metrics]
    if not having:
        return ""
    if any(_UNSEEN not in one.metrics for one in having):
        return "how much CPU time went to threads too short-lived to see was not recorded"
    unseen = max(one.metrics[_UNSEEN] for one in having)
    if unseen > MOST_UNSEEN_PCT:
        return (
            f"{unseen:.0f} % of the CPU time was used by threads too short-lived to see, and how "
            "long those waited for a core is unknown"
        )
    scaled = max(one.metrics[DEMAND] / (1 - one.metrics[_UNSEEN] / 100) for one in having)
    if scaled > most:
        return (
            f"{unseen:.1f} % of the CPU time was used by threads too short-lived to see: had they "
            f"waited as the others did, it would be {scaled:.2f} cores"
        )
    return ""
