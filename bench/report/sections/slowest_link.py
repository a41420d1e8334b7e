"""The slowest link at which each image still starts in time, and the course of its pull."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.core.domain import CacheState, TrialStatus
from bench.core.units import format_rate, format_seconds
from bench.judge.slowest_link import HELD_OUT_NEEDS, SlowestLink
from bench.judge.slowest_link import slowest_link as computed
from bench.judge.statistics import stats
from bench.report.curves import trials_of
from bench.report.rows import limits_by_id
from bench.report.sections.section import Section

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from bench.analysis.model import TrialResult
    from bench.results.run import Run

_TITLE = "the pull, and the slowest link"


def slowest_link(run: Run) -> Section | None:
    """One row per case with cold trials; None where there are none, or their start has no limit."""
    rows: list[tuple[str, ...]] = []
    notes: list[str] = []
    links: dict[str, SlowestLink] = {}
    for case in run.single_cases:
        limit_s = _limit_s(run, case)
        trials = [trial for trial in trials_of(run, case, "cold") if trial.status is TrialStatus.OK]
        if limit_s is None or not any("pull_s" in trial.metrics for trial in trials):
            continue
        found = computed(trials, limit_s, run.header.link.rate_bit_s)
        if found is not None:
            links[case] = found
        rows.append((case, *_pull(trials), _achieved(trials), _needed(found, limit_s)))
        notes += _why_unreliable(case, trials)
    if not rows:
        return None
    return Section(
        title=_TITLE,
        beside=f"medians of the cold pulls over {run.link}, and estimates for slower links",
        columns=("case", "pull", "downloading", "extracting", "achieved", "slowest link"),
        rows=tuple(rows),
        notes=(*_model(links), *notes),
    )


def _limit_s(run: Run, case: str) -> float | None:
    """The limit on the cold start of `case`, in seconds; the strictest of several."""
    limits = limits_by_id(run)
    found = [
        limits[verdict.id].value
        for verdict in run.verdicts
        if verdict.case == case
        and verdict.metric == "startup_s"
        and verdict.cache in ("", CacheState.COLD)
        and limits[verdict.id].operator in ("<=", "<")
    ]
    return min(found, default=None)


def _pull(trials: Sequence[TrialResult]) -> tuple[str, str, str]:
    pull, download, extract = (
        _median_words(
            [trial.metrics[name] for trial in trials if name in trial.metrics], format_seconds
        )
        for name in ("pull_s", "pull_download_s", "pull_extract_s")
    )
    return pull, download, extract


def _achieved(trials: Sequence[TrialResult]) -> str:
    rates = [trial.facts.link.achieved_bit_s for trial in trials if trial.facts.link]
    return _median_words([rate for rate in rates if rate], format_rate)


def _median_words(values: Sequence[float], words: Callable[[float], str]) -> str:
    return words(stats.median(values)) if values else ""


def _needed(found: SlowestLink | None, limit_s: float) -> str:
    limit = format_seconds(limit_s)
    if found is None:
        return "not known"
    if found.rate_bit_s is None:
        return f"no link is fast enough for {limit}"
    assert found.low_bit_s is not None, "with more time, a slower link is enough"
    low = format_rate(found.low_bit_s)
    high = "" if found.high_bit_s is None else format_rate(found.high_bit_s)
    within = f"{low} to {high}" if high else f"{low} or more"
    return f"{format_rate(found.rate_bit_s)} for {limit} ({within})"


def _model(links: Mapping[str, SlowestLink]) -> list[str]:
    if not links:
        return []
    assumed = dict.fromkeys(f"{link.assumed_error:.0%}" for link in links.values())
    note = (
        "Slowest link: the bandwidth at which the slowest cold trial would still start in time, "
        "from a replay of its pull: three concurrent downloads share the link, without delay or "
        "loss, layers are extracted in order, and all else takes as long as measured. In brackets: "
        f"the range for an error of {' or '.join(assumed)}. {_checked(links)}"
    )
    return [note]


def _checked(links: Mapping[str, SlowestLink]) -> str:
    """How far the model was off on trials that it was not made of."""
    errors = [link.error for link in links.values() if link.error is not None]
    if not errors:
        return f"Its error is unknown: checking it takes {HELD_OUT_NEEDS} trials of a case."
    unchecked = [case for case, link in links.items() if link.error is None]
    words = (
        "Over the link of this run, with each start predicted from the other trials of its case, "
        f"the error was at most {max(errors):.1%}"
    )
    but = f"; not checked for {', '.join(unchecked)}: too few trials" if unchecked else ""
    return f"{words}{but}. docs/pull.md has its error over other links."


def _why_unreliable(case: str, trials: list[TrialResult]) -> list[str]:
    why = [trial.path.unreliable for trial in trials if trial.path and trial.path.unreliable]
    if not why:
        return []
    return [f"{case}: {len(why)} of {len(trials)} pulls could not be split into steps: {why[0]}."]
