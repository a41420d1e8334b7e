"""Stamps are read as they were written, and found again by the time of their trial."""

from __future__ import annotations

import pytest

from bench.analysis.model import TrialResult
from bench.core.domain import TrialKey, TrialStatus
from bench.core.errors import StoreError
from bench.selftest.stamps import Stamp, Stamps, TrialStarts, of_trials, read_stamps
from tests.facts import facts_of


def trial(name: str, start_ns: int | None) -> TrialResult:
    facts = facts_of(start_sent_ns=start_ns)
    return TrialResult(name, TrialKey("c", 0, "warm"), 0, TrialStatus.OK, "", facts=facts)


def begun(main_ns: int) -> Stamps:
    return Stamps({"main": Stamp(main_ns, 0)})


def test_each_container_has_a_file(tmp_path):
    (tmp_path / "aa").write_text("main 100 7\nready 250 0\n")
    (tmp_path / "bb").write_text("main 900 8\n")
    first, second = read_stamps(tmp_path)
    assert (first.at_ns("ready"), first.value("main")) == (250, 7)
    assert second.at_ns("main") == 900


def test_what_was_never_stamped_is_absent_and_not_zero(tmp_path):
    (tmp_path / "aa").write_text("main 100 0\n")
    (only,) = read_stamps(tmp_path)
    assert only.at_ns("ready") is None
    assert only.value("ready") is None
    assert only.value("main") == 0


def test_a_line_that_a_kill_left_torn_is_passed_over(tmp_path):
    (tmp_path / "aa").write_text("main 100 0\ngrown 2")
    (only,) = read_stamps(tmp_path)
    assert list(only.by_name) == ["main"]


@pytest.mark.parametrize("line", ["main", "main 1", "main one 2", "main 1 2 3"])
def test_a_line_that_is_no_stamp_is_refused(tmp_path, line):
    (tmp_path / "aa").write_text(f"{line}\n")
    with pytest.raises(StoreError, match="is no stamp"):
        read_stamps(tmp_path)


def test_a_container_belongs_to_the_last_trial_started_before_it():
    trials = [trial("t1", 1_000), trial("t3", 9_000), trial("t2", 5_000)]
    found = of_trials(trials, [begun(9_100), begun(1_200), begun(5_900)])
    assert {name: one.at_ns("main") for name, one in found.items()} == {
        "t1": 1_200,
        "t2": 5_900,
        "t3": 9_100,
    }


def test_a_container_of_before_all_trials_belongs_to_none():
    assert of_trials([trial("t1", 1_000)], [begun(999)]) == {}


def test_a_trial_that_never_started_has_no_container():
    assert of_trials([trial("t1", None), trial("t2", 50)], [begun(60)]).keys() == {"t2"}


def test_a_container_without_a_first_instruction_is_left_out():
    assert of_trials([trial("t1", 1)], [Stamps({"exec": Stamp(5, 0)})]) == {}


def test_a_start_at_the_very_moment_counts():
    assert TrialStarts([trial("t1", 50)]).trial_at(50) == "t1"
    assert TrialStarts([trial("t1", 50)]).trial_at(49) is None
