"""A ladder of three rungs on a real engine, from the patch to the report."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from bench.journal.facts.comparison import Interval
from tests.live import engines

if TYPE_CHECKING:
    from tests.live.conftest import Bench

pytestmark = [
    pytest.mark.engine,
    engines.own_builder,
]

MIB = 2**20
SCENARIO = """
version: 1
name: steps
cases:
  heavy:
    build: {context: web}
    repeat: 1
    ready: {http: {port: 8080, path: /healthz}, interval: 5ms, timeout: 30s}
    observe: 0s
    stop_grace_period: 1s
ladder:
  from: heavy
  rungs:
    half: {args: {MIB: "4"}}
    none: {patch: none.diff}
    broken: {patch: broken.diff}
"""
DOCKERFILE = """\
FROM BUSYBOX
ARG MIB=8
RUN dd if=/dev/urandom of=/ballast bs=1048576 count=$MIB
CMD ["httpd", "-f", "-p", "8080", "-h", "/www"]
"""
NONE = """\
@@ -2,3 +2,2 @@
 ARG MIB=8
-RUN dd if=/dev/urandom of=/ballast bs=1048576 count=$MIB
 CMD ["httpd", "-f", "-p", "8080", "-h", "/www"]
"""
BROKEN = """\
@@ -3 +3 @@
-CMD ["httpd", "-f", "-p", "8080", "-h", "/www"]
+CMD ["sh", "-c", "exit 7"]
"""


def test_each_change_is_built_measured_and_counted(bench: Bench, busybox: str):
    (bench.folder / "web").mkdir()
    (bench.folder / "web" / "Dockerfile").write_text(DOCKERFILE.replace("BUSYBOX", busybox))
    (bench.folder / "none.diff").write_text(NONE)
    (bench.folder / "broken.diff").write_text(BROKEN)
    file = bench.scenario(SCENARIO)
    done = bench("ladder", file)
    assert done.returncode == 1, done.stderr  # `broken` did not get ready
    assert "LADDER" in done.stdout
    run = bench.latest()
    figures = {figure.metric: figure for figure in run.ladder_figures}
    size = figures["image_size_bytes"]
    assert [step.rung for step in size.steps] == ["heavy", "half", "none", "broken"]
    first, half, none, broken = (step.change for step in size.steps)
    assert first is None
    assert half is not None
    assert half == pytest.approx(-4 * MIB, abs=MIB / 8)
    assert none == pytest.approx(-4 * MIB, abs=MIB / 8)
    assert broken is not None
    assert abs(broken) < MIB / 8
    assert size.steps[1].interval == Interval(half, half)
    start = figures["startup_s"]
    assert [step.value is not None for step in start.steps] == [True, True, True, False]
    assert "exited with code 7" in start.steps[3].reason
    assert start.whole is not None
    assert start.whole.rung == "none"
    document = json.loads((run.folder / "run.json").read_text())
    assert len(document["ladder"]) == len(run.ladder_figures)
    assert (run.folder / "ladder.csv").is_file()
    assert (run.folder / "plots" / "ladder.svg").is_file()


def test_the_plain_run_of_such_a_scenario_measures_its_cases_alone(bench: Bench, busybox: str):
    (bench.folder / "web").mkdir()
    (bench.folder / "web" / "Dockerfile").write_text(DOCKERFILE.replace("BUSYBOX", busybox))
    (bench.folder / "none.diff").write_text(NONE)
    (bench.folder / "broken.diff").write_text(BROKEN)
    done = bench("run", bench.scenario(SCENARIO))
    assert done.returncode == 0, done.stderr
    run = bench.latest()
    assert (list(run.scenario.cases), run.ladder_figures) == (["heavy"], ())
