"""`python -m benchmarks.simulations`: how often the decision rule is wrong, and what it can see.

Experiments are made up whose truth is known, and judged by the code that judges runs. What is
printed are the tables of docs/statistics.md; a fixed seed makes them the same every time.
"""

from __future__ import annotations

import argparse
import dataclasses
import itertools
import math
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np

from bench.judge.compare import NOT_COMPARED, Sample, compare_cases
from bench.judge.difference import ALPHA, Pair, call_difference
from bench.judge.model import Difference
from bench.judge.noise import Band
from bench.judge.ratio import ratio_interval
from bench.metrics import METRICS, Scope
from bench.results.model import TrialKey, TrialResult, TrialStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy.typing as npt

    Values = npt.NDArray[np.float64]

EXPERIMENTS = 2000
SEED = 20_241
SAMPLE_RUN = Path(__file__).resolve().parent.parent / "reports" / "sample"
METRIC = METRICS["startup_s"]
DRIFT, STEP = 0.10, 0.15
"""How much slower the host is at the end of the run; how much after its one step."""

CALLED = (Difference.WORSE, Difference.BETTER)


@dataclass(frozen=True)
class Setting:
    """What an experiment is like.

    Attributes:
        shape: of the scatter: `normal`, `lognormal`, or `real` (residuals of the sample run).
        n: trials on each side.
        cv: standard deviation over mean of a side.
        slow_down: true ratio of candidate to baseline, less 1.
        drift: what the host does over the run: `none`, `linear` or `step`.
        blocked: all of one side, then all of the other, in place of rounds in random order.
    """

    shape: str
    n: int
    cv: float
    slow_down: float = 0.0
    drift: str = "none"
    blocked: bool = False


@dataclass(frozen=True)
class Share:
    """A share of experiments with its exact 95 % interval (Clopper and Pearson 1934)."""

    hits: int
    of: int

    @property
    def value(self) -> float:
        """The share itself."""
        return self.hits / self.of

    @property
    def interval(self) -> tuple[float, float]:
        """Both ends."""
        from scipy.stats import beta

        low = beta.ppf(0.025, self.hits, self.of - self.hits + 1) if self.hits else 0.0
        high = beta.ppf(0.975, self.hits + 1, self.of - self.hits) if self.hits < self.of else 1.0
        return float(low), float(high)

    def __str__(self) -> str:
        low, high = self.interval
        return f"{100 * self.value:.1f} % ({100 * low:.1f} to {100 * high:.1f})"


def experiments(setting: Setting, count: int) -> Iterator[tuple[list[float], list[float]]]:
    """Baseline and candidate of `count` experiments."""
    text = repr(dataclasses.astuple(setting)).encode()
    rng = np.random.default_rng([SEED, *text])
    n = setting.n
    for _ in range(count):
        turns = np.argsort(rng.random((n, 2)), axis=1) + 2 * np.arange(n)[:, None]
        if setting.blocked:
            turns = np.arange(2 * n).reshape(2, n).T
        host = _host(setting.drift, 2 * n, rng)
        values = _scatter(setting.shape, (2, n), setting.cv, rng) * host[turns.T]
        yield list(values[0]), list(values[1] * (1 + setting.slow_down))


def _host(drift: str, trials: int, rng: np.random.Generator) -> Values:
    """By what factor the host is slower in each trial of the run, in the order of time."""
    if drift == "linear":
        return np.linspace(1, 1 + DRIFT, trials)
    if drift == "step":
        return np.where(np.arange(trials) < rng.uniform(0, trials), 1.0, 1 + STEP)
    return np.ones(trials)


def _scatter(shape: str, size: tuple[int, int], cv: float, rng: np.random.Generator) -> Values:
    if shape == "normal":
        return 1 + cv * rng.standard_normal(size)
    if shape == "lognormal":
        return rng.lognormal(0, math.sqrt(math.log1p(cv**2)), size)
    return 1 + cv * rng.choice(real_residuals(), size)


@cache
def real_residuals() -> Values:
    """How far the times of the sample run lie from their mean, in standard deviations.

    Of every case and every phase that is timed by itself, pooled; mean 0, deviation 1.
    """
    from bench.results.run import load_run

    trials = load_run(SAMPLE_RUN).trials
    good = trials.query("status == 'ok' and arm == 'fit' and not warmup and case != 'calibration'")
    found = []
    for _, one in good.groupby("case"):
        for name in ("pull_s", "create_s", "start_s", "ready_s", "remove_s"):
            values = one[name].dropna().to_numpy(dtype=float)
            found.append((values - values.mean()) / values.std(ddof=1))
    pooled = np.concatenate(found)
    return np.asarray((pooled - pooled.mean()) / pooled.std())


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

    def side(case: str) -> Sample:
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
        return Sample(case, case, tuple(trials))

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
