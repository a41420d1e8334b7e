"""Where the self-test cannot be made, and what it keeps."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bench.core.errors import EngineError
from bench.judge.statistics.noise import HostNoise, NoiseFloor
from bench.results.host_noise import load_noise, save_noise
from bench.results.run import load_run
from bench.runner.request import RunResult
from bench.selftest import run as conduct
from bench.selftest.known import KNOWN
from tests.fakes import FakeRuntime, Watcher, local
from tests.journals import GOOD, Build, events, write_events, write_journal
from tests.selftest.made import evidence


@pytest.fixture(autouse=True)
def _own_state(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture
def engine(monkeypatch):
    """A local engine that another run holds at first."""
    one = FakeRuntime(facts=local())

    @contextmanager
    def opened(_choice: object, holder: str, on_wait: Any):
        assert holder == "bench selftest"
        on_wait("bench run other.yaml")
        yield SimpleNamespace(measuring=one)

    monkeypatch.setattr(conduct, "open_session", opened)
    return one


def test_an_engine_under_another_kernel_is_refused(monkeypatch, tmp_path):
    @contextmanager
    def opened(*_: object):
        yield SimpleNamespace(measuring=FakeRuntime())

    monkeypatch.setattr(conduct, "open_session", opened)
    with pytest.raises(EngineError, match="another clock") as caught:
        conduct.selftest(quick=True, out=tmp_path, engine=None, seed=1, progress=Watcher())
    assert caught.value.exit_code == 3
    assert caught.value.remedy


def test_the_run_is_an_ordinary_one_with_a_folder_of_stamps_for_each_case(
    monkeypatch, tmp_path, engine
):
    seen: dict[str, Any] = {}

    def started(request: Any, session: Any, progress: Any) -> RunResult:
        volumes = [case.volumes[0] for case in request.scenario.scenario.cases.values()]
        folders = [Path(one.removesuffix(":/stamps")) for one in volumes]
        seen.update(seed=request.seed, out=request.out, folders=folders)
        assert {one.name for one in folders} == set(KNOWN)
        for folder in folders:
            assert folder.stat().st_mode & 0o777 == 0o777
        return RunResult(write_journal(tmp_path / "run"), interrupted=130)

    monkeypatch.setattr(conduct, "start_run", started)
    watcher = Watcher()
    test = conduct.selftest(quick=True, out=tmp_path, engine=None, seed=7, progress=watcher)
    assert (seen["seed"], seen["out"]) == (7, tmp_path)
    assert not any(folder.exists() for folder in seen["folders"])
    assert watcher.said() == ["waiting for the private engine, in use by bench run other.yaml"]
    assert test.exit_code == 130
    assert test.noise_file is None  # none of these cases was in that run


def floors(share: float) -> HostNoise:
    return HostNoise("2026-11-22T08:31:00+00:00", {"startup_s": NoiseFloor(share, 0.4, 24)})


def test_noise_of_a_quick_run_does_not_replace_what_more_trials_have_shown(tmp_path):
    run = load_run(write_journal(tmp_path / "run"))
    host = run.header.host
    assert conduct._kept(floors(0.3), run, quick=True) is not None
    assert conduct._kept(floors(0.2), run, quick=False) is not None
    assert conduct._kept(floors(0.1), run, quick=True) is None
    assert load_noise(host) == floors(0.2)


def test_noise_that_others_made_is_not_kept(tmp_path):
    names = ("delay-200", "delay-200-again")
    shapes = dict.fromkeys(names, GOOD)
    made = events(Build(cases=names, shapes=shapes, calibrate=False, troubles={}))
    for share in (0.6, 0.1):
        for event in made:
            if event["event"] == "trial_ended":
                event["facts"]["host"] |= {"other_share": share}
        folder = tmp_path / str(share)
        folder.mkdir()
        write_events(folder, made)
        kept = conduct._kept(floors(0.3), load_run(folder), quick=False)
        assert (kept is None) is (share >= 0.2)


def test_noise_without_a_floor_is_not_kept(tmp_path):
    run = load_run(write_journal(tmp_path / "run"))
    save_noise(floors(0.2), run.header.host)
    assert conduct._kept(HostNoise("", {}), run, quick=False) is None
    assert load_noise(run.header.host) == floors(0.2)


def test_the_floor_is_the_median_of_what_does_nothing():
    floor = conduct._floor(evidence())
    assert (floor.cpu_s, floor.memory_peak_bytes) == (0.04, 4e6)
    assert floor.exec_to_main_s is None
