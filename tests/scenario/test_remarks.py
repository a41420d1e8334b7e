"""Thresholds that are well-formed, and could yet never be judged: said by validate and run."""

from __future__ import annotations

import pytest

from bench.scenario.loading.load import parse_scenario_text
from tests.scenario.marked import CASE, scenario


def remarks(rest: str, cases: str = f"{{one: {CASE}}}") -> list[str]:
    text = scenario(f"cases: {cases}", rest)
    found = parse_scenario_text(text, "s.yaml", environ={}).warnings
    assert all(one.line == 4 and one.suggestion for one in found)
    return [one.message for one in found]


@pytest.mark.parametrize(
    ("threshold", "said"),
    [
        ("startup_s: 'p95 <= 3s'", "`p95` can pass from 59 trials on, and `one` has fewer"),
        ("startup_s: 'p99 <= 3s'", "`p99` can pass from 299 trials on, and `one` has fewer"),
        ("startup_s: 'mean <= 3s'", "`mean` can pass from 59 trials on, and `one` has fewer"),
        ("startup_s: 'p95 >= 3s'", ""),
        ("pull_s: {limit: '<= 3s', cache: cold}", ""),
        ("startup_s: 'median <= 3s'", ""),
        ("startup_s: 'max <= 3s'", ""),
        ("image_size_bytes: 'p95 <= 3MiB'", ""),
        ("rebuild_s: '<= 3s'", "`one` has no `rebuild_s`, so that it cannot be judged there"),
        ("rebuild_s: {limit: '<= 3s', required: false}", ""),
    ],
)
def test_what_can_never_be_judged_is_said(threshold, said):
    assert remarks(f"thresholds: {{{threshold}}}") == ([said] if said else [])


def test_a_case_that_pulls_nothing_has_no_pull():
    cases = f"{{one: {CASE}, two: {CASE[:-1]}, cache: warm}}, three: {CASE[:-1]}, cache: image}}}}"
    (said,) = remarks("thresholds: {pull_s: '<= 3s'}", cases)
    assert said == "`two` (and 1 more) has no `pull_s`, so that it cannot be judged there"


def test_more_trials_are_asked_for_where_there_are_too_few():
    cases = f"{{one: {CASE[:-1]}, repeat: 3}}}}"
    (said,) = remarks("thresholds: {startup_s: 'median <= 3s'}", cases)
    assert said == "`median` can pass from 6 trials on, and `one` has fewer"


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (
            "network_mode: host, ports: ['80:80']",
            "`ports` have no effect with `network_mode: host`",
        ),
        ("network_mode: bridge, ports: ['80:80']", ""),
        ("cpuset: '4000'", "this host has no core 4000: `one` cannot be started on it"),
        ("cpuset: '0'", ""),
    ],
)
def test_what_has_no_effect_here_is_said(settings, said):
    text = scenario(f"cases: {{one: {CASE[:-1]}, {settings}}}}}")
    found = parse_scenario_text(text, "s.yaml", environ={}).warnings
    assert [one.message for one in found] == ([said] if said else [])
