"""Which link each image needs to start in time from nothing, and how its pull went here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.judge.slowest_link import MODEL_ERROR, SlowestLink
from bench.judge.slowest_link import slowest_link as computed
from bench.report.curves import median_trial, trials_of
from bench.report.rows import limits_by_id
from bench.report.section import Section
from bench.results.model import TrialStatus
from bench.scenario.model import CacheState
from bench.units import format_rate, format_seconds

if TYPE_CHECKING:
    from bench.results.model import TrialResult
    from bench.results.run import Run

_TITLE = "the pull, and the slowest link"


def slowest_link(run: Run) -> Section | None:
    """A row a case with cold trials; None where there are none, or their start has no limit."""
    rows: list[tuple[str, ...]] = []
    notes: list[str] = []
    errors: list[float] = []
    for case in run.single_cases:
        limit_s = _limit_s(run, case)
        trials = [one for one in trials_of(run, case, "cold") if one.status is TrialStatus.OK]
        middle = median_trial(trials, "pull_s")
        if limit_s is None or middle is None:
            continue
        found = computed(trials, limit_s, run.header["link"].get("rate_bit_s"))
        if found is not None:
            errors.append(found.own_error)
        rows.append((case, *_pull(middle), _achieved(middle), _needed(found, limit_s)))
        notes += _why_unreliable(case, trials)
    if not rows:
        return None
    return Section(
        title=_TITLE,
        beside=f"the cold pull nearest the median, over {run.link}, "
        "and what a model says of slower links",
        columns=("case", "pull", "downloading", "extracting", "achieved", "slowest link"),
        rows=tuple(rows),
        notes=(*_model(errors), *notes),
    )


def _limit_s(run: Run, case: str) -> float | None:
    """What the start of a cold trial of `case` may take at most; the strictest, if several say."""
    limits = limits_by_id(run)
    found = [
        limits[one.id].value
        for one in run.verdicts
        if one.case == case
        and one.metric == "startup_s"
        and one.cache in ("", CacheState.COLD)
        and limits[one.id].operator in ("<=", "<")
    ]
    return min(found, default=None)


def _pull(trial: TrialResult) -> tuple[str, str, str]:
    metrics = trial.metrics
    pull, download, extract = (
        format_seconds(metrics[name]) if name in metrics else ""
        for name in ("pull_s", "pull_download_s", "pull_extract_s")
    )
    return pull, download, extract


def _achieved(trial: TrialResult) -> str:
    link = trial.facts.get("link")
    rate = link.get("achieved_bit_s") if isinstance(link, dict) else None
    return format_rate(rate) if rate else ""


def _needed(found: SlowestLink | None, limit_s: float) -> str:
    limit = format_seconds(limit_s)
    if found is None:
        return "not known"
    if found.rate_bit_s is None:
        return f"none is fast enough for {limit}"
    assert found.low_bit_s is not None, "with more time, a slower link is enough"
    low = format_rate(found.low_bit_s)
    high = "" if found.high_bit_s is None else format_rate(found.high_bit_s)
    within = f"{low} to {high}" if high else f"{low} or more"
    return f"{format_rate(found.rate_bit_s)} for {limit} ({within})"


def _model(errors: list[float]) -> list[str]:
    if not errors:
        return []
    note = (
        "Slowest link: where the slowest cold trial would just be in time, by playing its pull "
        "again: three downloads at once share the link, without delay or loss, layers are "
        "extracted in order, and all else takes what it took. In brackets: if that is "
        f"{MODEL_ERROR:.0%} off; over the trials' own link it is {max(errors):.1%} off at most."
    )
    return [note]


def _why_unreliable(case: str, trials: list[TrialResult]) -> list[str]:
    why = [one.path.unreliable for one in trials if one.path and one.path.unreliable]
    if not why:
        return []
    return [f"{case}: {len(why)} of {len(trials)} pulls could not be taken apart: {why[0]}."]
