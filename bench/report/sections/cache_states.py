"""Bytes fetched in each cache state, and the proof that a trial was in that state."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from bench.analysis.page_cache import cooled_trials
from bench.core.capability import Capability
from bench.core.domain import CacheState, TrialStatus
from bench.judge.statistics import stats
from bench.report.sections.section import Section
from bench.report.wording import unit_words, value_words
from bench.results.summary import evidence, measured_states

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from bench.analysis.model import TrialResult
    from bench.results.run import Run


def cache_states(run: Run) -> Section | None:
    """One row per case and cache state; None where no trial says anything about its image.

    Plain processes have none, and what a stack pulls stands with its services.
    """
    rows = [
        _row(run, case, cache, trials)
        for case, settings in run.scenario.cases.items()
        for cache, arm in measured_states(run, case)
        if not settings.lacks(Capability.IMAGE)
        and arm == "fit"
        and (trials := evidence(run, case, cache).trials)
        and not any(trial.facts.stack for trial in trials)
    ]
    if not rows:
        return None
    return Section(
        title="cache states",
        beside="bytes fetched, by the registry's access log (medians), and the proof of the state",
        columns=(
            "case", "cache", "trials", "invalid", "pull", "fetched", "requests",
            "start incl. pull", "page cache at start", "proof",
        ),
        rows=tuple(rows),
        in_terminal=len({row[1] for row in rows}) > 1,
    )  # fmt: skip


def _row(run: Run, case: str, cache: str, trials: Sequence[TrialResult]) -> tuple[str, ...]:
    invalid = sum(
        (trial.key.case, trial.key.cache, trial.key.arm) == (case, cache, "fit")
        and trial.status is TrialStatus.INVALID
        for trial in run.results
    )
    served = [trial.facts.served for trial in trials if trial.facts.served]
    return (
        case,
        cache,
        str(len(trials)),
        str(invalid),
        value_words(_median(_metric(trials, "pull_s")), "pull_s"),
        unit_words(_median([pull.size_bytes for pull in served]), "bytes"),
        unit_words(_median([pull.requests for pull in served]), ""),
        value_words(_median(_metric(trials, "startup_s")), "startup_s"),
        _page_cache_words(CacheState(cache), trials, cooled_trials(run.results)),
        _proof_words(CacheState(cache), trials),
    )


def _metric(trials: Sequence[TrialResult], name: str) -> list[float]:
    return [trial.metrics[name] for trial in trials if name in trial.metrics]


def _median(values: Sequence[float]) -> float | None:
    return stats.median(values) if values else None


def _page_cache_words(
    state: CacheState, trials: Sequence[TrialResult], cooled: Collection[str]
) -> str:
    """The state of the page cache when the container was started."""
    if state is CacheState.COLD:
        return _UNPACKED
    words = _dropped_words(trials, cooled)
    if state is CacheState.BASE:
        return f"of the base {words}, of the rest {_UNPACKED}"
    return words


_UNPACKED = "warm from unpacking"
"""The page cache is dropped before the pull, and unpacking writes the image through it."""


def _dropped_words(trials: Sequence[TrialResult], cooled: Collection[str]) -> str:
    """Whether the page cache was dropped; journals of older versions do not say."""
    by_others = sum(trial.trial_id in cooled for trial in trials)
    if by_others:
        return f"dropped by another case in {by_others} of {len(trials)}"
    said = [trial.facts.page_cache_dropped for trial in trials]
    known = [dropped for dropped in said if dropped is not None]
    if not known:
        return "not recorded"
    if not any(known):
        return "kept"
    return "dropped" if all(known) else f"dropped in {sum(map(bool, known))} of {len(known)}"


def _proof_words(state: CacheState, trials: Sequence[TrialResult]) -> str:
    tally = Counter(_proof(state, trial) for trial in trials)
    if len(tally) == 1:
        return next(iter(tally))
    return ", ".join(f"{proof} ({count} of {len(trials)})" for proof, count in tally.items())


def _proof(state: CacheState, trial: TrialResult) -> str:
    """The proof of the cache state that a valid trial passed; without it a trial is invalid."""
    if not state.is_pulled:
        return "the engine had the image"
    if "pull_s" not in trial.metrics:
        return "none: the pull did not end"
    return "stream and access log" if trial.facts.served else "stream alone"
