"""Which trials were warm by name only."""

from __future__ import annotations

from bench.analysis.model import TrialResult
from bench.analysis.page_cache import cooled_trials
from bench.core.domain import TrialKey, TrialStatus
from tests.facts import facts_of


def trials(*of: tuple[str, str]) -> list[TrialResult]:
    """Trials `t0`, `t1`, … of cases in cache states; all but warm ones drop the page cache."""
    return [
        TrialResult(
            f"t{number}", TrialKey(case, number, cache), 0, TrialStatus.OK, "",
            facts=facts_of(page_cache_dropped=cache != "warm"),
        )
        for number, (case, cache) in enumerate(of)
    ]  # fmt: skip


def test_a_warm_trial_after_a_cold_one_of_another_case_is_not_warm():
    found = trials(("a", "warm"), ("b", "cold"), ("a", "warm"), ("a", "warm"), ("b", "image"))
    assert cooled_trials(found) == {"t2"}
    assert cooled_trials([*found, *trials(("a", "warm"))]) == {"t2", "t0"}


def test_one_that_follows_a_cold_one_of_its_own_case_is():
    found = trials(("b", "cold"), ("a", "cold"), ("a", "image"), ("a", "warm"))
    assert cooled_trials(found) == set()


def test_the_do_nothing_container_neither_cools_nor_is_cooled():
    assert cooled_trials(trials(("a", "cold"), ("calibration", "warm"), ("a", "warm"))) == set()


def test_where_the_page_cache_was_kept_nothing_has_cooled():
    found = trials(("a", "image"), ("b", "warm"))
    found[0].facts.page_cache_dropped = False
    assert cooled_trials(found) == set()
