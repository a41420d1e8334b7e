"""Exit codes are part of the contract: each by a subprocess, as a CI job would see it."""

from __future__ import annotations

import json

import pytest

from tests.live.engines import is_private

SCENARIO = """
version: 1
name: codes
defaults:
  repeat: 1
  image: {image}
  cache: warm
  observe: 0s
  stop_grace_period: 0s
  ready: {{http: {{port: 8080, path: /healthz}}, timeout: 15s}}
cases:
  web: {{}}
thresholds: {{image_size_bytes: "{limit}"}}
"""


@pytest.mark.parametrize(
    ("limit", "arguments", "code"),
    [("<= 100MB", (), 0), ("<= 1MB", (), 1), ("<= 1MB", ("--exit-zero",), 0)],
)
def test_a_threshold_met_is_0_and_missed_is_1(bench, busybox, limit, arguments, code):
    path = bench.scenario(SCENARIO.format(image=busybox, limit=limit))
    done = bench("run", path, "--progress", "quiet", *arguments)
    assert done.returncode == code, done.stderr
    document = json.loads((bench.folder / "reports/latest/run.json").read_text())
    assert document["exit_code"] == (1 if limit == "<= 1MB" else 0)


def test_a_warning_is_no_failure(bench, busybox):
    text = SCENARIO.format(image=busybox, limit="x").replace(
        '"x"', '{limit: "<= 1MB", severity: warn}'
    )
    assert bench("run", bench.scenario(text), "--progress", "quiet").returncode == 0


def test_a_typo_is_2_and_names_the_line(bench, busybox):
    text = SCENARIO.format(image=busybox, limit="<= 1MB").replace("repeat:", "repaet:")
    path = bench.scenario(text)
    done = bench("run", path)
    assert done.returncode == 2
    assert "s.yaml:5:3" in done.stderr
    assert "repeat" in done.stderr
    assert not (bench.folder / "reports").exists()


def test_no_scenario_is_2(bench):
    assert bench("run").returncode == 2
    assert bench("run", "nowhere.yaml").returncode == 2


@pytest.mark.parametrize(
    "address", ["unix:///nowhere/docker.sock", "tcp://127.0.0.1:9", "gopher://x", "nonsense"]
)
def test_an_engine_that_was_named_and_is_not_there_is_3(bench, busybox, address):
    path = bench.scenario(SCENARIO.format(image=busybox, limit="<= 1MB"))
    for done in (
        bench("run", path, "--engine", address),
        bench("run", path, BENCH_ENGINE=address),
        bench("run", path, BENCH_ENGINE="", DOCKER_HOST=address),
    ):
        assert done.returncode == 3, done.stderr
        assert "what to do" in done.stderr
        assert "Traceback" not in done.stderr


def test_without_a_file_the_scenario_is_printed_and_judged(bench, busybox):
    done = bench(
        "run", "--image", busybox, "--http", "8080/healthz", "--limit-memory", "64m",
        "--repeat", "1", "--format", "json", "--set", "cases.image.stop_grace_period=0s",
        "--max-other-load", "any", "--set", "max_steal=any",
        *([] if is_private() else ["--set", "cases.image.cache=image"]),
    )  # fmt: skip
    assert done.returncode == (1 if is_private() else 3), done.stderr
    assert "checklist: cloud-native" in done.stderr
    found = {row["id"]: row["verdict"] for row in json.loads(done.stdout)["verdicts"]}
    # its httpd has no handler for SIGTERM, so that as process 1 it does not hear it
    missed = {id_ for id_, verdict in found.items() if verdict != "pass"}
    # and somebody's own engine has the image, so that no trial of it can be a cold one
    assert missed == ({"RS-3.1"} if is_private() else {"RS-3.1", "CI-5"}), found
    assert set(found) >= {"CI-3", "CI-4", "CI-5", "CI-7", "CI-8"}


def test_a_plan_can_be_looked_at_without_an_engine(bench, busybox):
    path = bench.scenario(SCENARIO.format(image=busybox, limit="<= 1MB"))
    done = bench("run", path, "--dry-run", BENCH_ENGINE="unix:///nowhere.sock")
    assert done.returncode == 0
    assert "web warm" in done.stdout
    assert not (bench.folder / "reports").exists()
