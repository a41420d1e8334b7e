"""The self-test on a real engine: its structure, and what is certain however busy the host is."""

from __future__ import annotations

import json

import pytest

from bench.analysis.own_load import is_disturbed
from bench.selftest.known import KNOWN, SAME

pytestmark = pytest.mark.slow

CERTAIN = (
    "ends",
    "no_time",
    "oom",
    "exit",
    "term",
    "kill",
    "silent",
    "left",
    "planted",
    "invented",
)


@pytest.fixture(scope="module")
def tested(private, tmp_path_factory):
    from tests.live.conftest import Bench

    bench = Bench(tmp_path_factory.mktemp("selftest"))
    state = str(bench.folder / "state")
    done = bench("selftest", "--quick", "--progress", "quiet", XDG_STATE_HOME=state)
    assert done.returncode in (0, 1, 3), done.stderr[-2000:]
    folder = bench.latest().folder
    return done, bench.latest(), json.loads((folder / "selftest.json").read_text())


@pytest.fixture
def rows(tested):
    return {row["id"]: row for section in tested[2]["sections"] for row in section["rows"]}


def test_every_known_case_was_run_as_often_as_it_was_to(tested):
    counts = [one.key.case for one in tested[1].results if one.status.counts]
    assert {name: counts.count(name) for name in KNOWN} == {
        name: known.quick for name, known in KNOWN.items()
    }


@pytest.mark.parametrize("name", CERTAIN)
def test_what_is_certain_is_found_every_time(rows, name):
    row = rows[f"found.{name}"]
    assert (row["met"], [one for one in row["findings"] if not one["right"]]) == ("met", [])


def test_every_row_was_measured_or_says_why_not(rows):
    for row in rows.values():
        seen = row["met"] in ("met", "missed", "unjudged") or row.get("comparisons")
        assert seen or row["absent"], row["id"]


def test_what_is_missed_on_a_busy_host_alone_is_not_called_a_miss(tested, rows):
    unknown = [row for row in rows.values() if row["met"] == "unknown"]
    assert (tested[0].returncode == 3) is bool(unknown)
    assert all(row["disturbed"] for row in unknown)


def test_ready_is_never_told_before_it_is_true(rows):
    for name, row in rows.items():
        if name.startswith("ready.") and name != "ready.resolution":
            assert row["comparisons"], name
            for one in row["comparisons"]:
                assert one["measured"] >= one["truth"], (name, one)


def test_the_spike_is_in_the_kernels_high_water_mark(rows):
    for one in rows["memory.peak"]["comparisons"]:
        assert one["measured"] == pytest.approx(one["truth"], rel=0.01)


def test_the_noise_of_the_host_is_kept_where_it_is_that_of_no_other(tested):
    folder = tested[1].folder.parents[1]
    if any(is_disturbed(one) for one in tested[1].results if one.key.case in SAME):
        assert not (folder / "state").exists()
        return
    kept = json.loads((folder / "state" / "container-bench" / "noise.json").read_text())
    assert [one["floors"]["startup_s"]["n"] for one in kept.values()] == [6]


def test_the_table_fits_a_terminal(tested):
    table = tested[0].stdout
    assert "targets met" in table.splitlines()[-1]
    assert all(len(line) <= 100 for line in table.splitlines() if not line.startswith("Saved"))
