"""Verdicts against a limit by simulation: how often they are wrong, as docs/statistics.md says."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest

from bench.standard.thresholds import Aggregate, Operator, least_trials
from benchmarks.limit_simulations import (
    BEGIN,
    DOCUMENT,
    END,
    NEVER,
    QUESTIONS,
    SHAPES,
    TRIALS,
    Cell,
    Question,
    Shape,
    rows,
)

STRAGGLERS = Shape("straggling", odd=0.05, times=20)
MEAN = Question(Aggregate.MEAN, Operator.AT_MOST)


def documented(table: int) -> list[list[str]]:
    """The cells of the rows of one of the two tables of the document."""
    text = DOCUMENT.read_text(encoding="utf-8").split(BEGIN)[1].split(END)[0]
    lines = [one.strip("| ").split(" | ") for one in text.splitlines() if one.startswith("| `")]
    half = len(lines) // 2
    return lines[table * half : (table + 1) * half]


@pytest.mark.parametrize("table", [0, 1])
def test_the_tables_have_a_row_for_every_question_and_scatter(table):
    found = documented(table)
    assert [one[:2] for one in found] == [[str(one), words] for one, words, _ in rows()]
    assert {len(one) for one in found} == {2 + len(TRIALS)}
    assert {one.over for one in QUESTIONS} == set(Aggregate)
    assert {one.kind for one in SHAPES} == {"normal", "log-normal", "straggling"}


@pytest.mark.parametrize("row", range(len(rows())))
def test_no_documented_verdict_passes_wrongly_in_more_than_five_percent(row):
    question, _, _ = rows()[row]
    for n, text in zip(TRIALS, documented(0)[row][2:], strict=True):
        passes, _, fails = text.partition(" / ")
        can_pass = n >= least_trials(question.over, question.operator)
        assert (passes == NEVER) is not can_pass
        # What is exactly 5 % comes out within three standard errors, of 0.5 points each.
        assert [one for one in (passes, fails) if one != NEVER and float(one) > 6.5] == []


@pytest.mark.parametrize(
    ("row", "n"),
    [
        (0, 6),
        (next(at for at, one in enumerate(rows()) if one[0].over == "p95"), 59),
        (next(at for at, one in enumerate(rows()) if one[2] == (STRAGGLERS,)), 20),
        (next(at for at, one in enumerate(rows()) if one[2] == (STRAGGLERS,)), 59),
    ],
)
def test_a_cell_of_the_document_is_what_the_simulation_gives(row, n):
    question, _, shapes = rows()[row]
    cell = Cell(question, shapes, n)
    assert documented(0)[row][2 + TRIALS.index(n)] == cell.wrong_text()


@pytest.mark.parametrize("n", [6, 20, 29, 40, 58])
def test_a_mean_of_too_few_trials_to_show_stragglers_never_passes(n):
    passes, _ = Cell(MEAN, SHAPES, n, 50).wrong()
    assert passes.hits == 0


@pytest.mark.slow
@pytest.mark.slow
@pytest.mark.parametrize("row", rows(), ids=lambda one: f"{one[0]} {one[1]}")
@pytest.mark.parametrize("n", TRIALS)
def test_no_verdict_is_wrong_in_more_than_five_percent(row, n):
    question, _, shapes = row
    passes, fails = Cell(question, shapes, n, 500).wrong()
    # Several hundred shares of exactly 5 % are looked at, so one of them may well stand out.
    assert binomtest(passes.hits, passes.of, 0.05, "greater").pvalue > 1e-4
    if question.over not in (Aggregate.MAX, Aggregate.MIN):
        assert binomtest(fails.hits, fails.of, 0.05, "greater").pvalue > 1e-4


@pytest.mark.slow
def test_the_mean_of_data_wilder_than_in_the_table_is_passed_too_often_as_the_document_says():
    wild = Shape("log-normal", sigma=2.5)
    passes, _ = Cell(MEAN, (wild,), 59).wrong()
    assert f"With σ = 2.5 it no longer holds: {100 * passes.value:.0f} %" in " ".join(  # noqa: RUF001
        DOCUMENT.read_text(encoding="utf-8").split()
    )


@pytest.mark.slow
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_the_quantiles_and_the_mean_of_a_shape_are_those_of_its_draws(shape):
    drawn = shape.draw(np.random.default_rng(1), (400, 5000))
    for share in (0.01, 0.3, 0.5, 0.99):
        assert np.mean(drawn <= shape.quantile(share)) == pytest.approx(share, abs=0.002)
    assert drawn.mean() == pytest.approx(shape.mean(), rel=0.05)
