"""A metric along a ladder: steps that add up, their intervals, and rungs without a value."""

from __future__ import annotations

import math
import random
from typing import Any

import pytest

from bench.core.domain import TrialStatus
from bench.journal.facts.comparison import Difference, Interval
from bench.judge.compare import ComparisonSide
from bench.judge.ladder import LadderFigure, follow_ladder
from bench.judge.statistics.shift import shift_interval
from bench.judge.statistics.stats import median
from tests.judge.build import MIB, image, trial


def rung(name: str, *startups: float, size: int | None = None, **figures: float) -> ComparisonSide:
    """A case with a trial for each start; the other figures are the same in all."""
    trials = tuple(
        trial(number, case=name, figures={"startup_s": value, **figures})
        for number, value in enumerate(startups)
    )
    facts = None if size is None else image(size_bytes=size)
    return ComparisonSide(name, name, trials, facts)


def broken(name: str, **more: Any) -> ComparisonSide:
    trials = tuple(
        trial(number, case=name, status=TrialStatus.FAILED, reason="exited with code 1")
        for number in range(6)
    )
    return ComparisonSide(name, name, trials, **more)


def followed(*sides: ComparisonSide, metric: str = "startup_s") -> LadderFigure:
    (found,) = (figure for figure in follow_ladder(sides) if figure.metric == metric)
    return found


def spread(middle: float, n: int = 6) -> list[float]:
    return [middle * (1 + number / 1000) for number in range(n)]


def test_the_steps_add_up_to_the_whole_way():
    chance = random.Random(3)
    sides = [rung(str(n), *(chance.uniform(1, 9) for _ in range(7))) for n in range(6)]
    found = followed(*sides)
    changes = [step.change for step in found.steps if step.change is not None]
    assert found.whole is not None
    assert found.whole.change is not None
    assert len(changes) == 5
    assert math.isclose(math.fsum(changes), found.whole.change, abs_tol=1e-12)


def test_a_step_is_compared_with_the_rung_before_it_and_the_whole_with_the_first():
    found = followed(rung("a", *spread(8)), rung("b", *spread(4)), rung("c", *spread(6)))
    assert [(step.rung, step.before, step.difference) for step in found.steps] == [
        ("a", "", None),
        ("b", "a", Difference.BETTER),
        ("c", "b", Difference.WORSE),
    ]
    assert found.whole is not None
    assert (found.whole.before, found.whole.rung) == ("a", "c")
    assert found.whole.difference is Difference.BETTER
    assert (found.cache, found.arm) == ("cold", "fit")


def test_an_interval_of_a_step_holds_the_difference_of_the_medians():
    before, after = spread(8), spread(4)
    step = followed(rung("a", *before), rung("b", *after)).steps[1]
    assert step.interval is not None
    assert step.interval.low <= median(after) - median(before) <= step.interval.high
    assert step.interval == shift_interval(before, after)


def test_too_few_trials_give_a_step_and_no_interval():
    step = followed(rung("a", 8, 8.1), rung("b", 4, 4.1)).steps[1]
    assert step.change == pytest.approx(-4)
    assert (step.interval, step.difference) == (None, Difference.INCONCLUSIVE)


def test_what_belongs_to_an_image_is_exact():
    sides = rung("a", 1, size=300 * MIB), rung("b", 1, size=100 * MIB)
    found = followed(*sides, metric="image_size_bytes")
    assert found.steps[1].interval == Interval(-200 * MIB, -200 * MIB)
    assert found.steps[1].difference is Difference.BETTER
    assert (found.cache, found.arm) == ("", "")


def test_bytes_that_every_pull_fetches_are_exact_from_one_trial_on():
    sides = rung("a", 1, downloaded_bytes=900), rung("b", 1, downloaded_bytes=400)
    found = followed(*sides, metric="downloaded_bytes")
    assert found.steps[1].interval == Interval(-500, -500)


def test_a_rung_that_never_got_ready_is_bridged_and_says_so():
    found = followed(rung("a", *spread(8)), broken("b"), rung("c", *spread(4)))
    _, gap, over = found.steps
    assert (gap.value, gap.change, gap.before) == (None, None, "")
    assert "6 of 6 trials failed: exited with code 1" in gap.reason
    assert over.before == "a"
    assert over.reason.startswith("from a, for b has no value")
    assert found.whole is not None
    assert found.whole.change == over.change


def test_the_whole_way_ends_at_the_last_rung_with_a_value():
    found = followed(rung("a", *spread(8)), rung("b", *spread(4)), broken("c"))
    assert found.whole is not None
    assert found.whole.rung == "b"
    assert "from a to b" in found.whole.reason


def test_a_metric_that_a_good_rung_lacks_is_absent_with_the_rung_s_name():
    found = followed(
        rung("a", 1, stop_s=2.0), rung("b", 1), rung("c", 1, stop_s=0.1), metric="stop_s"
    )
    assert (found.steps, found.whole) == ((), None)
    assert found.reason == "not measured at b"


def test_a_metric_of_one_rung_alone_is_absent():
    assert followed(rung("a", 1), broken("b")).reason == "measured at a only"
    assert followed(broken("a"), broken("b")).reason == "measured at no rung"


def test_rungs_in_different_cache_states_have_nothing_in_common():
    warm = tuple(
        trial(number, case="b", cache="warm", figures={"startup_s": 1.0}) for number in range(6)
    )
    found = followed(rung("a", *spread(8)), ComparisonSide("b", "b", warm))
    assert found.reason == "the rungs have no cache state in common"


def test_the_same_trials_always_give_the_same_figures():
    sides = [rung(str(n), *spread(n + 1)) for n in range(4)]
    assert follow_ladder(sides) == follow_ladder(sides)


# The interval of a difference


@pytest.mark.parametrize(("n", "has"), [(1, False), (3, False), (4, True), (9, True)])
def test_an_interval_of_a_difference_takes_four_trials_a_side(n, has):
    assert (shift_interval(spread(2, n), spread(3, n)) is not None) is has


def test_sides_without_spread_have_the_exact_difference():
    assert shift_interval([5] * 4, [3] * 4) == Interval(-2, -2)


def test_the_interval_holds_the_true_shift_about_as_often_as_it_says():
    chance = random.Random(11)
    held = 0
    for _ in range(2000):
        before = [chance.gauss(10, 1) for _ in range(6)]
        after = [chance.gauss(7, 1) for _ in range(6)]
        found = shift_interval(before, after)
        assert found is not None
        held += found.low <= -3 <= found.high
    assert held / 2000 >= 0.945
