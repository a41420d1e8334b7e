"""Two benches at the same time on one private engine: the second waits, and says for whom."""

from __future__ import annotations

import re
from datetime import datetime

import pytest

from bench.journal.lines import Lines
from bench.journal.writer import FILE_NAME
from bench.results.find import run_folders
from bench.results.run import load_run
from tests.faults.checks import left, of

pytestmark = pytest.mark.engine

SCENARIO = """
version: 1
name: {name}
defaults:
  repeat: 1
  image: {image}
  cache: cold
  observe: 4s
  stop_grace_period: 1s
  ready: {{http: {{port: 8080, path: /healthz}}, timeout: 15s}}
cases:
  web: {{}}
"""


def test_the_second_waits_for_the_first_by_name_and_they_never_overlap(
    bench, busybox, measuring, building
):
    paths = [
        bench.scenario(SCENARIO.format(image=busybox, name=name), f"{name}.yaml")
        for name in ("first", "second")
    ]
    first = bench.begin("run", paths[0])
    bench.wait_for_phase("web", "ready", first)
    second = bench("run", paths[1], "--progress", "plain")
    _, errors = first.communicate(timeout=120)
    assert (first.returncode, second.returncode) == (0, 0), errors + second.stderr
    assert re.search(
        rf"waiting for the private engine, in use by bench run \S*first.yaml \(pid {first.pid}\)",
        second.stderr,
    )
    folders = sorted(run_folders(bench.folder / "reports"), key=lambda one: "second" in one.name)
    stamps = [
        [
            datetime.fromisoformat(one["at"])
            for one in Lines(folder / FILE_NAME).events()
            if "at" in one
        ]
        for folder in folders
    ]
    assert max(stamps[0]) <= min(stamps[1])
    for folder in folders:
        run = load_run(folder)
        assert [one.status for one in of(run, "web")] == ["ok"]
        assert left(run.run_id, measuring, building) == []
