"""The answer of a run in one sentence with numbers, which every report shows first.

Which metrics it is made of, the scenario's `answer` says, and of these it also says what was not
called a difference; else start, size and memory, and the scenario's own, as far as they differ.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from bench.core.domain import Arm
from bench.core.metrics import Scope
from bench.judge.finding import counted
from bench.judge.model import Outcome
from bench.report.baseline import baseline_words
from bench.report.comparison_words import CALLED, change_words, median_words
from bench.report.rows import case_outcomes, comparison_groups, is_unjudged
from bench.report.wording import NO_LIMITS, state_words, unit_words
from bench.results.summary import shown_summaries

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from bench.journal.facts.comparison import Comparison
    from bench.results.run import Run

_FIRST = ("startup_s", "ready_s", "image_size_bytes", "memory_anon_peak_bytes")
_MOST_METRICS = 3
_MOST_NAMED = 4


def answer(run: Run, *, with_baseline: bool = True) -> str:
    """The sentence; empty where the run has neither figures nor verdicts.

    It begins with what the comparison with an earlier run says, unless that is said elsewhere.
    """
    figures = list(_compared(run)) or list(_measured(run))
    first = baseline_words(run) if with_baseline else ""
    parts = [*([first] if first else []), *figures, *_judged(run)]
    return f"{'; '.join(parts)}." if parts else ""


def _headline(run: Run) -> list[str]:
    return list(run.scenario.answer) or [*_FIRST, *run.scenario.own_metrics]


def _compared(run: Run) -> Iterator[str]:
    groups = comparison_groups(run.comparisons)
    names = _headline(run)
    if len(groups) > 2:
        yield from _ranked(groups, names)
        return
    for (baseline, candidate), group in groups:
        several = _several_states(group)
        asked = _each_once(group, names) if run.scenario.answer else _called(group, names)
        said = [_change(comparison, with_state=several) for comparison in asked[:_MOST_METRICS]]
        words = ", ".join(said) or "no significant difference"
        yield f"{candidate} against {baseline}: {words}"


def _several_states(comparisons: Iterable[Comparison]) -> bool:
    """Whether trials under limits were compared in more than one cache state."""
    return len({comparison.cache for comparison in comparisons if comparison.arm == Arm.FIT}) > 1


def _called(group: Iterable[Comparison], names: Sequence[str]) -> list[Comparison]:
    """The differences of `group` that were called, one per metric, in the order of `names`."""
    return _each_once(
        (comparison for comparison in group if comparison.difference in CALLED), names
    )


def _each_once(group: Iterable[Comparison], names: Sequence[str]) -> list[Comparison]:
    """The first comparison of each metric of `names`, in their order."""
    found: dict[str, Comparison] = {}
    for comparison in group:
        if comparison.metric in names:
            found.setdefault(comparison.metric, comparison)
    return sorted(found.values(), key=lambda comparison: names.index(comparison.metric))


def _ranked(
    groups: Sequence[tuple[tuple[str, str], list[Comparison]]], names: Sequence[str]
) -> Iterator[str]:
    """Of many candidates the largest difference of each, and the largest of those first."""
    largest = [max(called, key=_size) for _, group in groups if (called := _called(group, names))]
    largest.sort(key=_size, reverse=True)
    baselines = dict.fromkeys(baseline for (baseline, _), _ in groups)
    several = _several_states(comparison for _, group in groups for comparison in group)
    for comparison in largest[:_MOST_NAMED]:
        against = "" if len(baselines) == 1 else f" against {comparison.baseline}"
        yield f"{comparison.candidate}{against}: {_change(comparison, with_state=several)}"
    rest, same = len(largest) - _MOST_NAMED, len(groups) - len(largest)
    if rest > 0:
        yield f"{counted(rest, 'more case')} with smaller differences"
    if same:
        yield f"{same} of {counted(len(groups), 'case')} without a difference"


def _size(comparison: Comparison) -> float:
    if comparison.killed_baseline or comparison.killed_candidate:
        return 0.0  # it has no size, and another difference may have a large one
    return abs(math.log(comparison.ratio)) if comparison.ratio else math.inf


def _change(comparison: Comparison, *, with_state: bool) -> str:
    title = comparison.title
    if comparison.arm == Arm.NEED or (with_state and comparison.cache):
        title = f"{title} {state_words(comparison.cache, comparison.arm)}"
    if comparison.killed_baseline or comparison.killed_candidate:
        return f"{title} {_killed(comparison)}"
    words = change_words(comparison)
    if not comparison.ratio or comparison.difference not in CALLED:
        return f"{title} {words}"
    baseline, candidate = median_words(comparison)
    return f"{title} {words} ({candidate}, not {baseline})"


def _killed(comparison: Comparison) -> str:
    """`312 ms (bad: SIGTERM ignored, killed after 2 s)`: no factor, for nothing was timed."""
    before, after = comparison.killed_baseline, comparison.killed_candidate
    baseline, candidate = (
        unit_words(value, comparison.unit)
        for value in (comparison.baseline_median, comparison.candidate_median)
    )
    if not after:
        return f"{candidate} ({comparison.baseline}: {before})"
    if not before:
        return f"not: {after} ({comparison.baseline}: {baseline})"
    return f"not: {after}" if before == after else f"not: {after} ({comparison.baseline}: {before})"


def _measured(run: Run) -> Iterator[str]:
    """Medians of the cases, where nothing is compared: of each, or only the least and the most."""
    names = _headline(run)
    cases = list(run.scenario.cases)
    if len(cases) > _MOST_NAMED:
        yield from _ranges(run, cases, names)
        return
    for case in cases:
        said = [words for name in names if (words := _medians(run, case, name))]
        if said:
            yield f"{case}: {', '.join(said[:_MOST_METRICS])}"


def _values(run: Run, case: str, name: str) -> dict[str, float]:
    """The median of a metric by cache state; that of the image under no state."""
    image = run.images.get(case)
    if run.metrics[name].scope is Scope.IMAGE:
        values = image.metric_values() if image else {}
        return {"": values[name]} if name in values else {}
    return {
        state_words(summary.cache, summary.arm): summary.median
        for summary in shown_summaries(run, case)
        if summary.metric == name
    }


def _medians(run: Run, case: str, name: str) -> str:
    metric, values = run.metrics[name], _values(run, case, name)
    if not values:
        return ""
    if len(values) == 1 and NO_LIMITS not in values:
        return f"{metric.title} {unit_words(next(iter(values.values())), metric.unit)}"
    states = (f"{unit_words(value, metric.unit)} {cache}" for cache, value in values.items())
    return f"{metric.title} {', '.join(states)}"


def _ranges(run: Run, cases: Sequence[str], names: Sequence[str]) -> Iterator[str]:
    """Of each metric the least and the most of the medians, in each cache state."""
    said = 0
    for name in names:
        spans = _spans(run, cases, name)
        if spans and said < _MOST_METRICS:
            said += 1
            several = len(spans) > 1 or NO_LIMITS in spans
            words = (f"{span} {cache}" if several else span for cache, span in spans.items())
            yield f"{run.metrics[name].title} {', '.join(words)}"


def _spans(run: Run, cases: Sequence[str], name: str) -> dict[str, str]:
    """The least and the most median of a metric by cache state, of those in which it has two."""
    by_state: dict[str, dict[str, float]] = {}
    for case in cases:
        for cache, value in _values(run, case, name).items():
            by_state.setdefault(cache, {})[case] = value
    spans = {}
    for cache, known in by_state.items():
        if len(known) > 1:
            least, most = min(known, key=known.__getitem__), max(known, key=known.__getitem__)
            low, high = (unit_words(known[case], run.metrics[name].unit) for case in (least, most))
            spans[cache] = f"from {low} ({least}) to {high} ({most})"
    return spans


def _judged(run: Run) -> Iterator[str]:
    outcomes = case_outcomes(run)
    passed = [case for case, outcome in outcomes.items() if outcome.outcome is Outcome.PASS]
    good = [case for case in passed if outcomes[case].as_expected]
    if good:
        named = len(good) <= _MOST_NAMED
        who = _listed(good) if named else f"{len(good)} of {counted(len(outcomes), 'case')}"
        yield f"{who} {'passes' if len(good) == 1 else 'pass'}"
    for case in passed:
        if case not in good:
            yield f"{case} passes unexpectedly"
    others = [case for case in outcomes if case not in passed]
    for case in others[:_MOST_NAMED]:
        outcome = outcomes[case]
        ids = [
            verdict.id
            for verdict in run.verdicts
            if verdict.case == case
            and verdict.verdict is outcome.outcome
            and not is_unjudged(verdict)
        ]
        expected = ", as expected" if outcome.as_expected else ""
        if outcome.outcome is Outcome.FAIL:
            yield f"{case} fails {_listed(ids)}{expected}"
        elif case in run.failed_images:
            yield f"{case} could not be measured: {_without_image(run, case)}"
        elif ids:
            yield f"{case} {_OPEN[outcome.outcome]} {_listed(ids)}"
    if len(others) > _MOST_NAMED:
        yield f"{counted(len(others) - _MOST_NAMED, 'more case')} did not pass"


_OPEN = {
    Outcome.INCONCLUSIVE: "is inconclusive in",
    Outcome.NOT_MEASURED: "was not measured for",
    Outcome.ERROR: "could not be measured for",
}


def _without_image(run: Run, case: str) -> str:
    settings = run.scenario.cases[case]
    if settings.host:
        return "its setup failed"
    if settings.compose:
        return "an image of it could not be built or pulled"
    return f"its image could not be {'built' if settings.build else 'pulled'}"


def _listed(names: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last
