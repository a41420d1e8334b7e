"""Effects of other work on the host: disturbed and lost trials, and waits for a quiet host."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.core.domain import TrialStatus
from bench.core.units import format_seconds
from bench.runner.quiet import busiest_of
from bench.scenario.host_bounds import DISTURBED_SHARE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.analysis.model import TrialResult
    from bench.results.run import Run

STEAL = 0.02
"""Share of core time taken by other tenants from which on it is said."""

_NAMED = 3
_KINDS = {
    "other_share": ("other programs of the host", DISTURBED_SHARE, "max_other_load"),
    "steal_share": ("other tenants of the machine", STEAL, "max_steal"),
}


def was_disturbed(run: Run, trial: TrialResult) -> bool:
    """Whether a trial is invalid for what others took of the core time."""
    load = trial.facts.host
    if trial.status is not TrialStatus.INVALID or load is None:
        return False
    bounds = run.scenario.host_bounds
    return trial.reason == bounds.exceeded(load.other_share, load.steal_share)


def disturbances(run: Run) -> Iterator[str]:
    """A sentence for other programs, one for other tenants, and one for the waits alone."""
    known = [trial for trial in run.results if trial.facts.host is not None]
    waited = _waited(run)
    for name, (who, least, key) in _KINDS.items():
        shares = [share for trial in known if (share := _share(trial, name)) >= least]
        if not shares:
            continue
        bound = getattr(run.scenario.host_bounds, name)
        lost = sum(was_disturbed(run, trial) and _share(trial, name) > bound for trial in known)
        yield (
            f"{who} took {least:.0%} or more of the core time in {len(shares)} of {len(known)} "
            f"trials (up to {max(shares):.0%})"
            + (f"; {lost} of them are invalid for that reason" if lost else "")
            + (f"; the scenario accepts that (`{key}: any`)" if bound >= 1 else "")
            + (f"; {waited}" if waited else "")
        )
        waited = ""
    if waited:
        yield waited


def _waited(run: Run) -> str:
    """How long the run waited for a quiet host, and who kept it busy; empty where it did not."""
    if not run.waits:
        return ""
    seconds = format_seconds(sum(wait.waited_s for wait in run.waits))
    vain = sum(wait.in_vain for wait in run.waits)
    text = f"bench waited {seconds} for a quiet host"
    if vain:
        text += (
            ", in vain" if vain == len(run.waits) else f", {vain} of {len(run.waits)} times in vain"
        )
    who = busiest_of(process for wait in run.waits for process in wait.busy)[:_NAMED]
    return text + (f"; the busiest programs were {', '.join(map(str, who))}" if who else "")


def _share(trial: TrialResult, name: str) -> float:
    return getattr(trial.facts.host, name) or 0.0
