"""The ready-made scenarios: each is good as it stands, and looks for what its images print."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

import pytest

from bench.observe.figures import FigureSearch
from bench.scenario.loading.load import load_scenario

ROOT = Path(__file__).parents[2]
SCENARIOS = sorted((ROOT / "scenarios").rglob("*.yaml"))


@pytest.mark.parametrize("path", SCENARIOS, ids=[one.stem for one in SCENARIOS])
def test_it_is_good_without_any_variable(path: Path):
    loaded = load_scenario(path, environ={})
    assert loaded.scenario.name == path.stem
    assert loaded.scenario.description


def test_the_workload_of_cgroup_limits_prints_what_the_scenario_looks_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    spec = importlib.util.spec_from_file_location("work", ROOT / "images" / "limits" / "work.py")
    assert spec is not None
    assert spec.loader is not None
    work = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(work)
    for name, value in {"TABLE": 4 * work.MIB, "FILE": work.MIB, "ROUNDS": 2, "PASSES": 1}.items():
        monkeypatch.setattr(work, name, value)
    monkeypatch.setattr(os, "O_DIRECT", 0)  # not every file system has it
    monkeypatch.chdir(tmp_path)

    work.main()

    lines = capsys.readouterr().out.splitlines()
    scenario = load_scenario(ROOT / "scenarios" / "cgroup-limits.yaml", environ={}).scenario
    metrics = scenario.cases["free"].metrics
    search = FigureSearch(metrics)
    for line in lines:
        search.take(line)
    found = search.facts()
    assert {name: one.n for name, one in found.items()} == {
        "rounds_per_s": 1,
        "compute_ms": 2,
        "read_ms": 2,
        "write_ms": 2,
    }
    assert not any(one.odd for one in found.values())
    assert lines[0] == '{"event": "ready"}'
