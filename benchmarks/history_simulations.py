"""False and missed changes of made-up histories: `python -m benchmarks.history_simulations`.

Prints the table of docs/history.md.
"""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.core.metrics import METRICS
from bench.judge.changes import RunFigures, find_shifts

START = METRICS["startup_s"]
LEVEL_S, STEP_S = 1.5, 0.005
SEED = 20_244


@dataclass(frozen=True)
class MadeUp:
    """A made-up history.

    Attributes:
        trials: scatter of the trials of a run, as the deviation of their logarithm.
        between: scatter between runs, likewise.
        runs: how many there are, with six trials each.
    """

    trials: float
    between: float = 0.0
    runs: int = 20


def made_up(rng: np.random.Generator, how: MadeUp, levels: list[float]) -> list[RunFigures]:
    """A run for each level, with log-normal scatter."""
    return [
        RunFigures(
            tuple(
                level * math.exp(how.between * rng.normal()) * np.exp(rng.normal(0, how.trials, 6))
            ),
            step=STEP_S,
        )
        for level in levels
    ]


def false_changes(how: MadeUp, count: int) -> float:
    """The share of histories without a change in which one is called."""
    rng = np.random.default_rng(SEED)
    level = [LEVEL_S] * how.runs
    return sum(bool(find_shifts(START, made_up(rng, how, level))) for _ in range(count)) / count


def found_changes(how: MadeUp, count: int, step: float) -> float:
    """The share of histories with one step, at any run, in which that alone is called, there."""
    rng = np.random.default_rng(SEED)
    hits = 0
    for _ in range(count):
        at = int(rng.integers(1, how.runs))
        levels = [LEVEL_S] * at + [LEVEL_S * (1 + step)] * (how.runs - at)
        hits += [shift.index for shift in find_shifts(START, made_up(rng, how, levels))] == [at]
    return hits / count


def main(count: int = 1000) -> None:
    """Print the table."""
    print("| trials | between runs | runs | false change | +20 % found | +10 % found |")
    print("|---:|---:|---:|---:|---:|---:|")
    for how in (
        MadeUp(0.04),
        MadeUp(0.08),
        MadeUp(0.15),
        MadeUp(0.04, 0.03),
        MadeUp(0.04, 0.05),
        MadeUp(0.08, 0.05),
        MadeUp(0.04, 0.08),
        MadeUp(0.08, runs=8),
        MadeUp(0.04, runs=8),
        MadeUp(0.04, runs=100),
        MadeUp(0.04, 0.03, runs=100),
    ):
        shares = (
            false_changes(how, count),
            found_changes(how, count, 0.2),
            found_changes(how, count, 0.1),
        )
        shown = " | ".join(f"{100 * share:.1f} %" for share in shares)
        print(f"| {how.trials:.0%} | {how.between:.0%} | {how.runs} | {shown} |", flush=True)


if __name__ == "__main__":
    main()
