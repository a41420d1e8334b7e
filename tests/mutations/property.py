"""What must hold of a run whose journal is wrong, against the run that it was."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.core.domain import Severity
from bench.core.errors import StoreError
from bench.judge.model import Outcome
from bench.results.run import Run, load_run

if TYPE_CHECKING:
    from pathlib import Path

    from bench.judge.model import Verdict


@dataclass(frozen=True)
class Shown:
    """What a reader sees of a run; None of all where it is refused.

    Attributes:
        verdicts: of blocking rows, by case, row and metric.
        trials: status, reason and metrics by id.
        comparisons: medians by what is compared.
        said: what is said of the whole: notes, and how it ended.
    """

    exit_code: int
    verdicts: dict[tuple[str, ...], Verdict]
    trials: dict[str, tuple[str, str, dict[str, float]]]
    comparisons: dict[tuple[str, ...], tuple[float | None, float | None]]
    said: tuple[str, ...]


def shown(folder: Path) -> Shown | None:
    """What is shown of the run in `folder`; None where it is refused."""
    try:
        return _of(load_run(folder))
    except StoreError:  # ends with exit code 3
        return None


def _of(run: Run) -> Shown:
    return Shown(
        exit_code=run.exit_code,
        verdicts={
            (one.case, one.id, one.metric or "", one.cache or "", one.arm or ""): one
            for one in run.verdicts
            if one.severity == Severity.BLOCK
        },
        trials={one.trial_id: (one.status.value, one.reason, one.metrics) for one in run.results},
        comparisons={
            (one.baseline, one.candidate, one.metric): (one.baseline_median, one.candidate_median)
            for one in run.comparisons
        },
        said=(run.outcome, *run.notes),
    )


def faults(before: Shown, after: Shown | None, *, is_said: bool) -> list[str]:
    """Where `after` shows more than it may; nothing where the run is refused."""
    if after is None:
        return []
    found = []
    for key, old in before.verdicts.items():
        new = after.verdicts.get(key)
        if old.verdict is not Outcome.PASS and new is not None and new.verdict is Outcome.PASS:
            found.append(f"{' '.join(key)} was {old.verdict} and passes: {new.reason}")
        if new is None:
            found.append(f"{' '.join(key)} is gone")
    if before.exit_code and not after.exit_code:
        found.append(f"exit code {before.exit_code} became {after.exit_code}")
    if is_said and after.said == before.said:
        found += _unsaid(before, after)
    return found


def _unsaid(before: Shown, after: Shown) -> list[str]:
    """Figures that have changed of trials of which nothing else is said."""
    found = []
    touched = set(before.trials) ^ set(after.trials)
    for trial_id in set(before.trials) & set(after.trials):
        (was, why, old), (now, because, new) = before.trials[trial_id], after.trials[trial_id]
        if (was, why) != (now, because):
            touched.add(trial_id)
            continue
        changed = [name for name in old if name in new and old[name] != new[name]]
        if changed:
            found.append(f"{trial_id}: {', '.join(changed)} changed unmentioned")
    if touched or found:
        return found
    for key, verdict in before.verdicts.items():
        new_verdict = after.verdicts.get(key)
        passes = new_verdict and new_verdict.verdict is verdict.verdict is Outcome.PASS
        if passes and new_verdict and new_verdict.actual not in (None, verdict.actual):
            found.append(f"{' '.join(key)}: {verdict.actual} became {new_verdict.actual}")
    spoken_of = {
        key[0]
        for key, one in before.verdicts.items()
        if key in after.verdicts and after.verdicts[key].verdict is not one.verdict
    }
    for pair, medians in before.comparisons.items():
        if spoken_of & set(pair):
            continue
        both = zip(medians, after.comparisons.get(pair, medians), strict=True)
        if any(old != new for old, new in both if new is not None):
            found.append(f"comparison {' '.join(pair)} changed unmentioned")
    return found
