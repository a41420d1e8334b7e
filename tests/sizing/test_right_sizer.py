"""The search over a case: what is tried under which limits, and when it gives up."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bench.core.domain import TrialKey, TrialStatus
from bench.sizing import right_sizer
from bench.sizing.right_sizer import RightSizer
from bench.sizing.sizes import REPEATS, CaseSizes, case_sizes, smallest
from bench.trial.context import PreparedCase
from tests.facts import facts_of
from tests.judge.build import CLOUD_NATIVE, MIB, scenario, trial

GIB = 1024 * MIB


class World:
    """A program that needs `memory` and starts in 0.4 CPU seconds; everything tried is kept."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, memory: int = 90 * MIB, **case: Any):
        self.memory = memory
        self.scenario = scenario(case)
        self.results = [
            trial(0, pull_s=5.0, startup_s=6.0),
            trial(1, arm="need", cache="image", memory_peak_bytes=100.0 * MIB),
        ]
        self.keys: list[TrialKey] = []
        self.timeouts: set[float] = set()
        self.said: list[str] = []
        monkeypatch.setattr(right_sizer, "load_run", lambda _: self.run)
        growing = SimpleNamespace(results=lambda: self.results)
        monkeypatch.setattr(right_sizer, "GrowingRun", lambda _: growing)
        monkeypatch.setattr("os.cpu_count", lambda: 2)

    @property
    def run(self) -> Any:
        return SimpleNamespace(
            scenario=self.scenario, checklist=CLOUD_NATIVE, results=tuple(self.results)
        )

    def measure(self, subject: PreparedCase, key: TrialKey) -> None:
        limits = subject.case.effective_limits
        assert limits.cpus
        assert limits.memory
        self.keys.append(key)
        self.timeouts.add(subject.case.ready.timeout)
        number = len(self.results)
        if limits.memory < self.memory:
            one = trial(number, status=TrialStatus.FAILED, reason="killed for memory")
        else:
            one = trial(number, startup_s=0.4 / limits.cpus, oom_kills=0.0)
        requested = {"memory_bytes": limits.memory, "cpus": limits.cpus}
        self.results.append(
            dataclasses.replace(one, key=key, facts=facts_of(limits={"requested": requested}))
        )

    @property
    def sizes(self) -> CaseSizes:
        found = case_sizes(self.run, "app")
        assert found is not None
        return found

    def search(self) -> RightSizer:
        case = self.scenario.cases["app"]
        subject = PreparedCase("app", case, "app:1", None, (), Path())
        sizer = RightSizer(self.said.append)
        sizer(Path(), {"app": subject}, self.measure)
        return sizer


def test_the_smallest_of_each_is_found_and_tried_together(monkeypatch):
    world = World(monkeypatch)
    assert world.search().unsized == {}
    found = world.sizes
    memory, below = smallest(found.by_memory())
    assert memory
    assert below
    assert 90 * MIB <= memory.memory_bytes <= 100 * MIB
    assert below.why_not == "killed for memory"
    cpus, _ = smallest(found.by_cpus())
    assert cpus
    assert cpus.cpus == pytest.approx(0.05)  # 5 s of pull and 8 s of start
    assert found.together()[-1].is_enough


def test_every_size_that_is_enough_was_tried_three_times_and_others_no_more_than_needed(
    monkeypatch,
):
    world = World(monkeypatch)
    world.search()
    for size in world.sizes.sizes:
        assert size.trials == (1 if size.why_not else REPEATS)


def test_trials_are_of_their_own_arm_with_the_page_cache_dropped(monkeypatch):
    world = World(monkeypatch)
    world.search()
    assert {(key.arm, key.cache, key.network) for key in world.keys} == {("size", "image", "open")}
    assert len({key.round for key in world.keys}) == len(world.keys)


def test_it_waits_no_longer_for_ready_than_the_pull_leaves(monkeypatch):
    world = World(monkeypatch)
    world.search()
    assert world.timeouts == {27.0}  # 30 s less the pull, and some patience


def test_a_limit_of_cores_above_the_host_begins_at_the_host(monkeypatch):
    world = World(monkeypatch)
    world.search()
    assert world.sizes.start.cpus == 2


def test_without_a_limit_the_search_begins_at_twice_the_need(monkeypatch):
    world = World(monkeypatch, limits={})
    world.search()
    start = world.sizes.start
    assert (start.memory_bytes, start.cpus) == (200 * MIB, 2)


def test_a_case_that_fails_under_its_own_limits_is_not_sized(monkeypatch):
    world = World(monkeypatch, memory=16 * GIB)
    assert "under its own limits" in world.search().unsized["app"]
    assert len(world.keys) == 1


def test_without_a_limit_and_without_a_need_there_is_no_start(monkeypatch):
    world = World(monkeypatch, limits={})
    del world.results[1]
    assert "the search has no start" in world.search().unsized["app"]
    assert world.keys == []
