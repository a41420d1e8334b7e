"""`python -m benchmarks.limit_simulations`: how often a verdict against a limit is wrong.

Trials are drawn from distributions whose truth is known, and judged by the code that judges runs.
With `--write` the tables go into docs/statistics.md, between their markers; else they are printed.
Each cell has a seed of its own, so that it comes out the same wherever it is computed.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections import Counter
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
from scipy.stats import norm

from bench.judge.aggregates import decide
from bench.judge.model import Outcome
from bench.standard.thresholds import Aggregate, Limit, Operator, least_trials
from benchmarks.experiments import SEED, Share

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy.typing as npt

    Values = npt.NDArray[np.float64]

EXPERIMENTS = 2000
TRIALS = (1, 3, 5, 6, 10, 20, 29, 40, 59, 60)
DOCUMENT = Path(__file__).resolve().parent.parent / "docs" / "statistics.md"
BEGIN, END = "<!-- limit simulations: begin -->", "<!-- limit simulations: end -->"
NEVER = "-"
"""In place of a share that cannot be anything but zero."""
MARGIN = 1.5
"""How far the truth lies from the limit where power is asked for."""
SCATTER = 0.05
"""Coefficient of variation of normal data, and of what is not a straggler."""


@dataclass(frozen=True)
class Shape:
    """A distribution of a trial's value.

    Attributes:
        kind: `normal`, `log-normal` or `straggling`.
        sigma: of the logarithm, where it is log-normal.
        odd: the share of trials that straggle.
        times: how many times as long those take.
    """

    kind: str
    sigma: float = 0.0
    odd: float = 0.0
    times: float = 1.0

    def __str__(self) -> str:
        if self.kind == "normal":
            return f"normal, CV {100 * SCATTER:g} %"
        if self.kind == "log-normal":
            return f"log-normal, σ = {self.sigma:g}"  # noqa: RUF001
        return f"1 in {1 / self.odd:.0f} takes {self.times:g} times"

    def draw(self, rng: np.random.Generator, size: tuple[int, int]) -> Values:
        """Values of `size` trials."""
        if self.kind == "log-normal":
            return rng.lognormal(0, self.sigma, size)
        usual = 1 + SCATTER * rng.standard_normal(size)
        return usual * np.where(rng.random(size) < self.odd, self.times, 1.0)

    def mean(self) -> float:
        """The true mean."""
        if self.kind == "log-normal":
            return math.exp(self.sigma**2 / 2)
        return 1 + self.odd * (self.times - 1)

    @cache  # noqa: B019 - there are nine shapes
    def quantile(self, share: float) -> float:
        """The smallest value that this share of trials does not exceed."""
        if self.kind == "log-normal":
            return math.exp(self.sigma * float(norm.ppf(share)))
        low, high = 0.0, 2 * max(1.0, self.times)
        for _ in range(60):
            middle = (low + high) / 2
            usual, odd = norm.cdf((np.array([middle, middle / self.times]) - 1) / SCATTER)
            if (1 - self.odd) * usual + self.odd * odd >= share - 1e-12:
                high = middle
            else:
                low = middle
        return high


SHAPES = (
    Shape("normal"),
    Shape("log-normal", sigma=0.3),
    Shape("log-normal", sigma=1.0),
    Shape("log-normal", sigma=2.0),
    Shape("straggling", odd=0.1, times=3),
    Shape("straggling", odd=0.1, times=20),
    Shape("straggling", odd=0.05, times=3),
    Shape("straggling", odd=0.05, times=20),
    Shape("straggling", odd=0.1, times=0.1),
)


@dataclass(frozen=True)
class Question:
    """An aggregate against an upper or a lower limit."""

    over: Aggregate
    operator: Operator

    def __str__(self) -> str:
        return f"`{self.over} {self.operator}`"

    @property
    def is_mean(self) -> bool:
        """Whether the shape matters: all other verdicts depend on ranks alone."""
        return self.over is Aggregate.MEAN

    def on_the_edge(self, shape: Shape, n: int) -> float:
        """The limit that the truth just misses.

        The truth of a maximum or minimum is the share of starts that meet the limit: a pass
        promises 0.05^(1/n) of them.
        """
        promised = 0.05 ** (1 / n)
        if self.over is Aggregate.MEAN:
            return shape.mean()
        if self.over is Aggregate.MAX:
            return shape.quantile(promised)
        if self.over is Aggregate.MIN:
            return shape.quantile(1 - promised)
        return shape.quantile(self.over.quantile or 0.5)

    def far_away(self, shape: Shape, n: int) -> tuple[float, float]:
        """A limit that the truth meets clearly, and one that it misses clearly."""
        if self.over is Aggregate.MAX:
            return shape.quantile(0.99), shape.quantile(0.5)
        if self.over is Aggregate.MIN:
            return shape.quantile(0.01), shape.quantile(0.5)
        truth = self.on_the_edge(shape, n)
        met, missed = truth * MARGIN, truth / MARGIN
        return (met, missed) if self.operator.is_upper else (missed, met)


_UP, _DOWN = Operator.AT_MOST, Operator.AT_LEAST
QUESTIONS = (
    Question(Aggregate.MAX, _UP),
    Question(Aggregate.MIN, _DOWN),
    Question(Aggregate.MEDIAN, _UP),
    Question(Aggregate.P90, _UP),
    Question(Aggregate.P95, _UP),
    Question(Aggregate.P99, _UP),
    Question(Aggregate.P95, _DOWN),
    Question(Aggregate.MEAN, _UP),
    Question(Aggregate.MEAN, _DOWN),
)


@dataclass(frozen=True)
class Cell:
    """One question, asked of `n` trials of one or more shapes, `count` times each."""

    question: Question
    shapes: tuple[Shape, ...]
    n: int
    count: int = EXPERIMENTS

    @property
    def can_pass(self) -> bool:
        """Whether there are enough trials for any pass."""
        return self.n >= least_trials(self.question.over, self.question.operator)

    def wrong(self) -> tuple[Share, Share]:
        """Passes where the truth just misses the limit, and failures where it just meets it."""
        tally: Counter[Outcome] = Counter()
        for shape, values in self._samples():
            limit = self.question.on_the_edge(shape, self.n)
            tally[self._outcome(values, limit)] += 1
        return self._share(tally[Outcome.PASS]), self._share(tally[Outcome.FAIL])

    def right(self) -> tuple[Share, Share]:
        """Passes where the truth clearly meets the limit, failures where it clearly misses it."""
        passes = fails = 0
        for shape, values in self._samples():
            met, missed = self.question.far_away(shape, self.n)
            passes += self._outcome(values, met) is Outcome.PASS
            fails += self._outcome(values, missed) is Outcome.FAIL
        return self._share(passes), self._share(fails)

    def wrong_text(self) -> str:
        """The shares of `wrong`, in percent; a maximum that fails is a fact, and never wrong."""
        passes, fails = self.wrong()
        is_fact = self.question.over in (Aggregate.MAX, Aggregate.MIN)
        return f"{self._passes(passes)} / {NEVER if is_fact else _percent(fails)}"

    def right_text(self) -> str:
        """The shares of `right`, in percent."""
        passes, fails = self.right()
        return f"{self._passes(passes)} / {_percent(fails)}"

    def _passes(self, share: Share) -> str:
        return _percent(share) if self.can_pass else NEVER

    def _samples(self) -> Iterator[tuple[Shape, Sequence[float]]]:
        for shape in self.shapes:
            seed = f"{self.question} {shape} {self.n}".encode()
            drawn = shape.draw(np.random.default_rng([SEED, *seed]), (self.count, self.n))
            for values in drawn.tolist():
                yield shape, values

    def _outcome(self, values: Sequence[float], limit: float) -> Outcome:
        asked = Limit(self.question.operator, limit)
        return decide(values, self.question.over, asked, "s").outcome

    def _share(self, hits: int) -> Share:
        return Share(hits, self.count * len(self.shapes))


def _percent(share: Share) -> str:
    return f"{100 * share.value:.1f}"


@cache
def rows() -> tuple[tuple[Question, str, tuple[Shape, ...]], ...]:
    """Question, words and shapes of each row: a mean by shape, the others by kind of shape."""
    kinds = [(kind, tuple(group)) for kind, group in groupby(SHAPES, key=lambda one: one.kind)]
    singles = [(str(shape), (shape,)) for shape in SHAPES]
    return tuple(
        (question, words, shapes)
        for question in QUESTIONS
        for words, shapes in (singles if question.is_mean else kinds)
    )


def tables(count: int, sizes: Sequence[int] = TRIALS) -> Iterator[str]:
    """Both tables, line by line."""
    head = f"| verdict | scatter | {' | '.join(f'n = {n}' for n in sizes)} |"
    rule = f"|---|---|{'---|' * len(sizes)}"
    for title, text in (
        (
            f"**Wrong**, of {count} experiments with each shape: passes / failures, in %.",
            Cell.wrong_text,
        ),
        ("**Right**: passes / failures, in %.", Cell.right_text),
    ):
        yield from ("", title, "", head, rule)
        for question, words, shapes in rows():
            cells = [Cell(question, shapes, n, count) for n in sizes]
            found = " | ".join(text(cell) for cell in cells)
            yield f"| {question} | {words} | {found} |"


def main() -> None:
    """Print the tables, or write them into the document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--experiments", type=int, default=EXPERIMENTS, help="of each cell")
    parser.add_argument("--write", action="store_true", help=f"into docs/{DOCUMENT.name}")
    arguments = parser.parse_args()
    lines = []
    for line in tables(arguments.experiments):
        print(line, flush=True)
        lines.append(line)
    if arguments.write:
        text = DOCUMENT.read_text(encoding="utf-8")
        before, after = text.split(BEGIN)[0], text.split(END)[1]
        text = "\n".join([before + BEGIN, *lines, "", END + after])
        DOCUMENT.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
