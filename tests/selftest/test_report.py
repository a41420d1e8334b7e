"""The table and the JSON: whole, narrow enough, and of one mind."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING

import pytest

from bench.judge.statistics.noise import HostNoise, NoiseFloor
from bench.report.text.selftest import selftest_json, selftest_text
from bench.results.run import load_run
from bench.selftest.outcomes import outcomes
from bench.selftest.resources import resources
from bench.selftest.run import Floor, SelfTest
from bench.selftest.score import Figure, ScoreSection, Target
from bench.selftest.times import times
from tests.journals import write_journal
from tests.selftest.made import evidence, with_metrics

if TYPE_CHECKING:
    from pathlib import Path

    from bench.selftest.evidence import Observed


def wrong_by_a_lot(one: Observed) -> Observed:
    return with_metrics(one, memory_peak_bytes=9e9, cpu_s=-100.0, startup_s=1e3, exit_code=2.0)


def made(folder: Path, change=lambda one: one) -> SelfTest:
    found = evidence(change)
    return SelfTest(
        run=load_run(write_journal(folder)),
        quick=True,
        sections=(*times(found), *resources(found), outcomes(found)),
        floor=Floor(cpu_s=0.04, memory_peak_bytes=4e6, exec_to_main_s=0.0005),
        noise=HostNoise("2026-11-22T08:31:00+00:00", {"startup_s": NoiseFloor(0.021, 0.4, 24)}),
        noise_file=folder / "noise.json",
    )


@pytest.fixture
def right(tmp_path):
    return made(tmp_path)


@pytest.mark.parametrize("change", [lambda one: one, wrong_by_a_lot])
def test_no_line_is_wider_than_100_columns(tmp_path, change):
    short = dataclasses.replace(made(tmp_path, change), noise_file=None)
    for line in selftest_text(short).splitlines():
        assert len(line) <= 100, line


def test_every_row_stands_in_the_table_with_how_it_was_met(right):
    lines = selftest_text(right).splitlines()
    for section in right.sections:
        assert section.title in lines
        for row in section.rows:
            (line,) = [one for one in lines if one.startswith(f"{row.title:<28} {row.truth}")]
            assert line.endswith(row.met.value)


def test_the_sum_counts_only_what_has_a_target(right):
    assert selftest_text(right).splitlines()[-1] == "32 of 32 targets met"


def test_what_was_wrong_is_told_trial_by_trial(tmp_path):
    text = selftest_text(made(tmp_path, wrong_by_a_lot))
    assert "its exit code: crashes t-crashes-0: exit_code is 2.0" in text
    assert "missed" in text


def test_what_lies_below_the_table_is_told(right):
    text = selftest_text(right)
    assert "A do-nothing container: 40.0 ms of CPU, 3.81 MiB of memory" in text
    assert "The truth begins 500 µs after exec" in text
    assert "A/A noise at n=24: startup_s 2.1%" in text
    assert str(right.noise_file) in text


def test_a_file_below_the_home_folder_is_shown_from_there(right, monkeypatch):
    monkeypatch.setenv("HOME", str(right.noise_file.parent))
    assert "on this host: ~/noise.json\n" in selftest_text(right)


def test_what_was_not_measured_is_left_out(right):
    bare = dataclasses.replace(
        right, floor=Floor(None, None, None), noise=HostNoise("", {}), noise_file=None
    )
    text = selftest_text(bare)
    for word in ("A container that", "after exec", "A/A", "Kept"):
        assert word not in text


def test_errors_carry_their_sign_and_unit(right):
    row = Figure("id", "memory", "bytes", "truth", (), Target(share=1.0, relative=0.01))
    empty = dataclasses.replace(right, sections=(ScoreSection("S", (row,)),))
    (line,) = [one for one in selftest_text(empty).splitlines() if one.startswith("memory")]
    assert line.split() == ["memory", "truth", "0", "1%", "all", "unknown"]


def test_the_json_has_every_comparison_behind_the_table(right):
    data = json.loads(selftest_json(right))
    assert data["exit_code"] == right.exit_code == 0
    by_id = {row["id"]: row for section in data["sections"] for row in section["rows"]}
    http = by_id["ready.http"]
    assert (http["n"], http["met"]) == (12, "met")
    assert len(http["comparisons"]) == 12
    one = http["comparisons"][0]
    assert set(one) == {"case", "trial_id", "truth", "measured"}
    assert http["target"] == {"share": 0.95, "within": 0.01, "relative": 0.0, "never_below": True}
    assert by_id["found.oom"]["findings"][0]["right"] is True
    assert by_id["memory.anon"]["bias"] is None
    assert data["noise"]["floors"]["startup_s"]["share"] == 0.021


def test_the_exit_code_is_of_the_worst_row(right, tmp_path):
    assert right.exit_code == 0
    assert dataclasses.replace(right, interrupted=130).exit_code == 130
    wrong = made(tmp_path / "wrong", wrong_by_a_lot)
    assert wrong.exit_code == 1
    unknown = Figure("id", "never seen", "s", "truth", (), Target(share=1.0))
    both = (*wrong.sections, ScoreSection("S", (unknown,)))
    assert dataclasses.replace(wrong, sections=both).exit_code == 3
    assert selftest_text(dataclasses.replace(wrong, sections=both)).endswith(
        "1 could not be judged\n"
    )
