"""`python -m benchmarks.mean_bounds`: how often upper bounds of a mean lie below it.

The table says why `bench` takes none of the usual ones; it stands in docs/statistics.md.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
from scipy import stats as scipy_stats

from bench.judge.aggregates import BEYOND_THE_LARGEST
from bench.judge.statistics.stats import mean_upper_bound
from benchmarks.experiments import SEED, Share
from benchmarks.limit_simulations import SHAPES, Shape

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    Values = npt.NDArray[np.float64]

EXPERIMENTS, RESAMPLES, CONFIDENCE = 1000, 999, 0.95
SIZES = (20, 59)


def student(values: Values, _: np.random.Generator) -> float:
    """Student's t."""
    t = scipy_stats.t.ppf(CONFIDENCE, len(values) - 1)
    return float(values.mean() + t * scipy_stats.sem(values))


def johnson(values: Values, _: np.random.Generator) -> float:
    """Student's t, moved by the skewness (Johnson 1978)."""
    third = ((values - values.mean()) ** 3).mean()
    moved = third / (6 * values.var(ddof=1) * len(values))
    return student(values, _) + float(moved)


def percentile(values: Values, rng: np.random.Generator) -> float:
    """The bootstrap's percentile."""
    means = rng.choice(values, (RESAMPLES, len(values))).mean(axis=1)
    return float(np.quantile(means, CONFIDENCE))


def accelerated(values: Values, rng: np.random.Generator) -> float:
    """The bootstrap's percentile, bias-corrected and accelerated (BCa)."""
    found = scipy_stats.bootstrap(
        (values,),
        np.mean,
        n_resamples=RESAMPLES,
        confidence_level=CONFIDENCE,
        alternative="less",
        rng=rng,
    )
    return float(found.confidence_interval.high)


def studentised(values: Values, rng: np.random.Generator) -> float:
    """The bootstrap of Student's t (bootstrap-t)."""
    drawn = rng.choice(values, (RESAMPLES, len(values)))
    errors = np.maximum(drawn.std(axis=1, ddof=1), 1e-9)
    t = (drawn.mean(axis=1) - values.mean()) / errors
    return float(values.mean() - np.quantile(t, 1 - CONFIDENCE) * values.std(ddof=1))


def betting(values: Values, _: np.random.Generator) -> float:
    """What `bench` takes, and takes from 59 trials on only."""
    return mean_upper_bound(list(values), BEYOND_THE_LARGEST * max(values))


BOUNDS: dict[str, Callable[[Values, np.random.Generator], float]] = {
    "t": student,
    "Johnson's t": johnson,
    "bootstrap": percentile,
    "BCa": accelerated,
    "bootstrap-t": studentised,
    "this one": betting,
}


def misses(name: str, shape: Shape, n: int, count: int = EXPERIMENTS) -> Share:
    """How often the bound lies below the true mean."""
    rng = np.random.default_rng([SEED, n, *str(shape).encode()])
    samples = shape.draw(rng, (count, n))
    return Share(sum(BOUNDS[name](one, rng) < shape.mean() for one in samples), count)


def main() -> None:
    """Print the table."""
    print(f"| scatter | n | {' | '.join(BOUNDS)} |")
    print(f"|---|---|{'---|' * len(BOUNDS)}")
    for shape in SHAPES:
        for n in SIZES:
            found = " | ".join(f"{100 * misses(name, shape, n).value:.1f}" for name in BOUNDS)
            print(f"| {shape} | {n} | {found} |", flush=True)


if __name__ == "__main__":
    main()
