"""The plan: every trial once, in an order that the seed alone decides."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bench.core.domain import CALIBRATION_CASE
from bench.runner.plan import CALIBRATION_TRIALS, CheckTrials, check_trials, make_plan
from bench.scenario.model import Case, Scenario
from bench.standard.checklist import load_checklist

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bench.core.domain import TrialKey
    from bench.standard.checklist import Checklist

STATES = ("cold", "image", "warm")


def case(repeat: int = 2, warmup: int = 0, cache: Sequence[str] = ("cold",)) -> Case:
    return Case.model_validate(
        {
            "image": "x",
            "ready": {"exit": True},
            "repeat": repeat,
            "warmup": warmup,
            "cache": list(cache),
        }
    )


def plan_of(
    cases: Mapping[str, Case], seed: int = 1, need: Sequence[str] = (), *, calibrate: bool = False
) -> list[TrialKey]:
    checks = CheckTrials(need=dict.fromkeys(need, 2))
    return make_plan(cases, seed, checks=checks, calibrate=calibrate)


cases_strategy = st.dictionaries(
    st.sampled_from(["a", "b", "c", "d"]),
    st.builds(
        case,
        repeat=st.integers(1, 4),
        warmup=st.integers(0, 2),
        cache=st.lists(st.sampled_from(STATES), min_size=1, max_size=3, unique=True),
    ),
    min_size=1,
)


@settings(max_examples=60)
@given(cases_strategy, st.integers(0, 2**31))
def test_each_case_comes_once_in_each_of_its_rounds_and_states(cases, seed):
    plan = plan_of(cases, seed)
    counted = Counter((key.case, key.round, key.cache, key.warmup) for key in plan)
    assert set(counted.values()) == {1}
    for name, one in cases.items():
        for state in STATES:
            measured = [key for key in plan if key.case == name and key.cache == state]
            wanted = (one.repeat, one.warmup) if state in one.cache else (0, 0)
            assert sum(not key.warmup for key in measured) == wanted[0]
            assert sum(key.warmup for key in measured) == wanted[1]


@settings(max_examples=30)
@given(cases_strategy, st.integers(0, 2**31))
def test_the_same_seed_gives_the_same_plan(cases, seed):
    need = list(cases)
    first = plan_of(cases, seed, need, calibrate=True)
    assert plan_of(cases, seed, need, calibrate=True) == first


def test_another_seed_gives_another_order():
    cases = {name: case(repeat=4) for name in "abcdef"}
    orders = {tuple(key.case for key in plan_of(cases, seed)) for seed in range(5)}
    assert len(orders) == 5


def test_the_order_differs_from_round_to_round():
    cases = {name: case(repeat=6) for name in "abcdef"}
    plan = plan_of(cases, seed=3)
    rounds = [tuple(key.case for key in plan if key.round == number) for number in range(6)]
    assert all(sorted(one) == list("abcdef") for one in rounds)
    assert len(set(rounds)) == 6


@settings(max_examples=30)
@given(cases_strategy, st.integers(0, 100))
def test_rounds_follow_each_other_with_the_warm_ups_first(cases, seed):
    plan = plan_of(cases, seed, list(cases), calibrate=True)
    rounds = [key for key in plan if key.arm == "fit"]
    assert all(one.round <= other.round for one, other in pairwise(rounds))
    own = [key for key in plan if key.case != CALIBRATION_CASE]
    assert all(one.warmup or not other.warmup for one, other in pairwise(own))


def test_a_case_without_warm_ups_waits_for_those_of_the_others():
    plan = plan_of({"a": case(repeat=1, warmup=2), "b": case(repeat=1)})
    assert [key.case for key in plan if key.warmup] == ["a", "a"]
    assert {key.case for key in plan if key.round == 2} == {"a", "b"}


def test_within_a_round_the_states_of_a_case_go_from_cold_to_warm_without_a_break():
    plan = plan_of({"a": case(cache=("warm", "cold", "image")), "b": case()}, seed=8)
    for number in range(2):
        at = [index for index, key in enumerate(plan) if (key.case, key.round) == ("a", number)]
        assert [plan[index].cache for index in at] == ["cold", "image", "warm"]
        assert at == list(range(at[0], at[0] + 3))


def test_the_need_arm_comes_after_the_rounds_for_each_case():
    cases = {name: case(repeat=3, warmup=1) for name in "abc"}
    plan = plan_of(cases, need=["a", "c"], calibrate=True)
    tail = plan[-4:]
    assert all(key.arm == "fit" for key in plan[: -len(tail)])
    assert all((key.arm, key.cache, key.warmup) == ("need", "image", False) for key in tail)
    assert Counter(key.case for key in tail) == {"a": 2, "c": 2}
    assert [key.round for key in tail] == [4, 4, 5, 5], "in rounds, for memory is compared by them"


def test_the_trials_of_the_checks_begin_with_the_case_whose_image_is_still_there():
    cases = {name: case() for name in "abc"}
    checks = CheckTrials(cut="abc")
    for seed in range(8):
        plan = make_plan(cases, seed, checks=checks, calibrate=True)
        rounds = [key.case for key in plan if key.network == "open" and key.case in cases]
        first = next(key.case for key in plan if key.network == "cut")
        assert first == rounds[-1]


def test_the_order_of_the_trials_without_limits_differs_from_round_to_round():
    cases = {name: case(repeat=6) for name in "abcdef"}
    plan = make_plan(cases, 3, checks=CheckTrials(need=dict.fromkeys(cases, 6)), calibrate=False)
    free = [key for key in plan if key.arm == "need"]
    rounds = [tuple(key.case for key in free if key.round == 6 + number) for number in range(6)]
    assert all(sorted(one) == list("abcdef") for one in rounds)
    assert len(set(rounds)) == 6


def test_the_calibration_takes_part_in_the_first_three_rounds_only():
    plan = plan_of({"a": case(repeat=6)}, calibrate=True)
    calibrations = [key for key in plan if key.case == CALIBRATION_CASE]
    assert [key.round for key in calibrations] == list(range(CALIBRATION_TRIALS))
    assert all(key.cache == "warm" and key.arm == "fit" for key in calibrations)


def test_the_calibration_stands_in_no_fixed_place_of_its_round():
    cases = {name: case(repeat=3) for name in "abcd"}
    places = set()
    for seed in range(20):
        plan = plan_of(cases, seed, calibrate=True)
        names = [key.case for key in plan if key.round == 0]
        places.add(names.index(CALIBRATION_CASE))
    assert len(places) > 2


def test_a_run_with_fewer_rounds_has_fewer_calibrations():
    plan = plan_of({"a": case(repeat=1)}, calibrate=True)
    assert sum(key.case == CALIBRATION_CASE for key in plan) == 1


def test_what_starts_several_at_once_comes_last_of_a_case_each_number_once():
    cases = {name: case() for name in "ab"}
    checks = CheckTrials(need={"a": 2, "b": 2}, replicas={"a": (1, 4), "b": (3,)})
    plan = make_plan(cases, 1, checks=checks, calibrate=False)
    for name, counts in (("a", [1, 4]), ("b", [3])):
        own = [key for key in plan if key.case == name]
        together = [key for key in own if key.replicas]
        assert own[-len(together) :] == together
        assert [key.replicas for key in together] == counts
        assert all((key.cache, key.arm, key.replica) == ("image", "fit", 0) for key in together)
    rounds = [key.round for key in plan if key.case == "a" and key.cache == "image"]
    assert len(set(rounds)) == len(rounds)


# Which trials the checks need


def scenario(**changes: Any) -> Scenario:
    app = {"image": "x", "ready": {"http": {"port": 80}}} | changes.pop("case", {})
    return Scenario.model_validate({"version": 1, "name": "t", "cases": {"app": app}} | changes)


CLOUD_NATIVE = load_checklist("cloud-native", Path())


def replicas(of: Scenario, checklist: Checklist | None = CLOUD_NATIVE) -> tuple[int, ...]:
    return tuple(check_trials(of, checklist).replicas["app"])


def test_there_are_as_many_trials_without_limits_as_a_comparison_of_memory_needs():
    counts = {repeat: need_of(repeat) for repeat in (1, 2, 4, 6, 20)}
    assert counts == {1: 2, 2: 2, 4: 4, 6: 6, 20: 6}


def need_of(repeat: int) -> int:
    return check_trials(scenario(case={"repeat": repeat}), CLOUD_NATIVE).need["app"]


def test_a_standard_that_judges_scaling_out_starts_three_at_once():
    assert replicas(scenario()) == (3,)


def test_a_case_says_how_many():
    assert replicas(scenario(case={"replicas": 5})) == (5,)
    assert replicas(scenario(case={"replicas": [1, 2, 4]})) == (1, 2, 4)


def test_where_nothing_judges_it_only_what_a_case_asks_for_is_started():
    off = scenario(checks={"RS-3.1": "off"})
    assert replicas(off) == ()
    assert replicas(scenario(), checklist=None) == ()
    assert replicas(scenario(case={"replicas": [2]}), checklist=None) == (2,)


def test_what_cannot_be_scaled_out_is_not_started_several_times():
    assert replicas(scenario(case={"ready": {"exit": True}})) == ()
    assert replicas(scenario(case={"network_mode": "host"})) == ()
    assert replicas(scenario(case={"ready": {"exit": True}, "replicas": 4})) == (4,)


def test_a_stack_is_neither_cut_off_nor_started_several_times():
    stack = Scenario.model_validate(
        {"version": 1, "name": "t", "cases": {"shop": {"compose": "compose.yaml"}}}
    )
    trials = check_trials(stack, CLOUD_NATIVE)
    assert (list(trials.need), list(trials.cut), dict(trials.replicas)) == (["shop"], [], {})
