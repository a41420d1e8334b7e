"""Warnings about a run's figures, found in the run itself."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from bench.analysis.page_cache import cooled_trials
from bench.core.domain import CALIBRATION_CASE, SIZE_ARM, CacheState, TrialStatus
from bench.core.metrics import METRICS
from bench.core.units import format_bytes, format_value
from bench.judge.limit_notes import NEAR
from bench.judge.statistics import stats
from bench.report.disturbed import disturbances, was_disturbed
from bench.report.failing import failing
from bench.report.figure_doubts import figure_doubts
from bench.report.wording import trials_made
from bench.results.summary import good_trials, measured_states

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bench.analysis.model import TrialResult
    from bench.core.domain import TrialKey
    from bench.journal.facts.host import HostUse
    from bench.results.run import Run

NOISY = 0.15
"""Coefficient of variation of the start-up time above which a case is called noisy."""

STALLED = 0.05
"""Share of a trial for which programs waited for memory from which on it is said."""

OUTLIER = 4.0
"""Robust standard deviations from the median from which on a trial is called an outlier."""

_MAD_TO_SD = 1.4826  # for a normal distribution: Rousseeuw and Croux 1993
_SPREAD_NEEDS = 6


def warnings(run: Run) -> list[str]:
    """Sentences without a full stop, the most important first; empty where nothing is to say."""
    return [
        *_incomplete(run),
        *run.notes,
        *_lost_trials(run),
        *_warm_by_name(run),
        *figure_doubts(run),
        *_limits_above_host(run),
        *_near_limits(run),
        *_swap(run),
        *disturbances(run),
        *_host_noise(run),
        *_spread(run),
        *_engine_warnings(run),
    ]


def _incomplete(run: Run) -> Iterator[str]:
    if run.outcome == "complete":
        return
    done, planned = trials_made(run)
    if run.outcome == "stopped":
        what = "no more" if run.results else "nothing"
        yield f"{what} was measured, as a case has no image (`--keep-going` measures the others)"
        return
    how = "was interrupted" if run.outcome == "interrupted" else "was cut off"
    yield f"the run {how}: {done} of {planned} planned trials have a result"
    for case, why in run.failed_images.items():
        yield f"{case} has no image: {why.splitlines()[0]}"


def _lost_trials(run: Run) -> Iterator[str]:
    words = {
        TrialStatus.FAILED: "failed",
        TrialStatus.INVALID: "was invalid and repeated",
        TrialStatus.ERROR: "ended in an error that is not the image's fault",
        TrialStatus.INTERRUPTED: "was interrupted",
    }
    shown = {problem.case for problem in failing(run)}  # every report begins with those
    for status, what in words.items():
        tally: Counter[tuple[str, str, bool]] = Counter(
            (trial.key.case, trial.reason or "no reason recorded", _is_last(run, trial))
            for trial in run.results
            if trial.status is status
            and not trial.service  # the trial of its stack says it
            and not was_disturbed(run, trial)  # one line says it of all
            # with the network cut off, or a size that is too small, a failure is the finding
            and not (_is_a_test(trial.key) and status is TrialStatus.FAILED)
            and not (trial.key.case in shown and status is TrialStatus.FAILED)
        )
        for (case, reason, is_last), count in tally.items():
            trials = "a trial" if count == 1 else f"{count} trials"
            plural = what if count == 1 else what.replace("was ", "were ", 1)
            plural = plural.removesuffix(" and repeated") if is_last else plural
            yield f"{trials} of {case} {plural}: {reason}"


def _is_last(run: Run, trial: TrialResult) -> bool:
    """Whether no later attempt was made at what `trial` was an attempt at."""
    return not any(
        later.key == trial.key and later.attempt > trial.attempt for later in run.results
    )


def _warm_by_name(run: Run) -> Iterator[str]:
    cooled = cooled_trials(run.results)
    for case in run.scenario.cases:
        warm = [
            trial
            for trial in run.results
            if trial.key.case == case and trial.key.cache == CacheState.WARM and trial.status.counts
            and not trial.service
        ]  # fmt: skip
        count = sum(trial.trial_id in cooled for trial in warm)
        if count:
            yield (
                f"{count} of {len(warm)} warm trials of {case} came after another case had dropped "
                "the page cache; `cache: [image, warm]` lets each follow one of its own"
            )


def _is_a_test(key: TrialKey) -> bool:
    return key.arm == SIZE_ARM or key.network == "cut"


def _limits_above_host(run: Run) -> Iterator[str]:
    cores = int(run.header.host["cores"])
    found: dict[str, list[str]] = {}
    for name, case in run.scenario.cases.items():
        limits, available = case.effective_limits, _least_available(run, name)
        if limits.cpus is not None and limits.cpus > cores:
            what = f"{limits.cpus:g} cores, but the host has only {cores}"
            found.setdefault(what, []).append(name)
        if limits.memory is not None and available is not None and limits.memory > available:
            asked, had = format_bytes(limits.memory), format_bytes(available)
            found.setdefault(f"{asked} of memory, but the host had only {had}", []).append(name)
    for what, names in found.items():
        yield f"{' and '.join(names)} may use {what}"


def _least_available(run: Run, case: str) -> int | None:
    """The least memory that the host could have given before a trial of `case`, in bytes."""
    hosts = [trial.facts.host for trial in run.results if trial.key.case == case]
    sizes = [load.memory_available_bytes for load in hosts if load]
    return min((size for size in sizes if size is not None), default=None)


def _near_limits(run: Run) -> Iterator[str]:
    for name, case in run.scenario.cases.items():
        cap = case.effective_limits.memory
        if cap is None:
            continue
        peaks = [
            trial.metrics["memory_peak_bytes"]
            for trial in run.results
            if (trial.key.case, trial.key.arm, trial.key.network) == (name, "fit", "open")
            and "memory_peak_bytes" in trial.metrics
        ]
        pressed = sum(peak >= (1 - NEAR) * cap for peak in peaks)
        if pressed:
            yield (
                f"the memory peak of {name} came within {NEAR:.0%} of its limit of "
                f"{format_bytes(cap)} in {pressed} of {len(peaks)} trials: "
                "it may need more"
            )


def _swap(run: Run) -> Iterator[str]:
    """Swap on a host hides what a limit, or the lack of memory, would have shown."""
    size = _number(run.header.host.get("swap_bytes"))
    if not size:
        return
    limits = [trial.facts.limits for trial in run.results]
    capped = [fact for fact in limits if fact and fact.applied and fact.requested.memory_bytes]
    open_ = sum(fact.applied is not None and fact.applied.swap_bytes != 0 for fact in capped)
    kept_out = "trials with a memory limit do not use it"
    if open_:
        kept_out = f"{open_} of {len(capped)} trials with a memory limit could use it"
    yield (
        f"the host has {format_bytes(size)} of swap: {kept_out}; in trials without limits it hides "
        "a shortage of memory"
    )


def _host_noise(run: Run) -> Iterator[str]:
    loads = [trial.facts.host for trial in run.results]
    known = [load for load in loads if load]
    stalled = sum(_stalled(load) > STALLED for load in known)
    if stalled:
        yield (
            f"programs waited for memory for {STALLED:.0%} or more of the time in {stalled} of "
            f"{len(known)} trials"
        )
    hot = sum(bool(load.thermal and load.thermal.events) for load in known)
    if hot:
        yield f"cores were throttled by heat in {hot} of {len(known)} trials"
    swapped = sum((load.swapped_pages or 0) > 0 for load in known)
    if swapped:
        yield f"the host swapped in {swapped} of {len(known)} trials"
    load, cores = _number(run.header.host.get("load_1min")), run.header.host["cores"]
    if load > cores / 2:
        yield f"the host was busy when the run began: load {load:.1f} on {cores} cores"


def _stalled(load: HostUse) -> float:
    """The share of a trial for which some program waited for memory."""
    return load.stalled_s.get("memory", 0.0) / load.wall_s if load.wall_s else 0.0


def _spread(run: Run) -> Iterator[str]:
    for case in run.scenario.cases:
        for cache, arm in measured_states(run, case):
            trials = good_trials(run, case, cache, arm)
            timed = [trial for trial in trials if "startup_s" in trial.metrics]
            if arm != "fit" or len(timed) < _SPREAD_NEEDS:
                continue
            values = [trial.metrics["startup_s"] for trial in timed]
            share = stats.coefficient_of_variation(values)
            if share is not None and share > NOISY:
                yield (
                    f"{case} is noisy: its {cache} start varies by {share:.0%} "
                    "(standard deviation over mean)"
                )
            yield from _outliers(case, timed)


def _outliers(case: str, timed: Sequence[TrialResult]) -> Iterator[str]:
    values = [trial.metrics["startup_s"] for trial in timed]
    middle = stats.median(values)
    deviation = _MAD_TO_SD * stats.median([abs(value - middle) for value in values])
    unit = METRICS["startup_s"].unit
    for trial, value in zip(timed, values, strict=True):
        far = abs(value - middle)
        if deviation > 0 and far > OUTLIER * deviation and far > 0.1 * middle:
            yield (
                f"{trial.trial_id} of {case} is an outlier: it started in "
                f"{format_value(value, unit)}, the median is {format_value(middle, unit)}; it is "
                "kept in all figures"
            )


def _engine_warnings(run: Run) -> Iterator[str]:
    tally: Counter[str] = Counter()
    for trial in run.results:
        if trial.key.case != CALIBRATION_CASE:
            tally.update(trial.facts.warnings)
    for text, count in tally.most_common():
        yield f"the engine warned in {count} trials: {text}"


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
