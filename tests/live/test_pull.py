"""Pulls on a real engine: their states proved, taken apart, and over a shaped link."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from bench.judge.slowest_link import PullModel
from bench.runtimes.managed.access_log import Served

LAYERS = 3
MEGABYTES = 2

SCENARIO = """
version: 1
name: pulls
defaults:
  repeat: 1
  cache: {cache}
  observe: 0s
  stop_grace_period: 0s
  ready: {{http: {{port: 8080, path: /healthz}}, timeout: 30s}}
cases:
  web: {{build: {{context: context}}}}
thresholds: {{startup_s: "<= 30s"}}
"""


@pytest.fixture
def context(bench, busybox) -> Path:
    """An image on the one of the tests, with layers of random bytes above it."""
    folder: Path = bench.folder / "context"
    folder.mkdir()
    lines = [f"FROM {busybox}"]
    for number in range(LAYERS):
        (folder / f"part{number}").write_bytes(os.urandom(MEGABYTES * 10**6))
        lines.append(f"COPY part{number} /data/")
    (folder / "Dockerfile").write_text("\n".join(lines) + "\n")
    return folder


def of(run, cache: str):
    (trial,) = [one for one in run.results if one.key.cache == cache and one.key.case == "web"]
    assert trial.status == "ok", trial.reason
    return trial


def test_the_four_states_are_told_apart_by_what_the_registry_served(bench, context):
    path = bench.scenario(SCENARIO.format(cache="[cold, base, image, warm]"))
    done = bench("run", path, "--progress", "quiet")
    assert done.returncode == 0, done.stderr
    run = bench.latest()
    image = run.images["web"]
    cold, base = of(run, "cold"), of(run, "base")
    assert cold.facts.served.size_bytes == image.transfer_bytes
    assert cold.facts.served.requests == len(image.layers) + 1
    own = sum(one.transfer_bytes for one in image.layers[-LAYERS:])
    assert base.metrics["downloaded_bytes"] == own
    assert base.facts.served.requests == LAYERS + 1
    assert set(base.facts.served.blobs).isdisjoint(one.digest for one in image.layers[:-LAYERS])
    for state in ("image", "warm"):
        assert of(run, state).facts.served is None
        assert "pull_s" not in of(run, state).metrics
    for trial in (cold, base):
        assert trial.path.unreliable == ""
        explained_s = trial.path.wall_s - trial.path.unexplained_s
        assert explained_s == pytest.approx(trial.path.wall_s, rel=0.02, abs=0.2)


def test_a_link_is_kept_to_and_is_gone_afterwards(bench, context, private):
    path = bench.scenario(SCENARIO.format(cache="cold"))
    done = bench("run", path, "--progress", "quiet", "--set", "link=10mbit")
    assert done.returncode == 0, done.stderr
    run = bench.latest()
    trial = of(run, "cold")
    assert run.link == "10mbit"
    assert "link: 10mbit" in run.verdicts[0].reason
    assert trial.facts.served.size_bytes == run.images["web"].transfer_bytes
    assert trial.facts.link.achieved_bit_s == pytest.approx(9.5e6, rel=0.15)
    assert trial.metrics["pull_s"] > 8 * LAYERS * MEGABYTES / 10
    assert "link" in trial.facts.host.cpu_s
    assert not Path("/sys/class/net/cbenchl0").exists()
    assert private.remove_link() == 0


def test_a_start_over_a_slow_link_is_foreseen_from_one_that_was_not_shaped(bench, context):
    path = bench.scenario(SCENARIO.format(cache="cold"))
    assert bench("run", path, "--progress", "quiet").returncode == 0
    model = PullModel.from_trial(of(bench.latest(), "cold"), None)
    assert model is not None
    assert bench("run", path, "--progress", "quiet", "--set", "link=8mbit").returncode == 0
    measured_s = of(bench.latest(), "cold").metrics["startup_s"]
    assert model.startup_at(8e6) == pytest.approx(measured_s, rel=0.2)


def test_what_a_killed_run_leaves_of_its_link_is_swept(bench, context, private):
    scenario = bench.scenario(SCENARIO.format(cache="cold"))
    process = bench.begin("run", scenario, "--set", "link=1mbit")
    bench.wait_for('"key":{"case":"web"', process)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=60)
    assert Path("/sys/class/net/cbenchl0").exists()
    assert bench("clean").returncode == 0
    assert not Path("/sys/class/net/cbenchl0").exists()
    assert not (private.paths.run / "link").exists()
    assert private.is_up()


def test_blobs_that_the_stream_does_not_show_are_seen_in_the_log(bench, context, private):
    """The log itself, on what this test fetches with its own hands."""
    import requests

    path = bench.scenario(SCENARIO.format(cache="warm"))
    assert bench("run", path, "--progress", "quiet").returncode == 0
    layer = bench.latest().images["web"].layers[-1]
    log = private.access_log()
    mark = log.mark()
    url = f"http://{private.registry_address()}/v2/pulls/web/blobs/{layer.digest}"
    assert requests.get(url, timeout=10).status_code == 401  # which is no service
    shown = private.login().to(private.registry_address())
    answer = requests.get(url, auth=(shown.user, shown.secret), timeout=10)
    assert len(answer.content) == layer.transfer_bytes
    assert log.served("pulls/web", mark) == {layer.digest: Served(1, layer.transfer_bytes)}
