"""Counters of heat and the governors of the clock rate, on hosts that have them and that do not."""

from __future__ import annotations

from bench.host.thermal import ThermalCounters, governors, read_thermal
from bench.journal.facts.host import Heat
from tests.host.trees import METAL, VM, copy_of

CORES = "sys/devices/system/cpu"


def test_a_virtual_machine_counts_nothing_which_is_not_zero():
    counters = read_thermal(VM)
    assert not counters.are_there
    assert counters.since(counters) == Heat()
    assert governors(VM) == []


def test_the_sensor_that_counted_most_is_told_and_the_others_are_not_added(tmp_path):
    root = copy_of(METAL, tmp_path)
    before = read_thermal(root)
    for core in (0, 1):
        folder = root / CORES / f"cpu{core}" / "thermal_throttle"
        (folder / "package_throttle_count").write_text("43\n")
        (folder / "package_throttle_total_time_ms").write_text("3600\n")
    assert read_thermal(root).since(before) == Heat(3, 1.5)


def test_a_kernel_without_times_tells_only_how_often(tmp_path):
    root = copy_of(METAL, tmp_path)
    for file in root.rglob("*_time_ms"):
        file.unlink()
    counters = read_thermal(root)
    assert counters.since(counters) == Heat(0)


def test_a_core_that_comes_on_the_way_has_counted_nothing_since():
    assert ThermalCounters({"b": 90}, {}).since(ThermalCounters({"a": 1}, {})) == Heat(0)


def test_each_governor_is_named_once(tmp_path):
    root = copy_of(METAL, tmp_path)
    assert governors(root) == ["powersave"]
    (root / CORES / "cpu1" / "cpufreq" / "scaling_governor").write_text("performance\n")
    assert governors(root) == ["performance", "powersave"]
