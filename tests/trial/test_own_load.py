"""What a trial records of the CPU time that it took itself, beside that of the host."""

from __future__ import annotations

import pytest

from bench.cgroup.mounts import CgroupVersion
from bench.core.clock import SystemClock
from bench.host.load import HostLoad
from bench.journal.facts.trial import TrialFacts
from bench.trial.instruments import Instruments
from bench.trial.record import TrialRecord, total_cpu_s
from tests.facts import facts_of
from tests.fakes import FakeRuntime
from tests.sampling.trees import cgroup_of, copy_of
from tests.trial.lab import Bench

CPU_FILES = {
    CgroupVersion.V1: ("cpuacct/container-bench/t0001/cpuacct.usage", "3500000000\n"),
    CgroupVersion.V2: ("container-bench/t0001/cpu.stat", "usage_usec 3500000\n"),
}


@pytest.fixture
def bench(tmp_path):
    made = Bench(tmp_path)
    yield made
    made.close()


def record(bench: Bench, **facts: object) -> TrialRecord:
    made = TrialRecord(bench.laboratory(), 1, 0)
    made.facts = facts_of(**facts)
    return made


@pytest.mark.parametrize("version", CgroupVersion)
def test_the_last_total_of_cpu_time_is_kept(tmp_path, version):
    root = copy_of(version, tmp_path)
    name, text = CPU_FILES[version]
    (root / name).write_text(text)
    instruments = Instruments(
        FakeRuntime().workload("c"), cgroup_of(version, root), SystemClock(), 60.0,
        need=False, gpu=False, has_own_network=True,
        on_batch=lambda *_: None, on_threads=lambda _: None,
    )  # fmt: skip
    facts = TrialFacts()
    instruments.created()
    instruments.finish(facts)
    assert facts.counters is not None
    assert facts.counters.cpu_ns == 3_500_000_000


def test_a_container_whose_counters_cannot_be_read_has_no_total(bench):
    bench.run()
    assert "cpu_ns" not in bench.ended["facts"]["counters"]
    assert "workload" not in bench.ended["facts"]["host"]["cpu_s"]
    assert "other_share" not in bench.ended["facts"]["host"]


def test_several_have_a_total_when_each_has_one(bench):
    one, other = (record(bench, counters={"cpu_ns": ns}) for ns in (10**9, 2 * 10**9))
    assert total_cpu_s([one, other]) == 3.0
    assert total_cpu_s([one, record(bench, counters={})]) is None


def test_beside_a_load_tool_nobody_else_is_blamed(bench):
    """What the tool uses is not counted, and would be taken for other work of the host."""
    assert record(bench, counters={"cpu_ns": 10**9}, load={"reference": "tool"}).cpu_s is None


@pytest.mark.parametrize("version", CgroupVersion)
def test_services_are_counted_by_their_cgroups(bench, tmp_path, version):
    import dataclasses

    root = copy_of(version, tmp_path)
    name, text = CPU_FILES[version]
    (root / name).write_text(text)
    bench.read_load = lambda _: HostLoad(1.0, 1.0, 0.0, {"bench": 0.5}, 0, 0.0)
    lab = dataclasses.replace(bench.laboratory(), services=(cgroup_of(version, root),) * 2)
    assert lab.load_now().daemon_s == {"bench": 0.5, "services": 7.0}
    (root / name).unlink()  # a service has ended
    assert lab.load_now().daemon_s == {"bench": 0.5}


def test_other_programs_that_took_most_of_the_cores_make_a_trial_invalid(bench, monkeypatch):
    readings = [
        HostLoad(10.0, 10.0, 0.0, {"measuring": 1.0}, 0, 0.0),
        HostLoad(20.0, 12.0, 0.0, {"measuring": 2.0}, 0, 0.0),
    ]
    bench.read_load = lambda _: readings.pop(0)
    monkeypatch.setattr(TrialRecord, "cpu_s", 2.0)
    bench.run()
    assert bench.ended["status"] == "invalid"
    assert bench.ended["reason"] == "58% of the core time went to other programs of this host"
