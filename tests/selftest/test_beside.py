"""The engine's stats are followed beside one case, and nobody else's trial notices."""

from __future__ import annotations

import pytest

from bench.core.domain import TrialKey
from bench.core.errors import EngineUnavailableError
from bench.runtimes.docker.usage import usage_columns
from bench.runtimes.protocol import LABEL
from bench.runtimes.specs import WorkloadSpec
from bench.selftest.beside import StatsBeside, shown_bytes
from tests.fakes import FakeRuntime, FakeWorkload, Script, Watcher

V1 = {"memory_stats": {"usage": 5_000, "stats": {"total_inactive_file": 1_500, "cache": 9}}}
V2 = {"memory_stats": {"usage": 5_000, "stats": {"inactive_file": 500, "anon": 9}}}


@pytest.mark.parametrize(
    ("stats", "shown"),
    [
        (V1, 3_500),
        (V2, 4_500),
        ({"memory_stats": {"usage": 5_000}}, 5_000),
        ({"memory_stats": {"usage": 10, "stats": {"inactive_file": 500}}}, 0),
        ({"memory_stats": {}}, None),
        ({}, None),
    ],
)
def test_memory_is_shown_as_docker_stats_shows_it(stats, shown):
    assert shown_bytes(usage_columns(stats)) == shown


def trial(beside: StatsBeside, engine: FakeRuntime, case: str) -> None:
    beside.trial_begins(1, 2, TrialKey(case, 0, "warm"))
    created = engine.create(WorkloadSpec("i", "n", {LABEL: "run"}))
    engine.workload(created.id).start()
    beside.phase_ended("create", 0.01)
    beside.phase_ended("start", 0.1)
    beside.trial_ended("ok", "", 0.5)
    engine.workload(created.id).remove()


def test_only_the_case_that_was_asked_for_is_followed():
    watcher, engine = Watcher(), FakeRuntime(Script(statistics=V1))
    beside = StatsBeside(watcher, engine, "spikes")
    trial(beside, engine, "other")
    assert beside.peaks == []
    trial(beside, engine, "spikes")
    assert [one.memory_bytes for one in beside.peaks] == [3_500]
    engine.end_all()


def test_everything_is_passed_on():
    watcher, engine = Watcher(), FakeRuntime(Script(statistics=V1))
    trial(StatsBeside(watcher, engine, "spikes"), engine, "spikes")
    plain = Watcher()
    plain.trial_begins(1, 2, TrialKey("spikes", 0, "warm"))
    plain.phase_ended("create", 0.01)
    plain.phase_ended("start", 0.1)
    plain.trial_ended("ok", "", 0.5)
    assert vars(watcher) == vars(plain)
    engine.end_all()


def test_readings_without_memory_are_no_peak():
    engine = FakeRuntime(Script(statistics={}))
    beside = StatsBeside(Watcher(), engine, "spikes")
    trial(beside, engine, "spikes")
    assert beside.peaks == []
    engine.end_all()


def test_an_engine_that_fails_is_no_trouble_for_the_trial(monkeypatch):
    engine = FakeRuntime(Script(statistics=V1))

    def refuse(_: FakeWorkload) -> None:
        raise EngineUnavailableError("engine", "does not answer")

    monkeypatch.setattr(FakeWorkload, "usages", refuse)
    beside = StatsBeside(Watcher(), engine, "spikes")
    trial(beside, engine, "spikes")
    assert beside.peaks == []
    engine.end_all()
