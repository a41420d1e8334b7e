"""The trials that a rule is judged on, and what is missing among them."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bench.core.domain import CALIBRATION_CASE, TrialKey, TrialStatus
from bench.judge.finding import Finding, counted, sentence
from bench.judge.model import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bench.analysis.model import TrialResult
    from bench.core.metrics import Metric


@dataclass(frozen=True)
class Evidence:
    """The trials of one case in one arm and cache state.

    Attributes:
        planned: how many there should be.
        trials: those that say something about the image, one for each trial of the plan.
        lost: the last attempt of each trial of the plan that came to nothing for another's
            fault: its state was wrong, or the engine, the disk or bench failed.
    """

    planned: int
    trials: tuple[TrialResult, ...]
    lost: tuple[TrialResult, ...] = ()

    @property
    def failed(self) -> tuple[TrialResult, ...]:
        """The trials in which the image failed."""
        return tuple(trial for trial in self.trials if trial.status is TrialStatus.FAILED)

    @property
    def all_failed(self) -> bool:
        """Whether there are trials and the image failed in every one."""
        return bool(self.trials) and len(self.failed) == len(self.trials)

    def values(self, metric: Metric, worst: float = math.inf) -> list[float]:
        """The values of `metric`; a failed trial has `worst` for every time, whatever it took."""
        found = []
        for trial in self.trials:
            if metric.is_time and trial.status is TrialStatus.FAILED:
                found.append(worst)
            elif metric.name in trial.metrics:
                found.append(trial.metrics[metric.name])
        return found

    @property
    def killed(self) -> tuple[TrialResult, ...]:
        """The trials in which the kernel killed a process for memory."""
        return tuple(trial for trial in self.trials if trial.metrics.get("oom_kills", 0.0) > 0)

    def failures(self) -> str:
        """How many trials failed and why; empty where none did."""
        if not self.failed:
            return ""
        return f"{len(self.failed)} of {counted(len(self.trials), 'trial')} failed: " + reasons(
            self.failed
        )

    def shortfall(self, *, complete: bool) -> Finding | None:
        """The finding where trials are missing; None where they are all there.

        Args:
            complete: whether the run came to its end.
        """
        got, planned = len(self.trials), self.planned
        if got >= planned or (self.all_failed and not self.lost):
            return None  # more trials of what fails every time would change nothing
        if self.lost:
            how = f"only {got} of {counted(planned, 'trial')} could be measured"
            how = how if got else "no trial could be measured"
            return Finding(Outcome.ERROR, f"{how}: {reasons(self.lost)}", n=got)
        if not complete:
            how = f"the run was interrupted after {got} of {counted(planned, 'trial')}"
            return Finding(Outcome.INCONCLUSIVE, how, n=got)
        if got:
            how = f"only {got} of {counted(planned, 'planned trial')} are recorded"
            return Finding(Outcome.INCONCLUSIVE, how, n=got)
        return None


def gather(
    trials: Iterable[TrialResult],
    case: str,
    *,
    arm: str,
    cache: str | None,
    planned: int,
    network: str = "open",
) -> Evidence:
    """The evidence for `case` in `arm` and cache state `cache` (None: in any).

    Left out are warm-ups, containers that were started several at once, trials in another
    `network` (open or cut), and rows of the single containers of a case, whose sum stands in a
    row of its own.
    """
    attempts: dict[TrialKey, list[TrialResult]] = {}
    for trial in trials:
        key = trial.key
        if (
            key.case == case
            and key.arm == arm
            and cache in (None, key.cache)
            and _plain(trial, network)
        ):
            attempts.setdefault(key, []).append(trial)
    said, lost = [], []
    for tries in attempts.values():
        good = [trial for trial in tries if trial.status.counts]
        if good:
            said.append(max(good, key=lambda trial: trial.attempt))
            continue
        spoilt = [trial for trial in tries if trial.status is not TrialStatus.INTERRUPTED]
        lost += [max(spoilt, key=lambda trial: trial.attempt)] if spoilt else []
    return Evidence(planned, tuple(said), tuple(lost))


def no_pass_with_gaps(
    found: Finding,
    name: str,
    evidence: Evidence,
    *,
    may_miss: bool = False,
    crashes_excused: bool = False,
) -> Finding:
    """`found`, unless it is a pass and some trials that should have the figure `name` have not.

    Args:
        found: what the trials that have the figure amount to.
        name: the metric.
        evidence: the trials that it was judged on.
        may_miss: whether the figure may be missing (`required: false`).
        crashes_excused: whether trials in which the image failed should have it too, for nothing
            else makes the case fail then.
    """
    should = [
        trial for trial in evidence.trials if crashes_excused or trial.status is TrialStatus.OK
    ]
    gaps = sum(name not in trial.metrics for trial in should)
    if not gaps or found.outcome is Outcome.NOT_MEASURED:
        return found
    note = f"{name} is missing in {gaps} of {counted(len(evidence.trials), 'trial')}"
    lowered = found.outcome is Outcome.PASS and not may_miss
    outcome = Outcome.INCONCLUSIVE if lowered else found.outcome
    return replace(found, outcome=outcome, reason=sentence(found.reason, note))


def got_ready(trials: Iterable[TrialResult], case: str) -> bool:
    """Whether any trial of `case` got ready."""
    return any(
        trial.key.case == case
        and _plain(trial)
        and trial.status.counts
        and (trial.status is TrialStatus.OK or "ready_s" in trial.metrics)
        for trial in trials
    )


def why_none_held(trials: Sequence[TrialResult], case: str) -> str:
    """Why rules on the trials of `case` say nothing: the image failed in all; empty where not."""
    own = [
        trial
        for trial in trials
        if trial.key.case == case and trial.status.counts and not trial.service
    ]
    if not own or any(trial.status is TrialStatus.OK for trial in own):
        return ""
    ready = any("ready_s" in trial.metrics for trial in own)
    return "it failed after it was ready in every trial" if ready else "it never got ready"


def _plain(trial: TrialResult, network: str = "open") -> bool:
    key = trial.key
    alone = key.network == network and not key.replicas and not trial.service
    return alone and not key.warmup and key.case != CALIBRATION_CASE


def reasons(trials: Sequence[TrialResult]) -> str:
    """Why these trials ended as they did, each reason once, the most frequent first."""
    tally = Counter(trial.reason or f"ended as {trial.status}" for trial in trials)
    return ", ".join(
        reason if len(tally) == 1 else f"{reason} ({times}×)"  # noqa: RUF001
        for reason, times in tally.most_common()
    )
