"""`python -m benchmarks.simulations`: how often the decision rule is wrong, and what it can see.

Experiments are made up whose truth is known, and judged by the code that judges runs. What is
printed are the tables of docs/statistics.md; a fixed seed makes them the same every time.
"""

from __future__ import annotations

import argparse
import itertools
import sys
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np

from bench.analysis.model import TrialResult
from bench.core.domain import TrialKey, TrialStatus
from bench.core.metrics import METRICS, Scope
from bench.journal.facts.comparison import Difference
from bench.judge.compare import NOT_COMPARED, ComparisonSide, compare_cases
from bench.judge.statistics.difference import ALPHA, Pair, call_difference
from bench.judge.statistics.noise import Band
from bench.judge.statistics.ratio import ratio_interval
from benchmarks.experiments import SEED, Setting, Share, experiments

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy.typing as npt

    Values = npt.NDArray[np.float64]

EXPERIMENTS = 2000
METRIC = METRICS["startup_s"]

CALLED = (Difference.WORSE, Difference.BETTER)


def differ(pair: Pair, alpha: float = ALPHA) -> bool:
    """Whether the rule calls the sides different, each p being held against `alpha`."""
    assert pair.p_value is not None
    call, _ = call_difference(pair, Band(), pair.p_value * ALPHA / alpha, 1)
    return call in CALLED


def calls(setting: Setting, count: int) -> Share:
    """In how many experiments the rule calls a difference."""
    pairs = (Pair.of(METRIC, *one) for one in experiments(setting, count))
    return Share(sum(differ(one) for one in pairs), count)


def any_metric_called(n: int, cv: float, count: int) -> Share:
    """In how many comparisons of a case with itself any of all metrics is called.

    The metrics scatter independently of each other, which gives chance the most openings.
    """
    rng = np.random.default_rng([SEED, n])
    names = [
        name
        for name, one in METRICS.items()
        if one.scope is Scope.TRIAL and name not in NOT_COMPARED
    ]

    def side(case: str) -> ComparisonSide:
        rows = rng.lognormal(0, cv, (n, len(names))).tolist()
        trials = (
            TrialResult(
                f"{case}-{number}",
                TrialKey(case, number, "cold"),
                0,
                TrialStatus.OK,
                "",
                "",
                dict(zip(names, row, strict=True)),
            )
            for number, row in enumerate(rows)
        )
        return ComparisonSide(case, case, tuple(trials))

    different = (*CALLED, Difference.DIFFERENT)
    hits = sum(
        any(one.difference in different for one in compare_cases(side("a"), side("b")))
        for _ in range(count)
    )
    return Share(hits, count)


def coverage(n: int, shapes: tuple[Callable[..., Values], ...], count: int) -> Share:
    """How often the interval holds the true ratio of medians of two distributions."""
    rng = np.random.default_rng([SEED, n])
    one, other = (float(np.median(shape(rng, (1, 1_000_000)))) for shape in shapes)
    hits = 0
    for baseline, candidate in zip(*(shape(rng, (count, n)) for shape in shapes), strict=True):
        found = ratio_interval(list(baseline), list(candidate))
        assert found is not None
        hits += found.low <= other / one <= found.high
    return Share(hits, count)


def detected(setting: Setting, alpha: float, count: int) -> tuple[float, Share]:
    """The median of the smallest ratios named, and how often a slow-down of that size is called."""
    named, called = [], 0
    draws = experiments(setting, 2 * count)
    for one, (baseline, candidate) in zip(draws, draws, strict=True):
        ratio = Pair.of(METRIC, *one).detectable(Band(), alpha)
        if ratio is not None:
            named.append(ratio)
            slowed = [ratio * value for value in candidate]
            called += differ(Pair.of(METRIC, baseline, slowed), alpha)
    return float(np.median(named)), Share(called, len(named))


# The tables


SHAPES, SIZES, SPREADS = ("normal", "lognormal", "real"), (6, 10, 20), (0.02, 0.04, 0.08)


def false_alarms(count: int) -> Iterator[str]:
    """No difference: how often one is called, by what the host does and in which order."""
    spreads = " | ".join(f"called, CV {100 * cv:g} %" for cv in SPREADS)
    yield f"| host | order | n | p < 0.05 alone | {spreads} |"
    yield f"|---|---|---|---|{'---|' * len(SPREADS)}"
    for drift, blocked in (
        ("none", False),
        ("linear", False),
        ("step", False),
        ("linear", True),
        ("step", True),
    ):
        for n in SIZES:
            called = dict.fromkeys(SPREADS, 0)
            alone = 0
            for cv, shape in itertools.product(SPREADS, SHAPES):
                setting = Setting(shape, n, cv, drift=drift, blocked=blocked)
                for one in experiments(setting, count):
                    pair = Pair.of(METRIC, *one)
                    alone += (pair.p_value or 1) < ALPHA
                    called[cv] += differ(pair)
            each = count * len(SHAPES)
            shares = [Share(alone, each * len(SPREADS))]
            shares += [Share(hits, each) for hits in called.values()]
            order = "blocks" if blocked else "rounds"
            yield f"| {_DRIFTS[drift]} | {order} | {n} | {' | '.join(map(str, shares))} |"


