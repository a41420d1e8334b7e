"""The known cases: a scenario that holds, words that the subject knows, and enough trials."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bench.core.domain import CacheState
from bench.judge.statistics.noise import noise_floor
from bench.selftest.known import KNOWN, SAME, STATS_CASE, SUBJECT, scenario

FOLDER = Path("/somewhere")
SOURCE = (SUBJECT / "subject.c").read_text()


@pytest.mark.parametrize("quick", [True, False])
def test_every_known_case_is_in_the_scenario(quick):
    cases = scenario(FOLDER, quick=quick).scenario.cases
    assert list(cases) == list(KNOWN)
    for name, case in cases.items():
        assert case.repeat == (KNOWN[name].quick if quick else KNOWN[name].full)
        assert case.volumes == [f"/somewhere/{name}:/stamps"]
        assert case.command == list(KNOWN[name].words)
        assert case.ready.interval == 0.005


def test_a_quick_run_has_fewer_trials_of_everything():
    assert all(0 < known.quick < known.full for known in KNOWN.values())


def test_only_the_cold_case_is_pulled():
    cases = scenario(FOLDER, quick=True).scenario.cases
    cold = [name for name, case in cases.items() if case.cache != [CacheState.WARM]]
    assert cold == ["cold"]


def test_the_subject_knows_every_word():
    documented = set(re.findall(r"^ \*   (\w+)", SOURCE, re.MULTILINE))
    documented |= set(re.findall(r", (\w+)=", SOURCE.split("*/")[0]))
    for name, known in KNOWN.items():
        for word in known.words:
            assert word.partition("=")[0] in documented, f"{name}: {word}"


def test_even_a_quick_run_has_enough_for_a_noise_floor():
    values = [1.0 + number / 100 for number in range(sum(KNOWN[one].quick for one in SAME))]
    assert noise_floor(values) is not None


def test_cases_of_one_difference_differ_in_the_delay_alone():
    assert KNOWN[SAME[0]] == KNOWN[SAME[1]]
    assert KNOWN["delay-210"].case == KNOWN[SAME[0]].case == {}


def test_the_stats_are_followed_beside_a_case_that_is_there():
    assert STATS_CASE in KNOWN
