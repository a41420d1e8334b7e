"""One case with a `matrix` becomes several: their names, their values, and what they share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from bench.scenario.loading.load import parse_scenario_text, scenario_from_tree

if TYPE_CHECKING:
    from bench.scenario.model import Case


def cases(text: str, *overrides: str, **environ: str) -> dict[str, Case]:
    """The cases of a scenario of which `text` is all but the head."""
    head = "version: 1\nname: t\n"
    loaded = parse_scenario_text(head + text, "s.yaml", overrides=overrides, environ=environ)
    return loaded.scenario.cases


def expanded(matrix: str, case: str = "image: x, ready: {exit: true}") -> dict[str, Case]:
    return cases(f"cases: {{a: {{{case}, matrix: {matrix}}}}}")


def test_one_dimension_names_the_cases_after_its_values():
    found = expanded("{limits.memory: [64m, 1.5g]}")
    memory = {name: case.effective_limits.memory for name, case in found.items()}
    assert memory == {"a.64m": 64 * 2**20, "a.1.5g": 3 * 2**29}


def test_several_dimensions_make_every_combination_the_last_varying_first():
    found = expanded("{limits.memory: [64m, 128m], environment.WORKERS: [1, 4]}")
    assert list(found) == [
        "a.memory-64m.WORKERS-1",
        "a.memory-64m.WORKERS-4",
        "a.memory-128m.WORKERS-1",
        "a.memory-128m.WORKERS-4",
    ]
    last = found["a.memory-128m.WORKERS-4"]
    assert last.effective_limits.memory == 2**27
    assert last.environment == {"WORKERS": "4"}


def test_a_label_lays_a_part_of_a_case_over_it():
    found = cases(
        "cases: {a: {image: x, ready: {exit: true}, limits: {cpus: 4, pids: 9}, matrix: "
        "{size: {small: {limits: {cpus: 1}, expect: {fail: [ready_s]}}, as-it-is: {}}}}}\n"
        "thresholds: {ready_s: '<= 3s'}"
    )
    small, whole = found["a.small"], found["a.as-it-is"]
    assert (small.effective_limits.cpus, small.effective_limits.pids) == (1, 9)
    assert small.expect is not None
    assert whole.effective_limits.cpus == 4
    assert whole.expect is None


@pytest.mark.parametrize(
    ("matrix", "key", "values"),
    [
        ("{limits.cpus: [null, 2]}", "none", None),
        ("{limits.cpus: [null, 2]}", "2", 2.0),
    ],
)
def test_null_takes_what_the_case_has_away(matrix: str, key: str, values: Any):
    found = expanded(matrix, case="image: x, ready: {exit: true}, limits: {cpus: 4, pids: 9}")
    limits = found[f"a.{key}"].effective_limits
    assert (limits.cpus, limits.pids) == (values, 9)


def test_a_value_is_put_where_the_defaults_have_one():
    found = cases(
        "defaults: {image: x, ready: {exit: true}, limits: {memory: 8g, pids: 9}}\n"
        "cases: {a: {matrix: {limits.memory: [1g]}}, b: {}}"
    )
    assert found["a.1g"].effective_limits.memory == 2**30
    assert found["a.1g"].effective_limits.pids == 9
    assert found["b"].effective_limits.memory == 8 * 2**30


def test_a_matrix_in_the_defaults_expands_every_case_but_one_that_takes_it_away():
    found = cases(
        "defaults: {image: x, ready: {exit: true}, matrix: {repeat: [1, 2]}}\n"
        "cases: {a: {}, b: {matrix: null}}"
    )
    assert list(found) == ["a.1", "a.2", "b"]
    assert [case.repeat for case in found.values()] == [1, 2, 6]


def test_a_build_may_be_written_short(tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).touch()
    text = (
        "version: 1\nname: t\ncases: {a: {build: '.', ready: {exit: true}, "
        "matrix: {build.dockerfile: [one, two]}}}"
    )
    found = parse_scenario_text(text, "s.yaml", folder=tmp_path).scenario.cases
    assert [case.build.dockerfile for case in found.values() if case.build] == ["one", "two"]


def test_an_environment_keeps_what_is_written():
    found = expanded("{environment.VERSION: [1.10, 012, yes]}")
    assert [case.environment["VERSION"] for case in found.values()] == ["1.10", "012", "yes"]


def test_a_variable_becomes_a_number_where_one_is_wanted():
    found = cases(
        "cases: {a: {image: x, ready: {exit: true}, "
        "matrix: {limits.pids: ['${N}'], environment.A: ['${N}']}}}",
        N="7",
    )
    (case,) = found.values()
    assert case.effective_limits.pids == 7
    assert case.environment == {"A": "7"}


def test_what_cannot_stand_in_a_name_becomes_an_underscore():
    assert list(expanded("{command: ['sleep 1', '']}")) == ["a.sleep_1", "a.empty"]


def test_a_set_value_reaches_the_matrix():
    text = "cases: {a: {image: x, ready: {exit: true}, matrix: {repeat: [1, 2]}}}"
    assert list(cases(text, "cases.a.matrix.repeat=[3]")) == ["a.3"]


def test_thresholds_and_comparisons_see_the_expanded_cases():
    found = parse_scenario_text(
        "version: 1\nname: t\n"
        "cases: {a: {image: x, ready: {exit: true}, matrix: {repeat: [1, 2]}}}\n"
        "compare: {baseline: a.1, candidates: [a.2]}",
        "s.yaml",
    )
    assert found.scenario.compare is not None
    assert set(found.tree["cases"]) == {"a.1", "a.2"}
    assert "matrix" not in str(found.tree)


def test_the_journal_s_tree_gives_the_same_cases_again():
    text = (
        "version: 1\nname: t\ncases: {a: {image: x, ready: {exit: true}, "
        "matrix: {limits.memory: [64m, null], environment.A: [x, y]}}}"
    )
    loaded = parse_scenario_text(text, "s.yaml")
    assert scenario_from_tree(loaded.tree, "journal").scenario == loaded.scenario


def test_a_hundred_cases_are_still_taken():
    assert len(expanded(f"{{repeat: {list(range(1, 101))}}}")) == 100