_DRIFTS = {"none": "steady", "linear": "+10 % over the run", "step": "+15 % at one moment"}


def power(count: int) -> Iterator[str]:
    """A slow-down that is there: how often it is called."""
    effects = (0.05, 0.10, 0.20)
    yield "| scatter | n | CV | +5 % | +10 % | +20 % |"
    yield "|---|---|---|---|---|---|"
    for shape in SHAPES:
        for n in SIZES:
            for cv in SPREADS:
                shares = [calls(Setting(shape, n, cv, effect), count) for effect in effects]
                yield f"| {shape} | {n} | {100 * cv:g} % | {' | '.join(map(str, shares))} |"


def power_with_drift(count: int) -> Iterator[str]:
    """The same in rounds on a host that drifts."""
    yield "| host | scatter | n | CV | +10 % |"
    yield "|---|---|---|---|---|"
    for drift in ("linear", "step"):
        for shape in SHAPES:
            share = calls(Setting(shape, 20, 0.04, 0.10, drift), count)
            yield f"| {_DRIFTS[drift]} | {shape} | 20 | 4 % | {share} |"


def whole_tables(count: int) -> Iterator[str]:
    """All metrics at once, none of which differs."""
    yield "| n | CV | any metric called |"
    yield "|---|---|---|"
    for n, cv in ((6, 0.30), (7, 0.30)):
        yield f"| {n} | {100 * cv:g} % | {any_metric_called(n, cv, count)} |"


def _normal(cv: float) -> Callable[..., Values]:
    return lambda rng, size: 1 + cv * rng.standard_normal(size)


def _skewed(rng: np.random.Generator, size: tuple[int, ...]) -> Values:
    return rng.lognormal(0, 0.3, size)


def _stumbling(rng: np.random.Generator, size: tuple[int, ...]) -> Values:
    return (1 + 0.02 * rng.standard_normal(size)) * np.where(rng.random(size) < 0.3, 1.5, 1.0)


def coverages(count: int) -> Iterator[str]:
    """How often the 95 % interval holds the true ratio of medians."""
    shapes = {
        "normal, CV 4 %, both": (_normal(0.04), _normal(0.04)),
        "lognormal, CV 30 %, both": (_skewed, _skewed),
        "normal, CV 4 % against 12 %": (_normal(0.04), _normal(0.12)),
        "normal, CV 4 %, against lognormal, CV 30 %": (_normal(0.04), _skewed),
        "normal, CV 2 %, against the same with 3 of 10 trials 1.5x": (_normal(0.02), _stumbling),
    }
    yield f"| scatter | {' | '.join(f'n = {n}' for n in SIZES)} |"
    yield f"|---|{'---|' * len(SIZES)}"
    for words, pair in shapes.items():
        shares = [str(coverage(n, pair, count)) for n in SIZES]
        yield f"| {words} | {' | '.join(shares)} |"


def detectables(count: int) -> Iterator[str]:
    """Whether a slow-down of the size that a comparison names is called 8 times in 10."""
    yield "| scatter | n | CV | p to reach | named, median | called |"
    yield "|---|---|---|---|---|---|"
    for shape, n, alpha in itertools.product(SHAPES, SIZES, (ALPHA, ALPHA / 12)):
        ratio, share = detected(Setting(shape, n, 0.04), alpha, count)
        yield f"| {shape} | {n} | 4 % | {alpha:.2g} | +{100 * (ratio - 1):.1f} % | {share} |"


TABLES = {
    "False alarms": false_alarms,
    "Power": power,
    "Power with drift": power_with_drift,
    "All metrics at once": whole_tables,
    "Coverage of the interval": coverages,
    "The smallest slow-down named": detectables,
}


def main() -> None:
    """Print every table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--experiments", type=int, default=EXPERIMENTS, help="of each cell")
    count = parser.parse_args().experiments
    for title, table in TABLES.items():
        print(f"\n**{title}**\n")
        for line in table(count):
            print(line, flush=True)


if __name__ == "__main__":
    main()
