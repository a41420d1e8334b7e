"""Bias, spread and targets: what meets one, what misses, and what cannot be said."""

from __future__ import annotations

import pytest

from bench.selftest.score import Fact, Figure, Measurement, Met, ScoredFigure, Target


def off(*errors: float, truth: float = 1.0) -> tuple[Measurement, ...]:
    return tuple(Measurement("c", f"t{i}", truth, truth + one) for i, one in enumerate(errors))


def figure(*errors: float, target: Target | None = None, absent: str = "") -> Figure:
    return Figure("id", "title", "s", "truth", off(*errors), target, absent)


def test_an_error_is_what_bench_says_too_much():
    assert Measurement("c", "t", truth=2.0, measured=2.5).error == 0.5


def test_bias_is_the_median_and_worst_is_the_farthest_with_its_sign():
    one = figure(0.25, -1.0, 0.5)
    assert (one.bias, one.worst, one.n) == (0.25, -1.0, 3)


def test_p95_is_of_the_size_of_errors():
    assert figure(*[-0.5] * 50, *[0.25] * 50).p95 == 0.5
    assert figure(*[-0.5] * 5, *[0.25] * 95).p95 == 0.25
    assert figure(0.5).p95 == 0.5


@pytest.mark.parametrize("n", range(1, 60))
def test_a_target_for_95_percent_is_met_where_p95_is_within_it(n):
    for wild in range(n + 1):
        one = figure(*[4.0] * wild, *[0.5] * (n - wild), target=Target(share=0.95, within=1.0))
        assert one.p95 is not None
        assert (one.met is Met.MET) == (one.p95 <= 1.0)


def test_nothing_compared_is_unknown_and_never_met():
    one = figure(target=Target(share=0.95, within=1.0))
    assert (one.met, one.bias, one.p95, one.worst) == (Met.UNKNOWN, None, None, None)
    assert Fact("id", "title", "truth", ()).met is Met.UNKNOWN


def test_what_cannot_be_measured_here_is_absent():
    assert figure(absent="no such counter").met is Met.ABSENT
    assert Fact("id", "title", "truth", (), "no packets").met is Met.ABSENT


def test_what_has_no_target_is_only_there_to_be_read():
    assert figure(9.0).met is Met.UNJUDGED
    assert figure().met is Met.UNJUDGED


@pytest.mark.parametrize(
    ("target", "errors", "met"),
    [
        (Target(share=0.95, within=0.01), [0.009] * 19 + [5.0], Met.MET),
        (Target(share=0.95, within=0.01), [0.009] * 18 + [5.0] * 2, Met.MISSED),
        (Target(share=0.95, within=0.01), [0.001] * 5 + [0.02], Met.MISSED),
        (Target(share=0.95, within=0.01), [-0.001] * 3, Met.MET),
        (Target(share=0.95, within=0.01, never_below=True), [0.001] * 99 + [-1e-9], Met.MISSED),
        (Target(share=0.95, within=0.01, never_below=True), [0.0], Met.MET),
        (Target(share=1.0, relative=0.01), [0.0099, -0.0099], Met.MET),
        (Target(share=1.0, relative=0.01), [0.0101], Met.MISSED),
        (Target(share=1.0, within=0.05, relative=0.01), [0.049], Met.MET),
        (Target(share=1.0), [0.0], Met.MET),
        (Target(share=1.0), [1.0], Met.MISSED),
    ],
)
def test_targets(target, errors, met):
    assert figure(*errors, target=target).met is met


def test_the_larger_of_both_bounds_counts():
    target = Target(share=1.0, within=0.01, relative=0.01)
    assert target.holds(off(0.5, truth=100.0))
    assert not target.holds(off(0.5, truth=10.0))
    assert target.holds(off(-0.5, truth=-100.0))


def test_one_wrong_finding_misses():
    right, wrong = (
        ScoredFigure("c", "t1", right=True),
        ScoredFigure("c", "t2", right=False, said="1 child"),
    )
    assert Fact("id", "title", "truth", (right, right)).met is Met.MET
    one = Fact("id", "title", "truth", (right, wrong))
    assert (one.met, one.wrong) == (Met.MISSED, (wrong,))


# A busy host


def late(*errors: float, disturbed: str, target: Target) -> Figure:
    """The trials t0, t1 and so on, of which those in `disturbed` were."""
    found = tuple(
        Measurement("a", f"t{number}", 1.0, 1.0 + error) for number, error in enumerate(errors)
    )
    return Figure("id", "title", "s", "truth", found, target, "", tuple(disturbed.split()))


WITHIN = Target(share=0.95, within=0.01, never_below=True)


@pytest.mark.parametrize(
    ("errors", "disturbed", "met"),
    [
        ((0.0, 0.5), "t1", Met.UNKNOWN),
        ((0.5, 0.5), "t0 t1", Met.UNKNOWN),
        ((0.5, 0.0), "t1", Met.MISSED),
        ((0.0, 0.0), "t0 t1", Met.MET),
        ((0.0, -0.5), "t1", Met.MISSED),
    ],
    ids=["the disturbed one", "all disturbed", "the other one", "met", "before the truth"],
)
def test_a_target_that_is_missed_only_while_others_kept_the_host_busy_is_not_judged(
    errors, disturbed, met
):
    assert late(*errors, disturbed=disturbed, target=WITHIN).met is met


def test_a_pair_is_disturbed_where_either_of_the_two_is():
    pair = Measurement("a", "t3 t4", 1.0, 2.0)
    row = Figure("id", "title", "s", "truth", (pair,), WITHIN, "", ("t4",))
    assert row.met is Met.UNKNOWN
