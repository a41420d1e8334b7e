"""A host on which other programs keep every core busy: what a run does, says, and accepts.

No other test depends on how quiet the host is: their scenarios accept any (`Bench.scenario`).
"""

from __future__ import annotations

import os
import re

import pytest

from tests.live.conftest import ANY_HOST
from tests.loops import busy_loops

SCENARIO = """
version: 1
name: crowded
cases:
  one:
    host: {command: [sh, -c, "echo up; sleep 60"]}
    repeat: 2
    ready: {log: up, timeout: 60s}
    observe: 1s
"""


@pytest.fixture(scope="module")
def crowd():
    with busy_loops(2 * (os.cpu_count() or 1)) as pids:
        yield pids


@pytest.fixture(scope="module")
def outcome(crowd, tmp_path_factory):
    from tests.live.conftest import Bench

    bench = Bench(tmp_path_factory.mktemp("crowded"))
    path = bench.scenario(SCENARIO)
    path.write_text(path.read_text().replace(ANY_HOST, ""))
    done = bench("run", path, "--engine", "host", "--progress", "plain", "--wait-quiet", "2s")
    return done, bench.latest()


def test_it_waits_once_and_says_for_how_long_and_who_is_busy(outcome):
    done, run = outcome
    (wait,) = run.waits
    assert wait.in_vain
    assert 2.0 <= wait.waited_s < 30
    assert wait.busy
    assert "waiting up to 2.00 s for a quiet host: other programs take" in done.stderr
    assert f"(pid {wait.busy[0].pid}, " in done.stderr
    assert "going on, with no more waiting" in done.stderr


def test_every_trial_is_invalid_was_repeated_and_no_verdict_passes(outcome):
    done, run = outcome
    assert done.returncode == 3, done.stderr
    assert [one.status for one in run.results] == ["invalid"] * 6
    assert all("of the core time went to other programs" in one.reason for one in run.results)


def test_the_report_says_it_in_one_line(outcome):
    done, _ = outcome
    said = " ".join(done.stdout.split())
    assert "in 6 of 6 trials (up to " in said
    assert "; 6 of them are invalid for that reason; bench waited " in said


@pytest.mark.usefixtures("crowd")
def test_a_scenario_that_accepts_any_host_is_measured_without_a_wait(tmp_path):
    from tests.live.conftest import Bench

    bench = Bench(tmp_path)
    done = bench("run", bench.scenario(SCENARIO), "--engine", "host", "--progress", "plain")
    assert done.returncode == 0, done.stderr
    run = bench.latest()
    assert (run.waits, [one.status for one in run.results]) == ((), ["ok", "ok"])
    assert "the scenario accepts that (`max_other_load: any`)" in " ".join(done.stdout.split())


@pytest.mark.usefixtures("crowd")
def test_the_doctor_names_the_busiest_programs_at_once(bench):
    (load,) = re.findall(r"^- load +(.*)", bench("doctor", "--engine", "host").stdout, re.MULTILINE)
    assert re.match(
        r"other programs take \d+% of the core time: .+ \(pid \d+, \d\.\d cores\)", load
    )
