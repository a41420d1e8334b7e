"""How busy the host was: steal, the clock's steps, and what bench's own daemons cost."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
import time

import pytest

from bench.host.load import HostLoad, load_between, read_load
from bench.host.thermal import ThermalCounters
from bench.journal.facts.form import written
from bench.journal.facts.host import Heat
from tests.host.trees import METAL, VM, copy_of

BEFORE = HostLoad(
    busy_s=100.0,
    idle_s=1000.0,
    steal_s=10.0,
    daemon_s={"measuring": 5.0, "registry": 1.0},
    swapped_pages=7,
    wall_minus_monotonic_s=1_790_000_000.0,
    monotonic_s=500.0,
)


def after(**changes: object) -> HostLoad:
    """The host a second later on two cores: one busy, one idle."""
    changes = {"busy_s": 101.0, "idle_s": 1001.0, "monotonic_s": 501.0} | changes
    return dataclasses.replace(BEFORE, **changes)  # type: ignore[arg-type]


def test_shares_are_of_all_core_time():
    load = load_between(BEFORE, after(steal_s=10.5, idle_s=1000.5))
    assert load.busy_share == 0.5
    assert load.steal_share == 0.25


def test_an_idle_host_without_other_tenants_has_neither():
    load = load_between(BEFORE, after(busy_s=100.0))
    assert (load.busy_share, load.steal_share) == (0.0, 0.0)


def test_no_time_at_all_is_no_share():
    load = load_between(BEFORE, BEFORE)
    assert (load.busy_share, load.steal_share) == (0.0, 0.0)


@pytest.mark.parametrize("step_s", [3600.0, -0.5, 0.0])
def test_a_step_of_the_wall_clock_is_seen_against_the_monotonic_one(step_s):
    load = load_between(BEFORE, after(wall_minus_monotonic_s=1_790_000_000.0 + step_s))
    assert load.clock_step_s == step_s


def test_swapping_is_counted_in_pages():
    assert load_between(BEFORE, after(swapped_pages=19)).swapped_pages == 12


def test_daemons_are_charged_for_their_own_time():
    load = load_between(BEFORE, after(daemon_s={"measuring": 5.25, "registry": 1.0}))
    assert load.cpu_s == {"measuring": 0.25, "registry": 0.0}


def test_a_daemon_that_died_or_was_started_on_the_way_is_left_out():
    load = load_between(BEFORE, after(daemon_s={"registry": 1.5, "building": 3.0}))
    assert load.cpu_s == {"registry": 0.5}


def test_what_nobody_of_ours_used_was_used_by_others():
    load = load_between(BEFORE, after(daemon_s={"measuring": 5.3, "registry": 1.1}), 0.2)
    assert load.cpu_s == {"measuring": 0.3, "registry": 0.1, "workload": 0.2}
    assert load.other_share == 0.2  # 1 s busy, less 0.6 s, of 2 s
    assert (load.wall_s, load.core_s) == (1.0, 2.0)


@pytest.mark.parametrize(
    ("daemon_s", "workload_s"), [({"measuring": 5.3}, None), ({"registry": 1.0}, 0.2)]
)
def test_where_engine_or_workload_are_not_known_no_one_else_is_blamed(daemon_s, workload_s):
    """The user's own engine is not among the daemons, and would be taken for other work."""
    assert load_between(BEFORE, after(daemon_s=daemon_s), workload_s).other_share is None


def test_a_plain_process_has_no_engine_that_could_be_taken_for_other_work():
    load = load_between(BEFORE, after(daemon_s={"bench": 1.0}), 0.2, with_engine=False)
    assert load.other_share == 0.4  # 1 s busy, less 0.2 s, of 2 s


def test_parts_that_are_read_later_than_the_whole_leave_nothing_rather_than_less():
    assert load_between(BEFORE, after(), 1.02).other_share == 0.0


def test_a_host_without_counters_of_heat_and_stalls_says_nothing_of_them():
    assert {"thermal", "stalled_s"}.isdisjoint(written(load_between(BEFORE, after())))


def test_heat_and_stalls_are_those_of_the_time_between():
    before = dataclasses.replace(
        BEFORE, stalled_s={"io": 3.0}, thermal=ThermalCounters({"core": 4}, {"core": 1000})
    )
    hot = after(stalled_s={"io": 3.25}, thermal=ThermalCounters({"core": 6}, {"core": 1300}))
    load = load_between(before, hot)
    assert load.stalled_s == {"io": 0.25}
    assert load.thermal == Heat(2, 0.3)


def test_memory_and_swap_are_told_as_they_were_before():
    before = dataclasses.replace(BEFORE, swap_used_bytes=5, memory_available_bytes=7)
    load = load_between(before, after(swap_used_bytes=50, memory_available_bytes=70))
    assert (load.swap_used_bytes, load.memory_available_bytes) == (5, 7)


# readings of recorded hosts

TICK_S = 1 / os.sysconf("SC_CLK_TCK")


def test_a_virtual_machine_is_read():
    load = read_load({"measuring": 417}, VM)
    assert load.busy_s == pytest.approx((83643 + 13248 + 395) * TICK_S)
    assert load.idle_s == pytest.approx((236908 + 1570) * TICK_S)
    assert load.steal_s == pytest.approx(96 * TICK_S)
    assert load.daemon_s["measuring"] == pytest.approx((4870 + 508 + 538 + 500) * TICK_S)
    assert load.swap_used_bytes == 0
    assert load.memory_available_bytes is not None
    assert load.stalled_s == {"cpu": 145.737911, "io": 15.644028, "memory": 0.000979}
    assert not load.thermal.are_there


def test_a_notebook_with_swap_and_without_psi_is_read():
    load = read_load({}, METAL)
    assert load.swapped_pages == 600
    assert load.swap_used_bytes == (8388604 - 8126460) * 1024
    assert load.memory_available_bytes == 6 * 2**30
    assert load.stalled_s == {}
    assert load.thermal.are_there


def test_a_kernel_whose_stall_times_are_switched_off_has_none(tmp_path):
    """With psi=0 the files are there, and reading them is refused."""
    root = copy_of(VM, tmp_path)
    for resource in ("cpu", "io", "memory"):
        file = root / "proc" / "pressure" / resource
        file.unlink()
        file.mkdir()  # cannot be read either
    assert read_load({}, root).stalled_s == {}


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
    assert load_between(before, now).clock_step_s == pytest.approx(0.0, abs=0.05)


def test_what_children_of_this_process_took_is_not_its_own():
    """A plain process under measurement is one, and is counted by its cgroup."""
    before = read_load({"this": os.getpid()})
    subprocess.run(
        [sys.executable, "-c", "while __import__('time').process_time() < 0.3: pass"], check=True
    )
    own_s = read_load({"this": os.getpid()}).daemon_s["this"] - before.daemon_s["this"]
    assert own_s < 0.15


def test_a_daemon_that_is_gone_is_left_out_rather_than_zero():
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    assert read_load({"gone": process.pid}).daemon_s == {}


def test_guests_are_not_counted_twice(tmp_path):
    """The kernel counts a guest's time as the user's too (proc_stat(5))."""
    root = copy_of(VM, tmp_path)
    (root / "proc" / "stat").write_text("cpu  1000 200 300 5000 50 10 20 70 400 500\n")
    load = read_load({}, root)
    assert load.busy_s == pytest.approx((1000 + 200 + 300 + 10 + 20) * TICK_S)
    assert load.idle_s == pytest.approx((5000 + 50) * TICK_S)
    assert load.steal_s == pytest.approx(70 * TICK_S)


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
