"""CPU demand of threads that were never sampled, and when it leaves the demand unknown."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bench.judge.evidence import Evidence

DEMAND = "cpu_demand_cores_peak"

MOST_UNSEEN_PCT = 5.0
"""Share of the CPU time by threads whose waiting is not known up to which demand can be told."""

_UNSEEN = "cpu_unseen_share_pct"


def unseen_demand(evidence: Evidence, most: float) -> str:
    """Why the trials cannot show that demand stayed within `most`; empty where they can.

    Args:
        evidence: the trials.
        most: cores.
    """
    having = [trial for trial in evidence.trials if DEMAND in trial.metrics]
    if not having:
        return ""
    if any(_UNSEEN not in trial.metrics for trial in having):
        return "CPU time of threads too short-lived to see was not recorded"
    unseen = max(trial.metrics[_UNSEEN] for trial in having)
    if unseen > MOST_UNSEEN_PCT:
        return (
            f"{unseen:.0f} % of the CPU time was used by threads too short-lived to see, and how "
            "long those waited for a core is unknown"
        )
    scaled = max(trial.metrics[DEMAND] / (1 - trial.metrics[_UNSEEN] / 100) for trial in having)
    if scaled > most:
        return (
            f"{unseen:.1f} % of the CPU time was used by threads too short-lived to see: had they "
            f"waited as the others did, it would be {scaled:.2f} cores"
        )
    return ""
