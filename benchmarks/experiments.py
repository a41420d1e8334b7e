"""Made-up experiments whose truth is known, for `benchmarks.simulations`."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    Values = npt.NDArray[np.float64]

SEED = 20_241
SAMPLE_RUN = Path(__file__).resolve().parent.parent / "reports" / "sample"
DRIFT, STEP = 0.10, 0.15
"""How much slower the host is at the end of the run; how much after its one step."""


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
    good = trials.query(
        "status == 'ok' and arm == 'fit' and network == 'open' and replica == 0 "
        "and not warmup and case != 'calibration'"
    )
    found = []
    for _, one in good.groupby("case"):
        for name in ("pull_s", "create_s", "start_s", "ready_s", "remove_s"):
            values = one[name].dropna().to_numpy(dtype=float)
            found.append((values - values.mean()) / values.std(ddof=1))
    pooled = np.concatenate(found)
    return np.asarray((pooled - pooled.mean()) / pooled.std())
