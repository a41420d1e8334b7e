"""How busy the host was: steal, the clock's steps, and what bench's own daemons cost."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bench.host.load import HostLoad, load_between, read_load

BEFORE = HostLoad(
    busy_s=100.0,
    idle_s=1000.0,
    steal_s=10.0,
    daemon_s={"measuring": 5.0, "registry": 1.0},
    swapped_pages=7,
    wall_minus_monotonic_s=1_790_000_000.0,
)


def after(**changes: object) -> HostLoad:
    """The host a second later on two cores: one busy, one idle."""
    return dataclasses.replace(BEFORE, **({"busy_s": 101.0, "idle_s": 1001.0} | changes))  # type: ignore[arg-type]


def test_shares_are_of_all_core_time():
    load = load_between(BEFORE, after(steal_s=10.5, idle_s=1000.5))
    assert load["busy_share"] == 0.5
    assert load["steal_share"] == 0.25


def test_an_idle_host_without_other_tenants_has_neither():
    load = load_between(BEFORE, after(busy_s=100.0))
    assert (load["busy_share"], load["steal_share"]) == (0.0, 0.0)


def test_no_time_at_all_is_no_share():
    load = load_between(BEFORE, BEFORE)
    assert (load["busy_share"], load["steal_share"]) == (0.0, 0.0)


@pytest.mark.parametrize("step_s", [3600.0, -0.5, 0.0])
def test_a_step_of_the_wall_clock_is_seen_against_the_monotonic_one(step_s):
    load = load_between(BEFORE, after(wall_minus_monotonic_s=1_790_000_000.0 + step_s))
    assert load["clock_step_s"] == step_s


def test_swapping_is_counted_in_pages():
    assert load_between(BEFORE, after(swapped_pages=19))["swapped_pages"] == 12


def test_daemons_are_charged_for_their_own_time():
    load = load_between(BEFORE, after(daemon_s={"measuring": 5.25, "registry": 1.0}))
    assert load["cpu_s"] == {"measuring": 0.25, "registry": 0.0}


def test_a_daemon_that_died_or_was_started_on_the_way_is_left_out():
    load = load_between(BEFORE, after(daemon_s={"registry": 1.5, "building": 3.0}))
    assert load["cpu_s"] == {"registry": 0.5}


# readings of this host


def test_counters_of_this_host_go_on():
    before = read_load({"this": os.getpid()})
    end = time.process_time() + 0.05
    while time.process_time() < end:
        pass
    now = read_load({"this": os.getpid()})
    assert now.busy_s >= before.busy_s
    assert now.idle_s >= before.idle_s
    assert now.steal_s >= before.steal_s
    assert now.daemon_s["this"] - before.daemon_s["this"] >= 0.02
    assert load_between(before, now)["clock_step_s"] == 0.0


def test_a_daemon_that_is_gone_is_left_out_rather_than_zero():
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    assert read_load({"gone": process.pid}).daemon_s == {}


def test_guests_are_not_counted_twice(monkeypatch):
    """The kernel counts a guest's time as the user's too (proc_stat(5))."""
    texts = {
        "/proc/stat": "cpu  1000 200 300 5000 50 10 20 70 400 500\ncpu0 1 2 3 4 5 6 7 8 9 10\n",
        "/proc/vmstat": "pswpin 3\npswpout 4\npgpgin 99\n",
    }
    monkeypatch.setattr(Path, "read_text", lambda path: texts[str(path)])
    load = read_load({})
    tick_s = 1 / os.sysconf("SC_CLK_TCK")
    assert load.busy_s == pytest.approx((1000 + 200 + 300 + 10 + 20) * tick_s)
    assert load.idle_s == pytest.approx((5000 + 50) * tick_s)
    assert load.steal_s == pytest.approx(70 * tick_s)
    assert load.swapped_pages == 7


BUSY = """
import time
end = time.process_time() + 0.03
while time.process_time() < end:
    pass
print("done", flush=True)
input()
"""


def test_a_program_may_have_any_name(tmp_path):
    """The name stands in brackets in the middle of the line, and may hold brackets itself."""
    program = tmp_path / "a) R 1 2 3 4 (b"
    program.symlink_to(sys.executable)
    process = subprocess.Popen([program, "-c", BUSY], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    assert 0.02 <= read_load({"odd": process.pid}).daemon_s["odd"] < 10
    process.communicate(b"\n")
