"""A report begins with one sentence that has the numbers in it, and only what was called."""

from __future__ import annotations

import dataclasses

import pytest

from bench.journal.facts.comparison import Difference
from bench.judge.model import Outcome
from bench.report.headline import answer
from bench.report.html.page import html_text
from bench.report.text.console import end_block
from bench.report.text.markdown import markdown_text
from bench.results.run import Run, load_run
from tests.journals import Build, scenario_tree, write_journal


def asked(run: Run, *metrics: str) -> Run:
    """`run` with these metrics in its answer."""
    scenario = run.scenario.model_copy(update={"answer": list(metrics)})
    return dataclasses.replace(run, scenario=scenario)


def with_comparisons(run: Run, comparisons) -> Run:
    changed = dataclasses.replace(run)
    changed.__dict__["comparisons"] = tuple(comparisons)
    return changed


def test_two_cases_are_set_against_each_other_with_both_figures(run):
    sentence = answer(asked(run, "image_size_bytes"))
    assert sentence.startswith("good against bad: image unpacked ")
    assert "x smaller (" in sentence
    assert ", not " in sentence
    assert sentence.endswith("good passes; bad fails CI-3, CI-4, CI-5 and RS-3.1, as expected.")


def test_the_metrics_stand_in_the_order_in_which_the_scenario_asks_for_them(run):
    sentence = answer(asked(run, "stop_s", "startup_s"))
    assert sentence.index("stop") < sentence.index("start incl. pull")
    assert "image" not in sentence


def test_a_case_that_was_to_fail_and_passed_is_not_said_to_have_passed_alone(run):
    of_bad = (
        dataclasses.replace(one, verdict=Outcome.PASS, expected=False)
        for one in run.verdicts
        if one.case == "bad"
    )
    changed = dataclasses.replace(run)
    changed.__dict__["verdicts"] = (*of_bad, *(one for one in run.verdicts if one.case == "good"))
    assert answer(changed).endswith("good passes; bad passes unexpectedly.")


def test_where_there_are_several_cache_states_each_figure_has_its_own(run):
    (start,) = [one for one in run.comparisons if one.metric == "startup_s"]
    both = [start, dataclasses.replace(start, metric="ready_s", title="ready", cache="warm")]
    sentence = answer(with_comparisons(asked(run, "startup_s", "ready_s"), both))
    assert "start incl. pull cold " in sentence
    assert "ready warm " in sentence


def test_what_was_not_called_is_not_said(run):
    unclear = (
        dataclasses.replace(one, difference=Difference.INCONCLUSIVE) for one in run.comparisons
    )
    sentence = answer(with_comparisons(run, unclear))
    assert sentence.startswith("good against bad: no significant difference; ")


def test_of_what_the_scenario_asks_for_it_is_said_that_it_is_the_same(run):
    same = [
        dataclasses.replace(one, difference=Difference.SAME) if one.metric == "ready_s" else one
        for one in run.comparisons
    ]
    sentence = answer(with_comparisons(asked(run, "startup_s", "ready_s"), same))
    assert "ready after start the same (within 5 %)" in sentence


def test_a_stop_that_was_killed_is_told_as_such_and_not_as_a_factor(run):
    sentence = answer(asked(run, "stop_s"))
    assert "stop 213 ms (bad: SIGTERM ignored, killed after 3 s)" in sentence
    assert "faster" not in sentence.split("; ")[0]


def test_memory_without_limits_is_said_to_be_that(run):
    anon = next(one for one in run.comparisons if one.metric == "memory_anon_peak_bytes")
    free = dataclasses.replace(anon, cache="image", arm="need")
    sentence = answer(with_comparisons(asked(run, "memory_anon_peak_bytes"), [free]))
    assert "anon memory peak without limits " in sentence


def test_of_many_candidates_the_largest_difference_comes_first(run):
    size = next(one for one in run.comparisons if one.metric == "image_size_bytes")
    ratios = {"a": 1.2, "b": 9.0, "c": 0.5, "d": 3.0, "e": 1.1, "f": 1.0}
    made = [
        dataclasses.replace(
            size,
            candidate=name,
            ratio=ratio,
            difference=Difference.SAME if ratio == 1.0 else Difference.WORSE,
        )
        for name, ratio in ratios.items()
    ]
    sentence = answer(with_comparisons(run, made))
    places = [sentence.index(f"{name}: image unpacked") for name in ("b", "d", "c", "a")]
    assert places == sorted(places)
    assert "e: image" not in sentence
    assert "1 more case with smaller differences; 1 of 6 cases without a difference" in sentence


def test_one_case_says_its_medians(warm):
    assert answer(warm).startswith("good: start incl. pull 1.58 s, ready after start 1.28 s, image")


def many_cases(folder, **of_each) -> Run:
    """Six cases, of which `c3` is the heavy one, with these keys in each."""
    build = Build(rounds=1, cut=False, need=False, replicas=(), troubles={})
    cases = tuple(f"c{number}" for number in range(6))
    shapes = {name: build.shapes["bad" if name == "c3" else "good"] for name in cases}
    build = dataclasses.replace(build, cases=cases, shapes=build.shapes | shapes)
    tree = {name: case | of_each for name, case in scenario_tree(build)["cases"].items()}
    build = dataclasses.replace(build, scenario={"cases": tree})
    return load_run(write_journal(folder, build))


def test_many_cases_say_the_least_and_the_most(tmp_path):
    sentence = answer(asked(many_cases(tmp_path), "image_size_bytes"))
    assert sentence.startswith("image unpacked from ")
    assert "(c3)" in sentence.split(" to ")[1]


def test_many_cases_say_it_of_each_cache_state_in_which_they_were_measured(tmp_path):
    many = asked(many_cases(tmp_path, cache=["cold", "image"]), "startup_s", "stop_s")
    figures = [part for part in answer(many).split("; ") if " from " in part]
    assert [part.split(" from ")[0] for part in figures] == ["start incl. pull", "stop"]
    for part in figures:
        cold, image = part.split(", ")
        assert cold.endswith("(c3) cold")
        assert image.startswith("from ")
        assert image.endswith("(c3) image")


def test_a_run_without_trials_has_no_figures(empty):
    assert answer(empty).startswith("bad is inconclusive in CI-3, ")


@pytest.mark.slow
@pytest.mark.parametrize("make", [end_block, html_text, markdown_text])
def test_every_report_says_it(run, make):
    words = answer(run).split(";")[0].split(" (")[0]
    assert words in " ".join(make(run).split())
