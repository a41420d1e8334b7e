"""The section on pulls and links."""

from __future__ import annotations

import re
from dataclasses import replace

from bench.core.units import format_seconds
from bench.report.sections.all import sections
from bench.report.sections.slowest_link import slowest_link
from bench.results.run import load_run
from tests.journals import Build, write_journal


def test_each_case_with_cold_trials_has_its_slowest_link(run):
    section = slowest_link(run)
    assert section is not None
    (bad, good) = section.rows
    assert (bad[0], good[0], section.columns[-1]) == ("bad", "good", "slowest link")
    assert bad[-1] == "no link is fast enough for 15.0 s"  # over loopback it takes 19 s
    assert re.fullmatch(r"[0-9.]+mbit for 15\.0 s \([0-9.]+mbit to [0-9.]+mbit\)", good[-1])
    assert any("the range for an error of 10%" in note for note in section.notes)
    assert any("each start predicted from the other trials of its case" in x for x in section.notes)
    assert section in sections(run)


def test_with_too_few_trials_it_says_that_the_model_was_not_checked(tmp_path):
    section = slowest_link(load_run(write_journal(tmp_path, Build(rounds=2, troubles={}))))
    assert section is not None
    assert any("Its error is unknown: checking it takes 3" in x for x in section.notes)
    assert not any("off at most" in note for note in section.notes)


def test_its_pull_is_the_median_that_the_other_tables_show(run):
    section = slowest_link(run)
    assert section is not None
    shown = {one.baseline_median for one in run.comparisons if one.metric == "pull_s"}
    assert section.rows[0][1] in {format_seconds(value) for value in shown if value is not None}


def test_a_larger_image_needs_a_faster_link(run):
    from bench.judge.slowest_link import slowest_link as computed
    from bench.report.curves import trials_of

    rates = {}
    for case in ("bad", "good"):
        found = computed(trials_of(run, case, "cold"), 60.0, None)
        assert found is not None
        assert found.rate_bit_s is not None
        rates[case] = found.rate_bit_s
    assert rates["bad"] > 1.5 * rates["good"]


def test_a_run_without_cold_trials_or_a_limit_has_none(warm):
    assert slowest_link(warm) is None


def test_where_pulls_cannot_be_taken_apart_it_says_so(tmp_path):
    run = load_run(write_journal(tmp_path))
    results = tuple(
        replace(one, path=replace(one.path, unreliable="its lines were swapped"))
        if one.path
        else one
        for one in run.results
    )
    section = slowest_link(replace(run, results=results))
    assert section is not None
    assert {row[-1] for row in section.rows} == {"not known"}
    assert any(
        "could not be split into steps: its lines were swapped" in one for one in section.notes
    )
