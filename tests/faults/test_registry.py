"""A blob that is not what its digest says: nothing of it is ever run, or taken for cold."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from bench.runtimes.managed.registry import Registry
from tests.faults.checks import left, of, times
from tests.faults.images import put_image

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.runtimes.managed.private import PrivateEngine

pytestmark = pytest.mark.engine

SCENARIO = """
version: 1
name: rotten
defaults:
  repeat: 1
  cache: cold
  observe: 0s
  stop_grace_period: 1s
  ready: {{http: {{port: 8080, path: /healthz}}, timeout: 15s}}
cases:
  well: {{image: {well}}}
  rotten: {{image: {rotten}}}
thresholds: {{startup_s: "<= 60s"}}
"""


@contextmanager
def rotten(private: PrivateEngine, image: str) -> Iterator[None]:
    """The topmost layer with one bit changed, for as long as the block lasts."""
    registry = Registry(private.registry_address(), private.login())
    repository = image.partition("/")[2].partition("@")[0]
    blob = private.blob_path(registry.manifest(repository, "latest").layers[-1].digest)
    registry.close()
    whole = blob.read_bytes()
    middle = len(whole) // 2
    blob.write_bytes(whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :])
    try:
        yield
    finally:
        blob.write_bytes(whole)


def test_a_layer_that_rots_after_it_was_mirrored_makes_errors_of_its_trials(
    bench, busybox, private, measuring, building
):
    noise = bytes(range(256)) * 999
    image = put_image(private, "faults/rots", layers=3, random_bytes=noise)
    path = bench.scenario(SCENARIO.format(well=busybox, rotten=image))
    assert bench("run", path, "--progress", "quiet").returncode == 0
    with rotten(private, image):
        done = bench("run", path, "--progress", "quiet")
    assert done.returncode == 3, done.stdout
    run = bench.latest()
    (trial,) = of(run, "rotten")
    assert trial.status == "error"
    assert "verification failed" in trial.reason
    assert times(trial) == set()
    assert [one.status for one in of(run, "well")] == ["ok"]
    verdicts = {one.case: str(one.verdict) for one in run.verdicts}
    assert verdicts == {"well": "pass", "rotten": "error"}
    assert left(run.run_id, measuring, building) == []


def test_a_layer_that_was_never_good_is_no_image(bench, busybox, private, measuring, building):
    noise = bytes(range(255)) * 999
    image = put_image(private, "faults/never", layers=3, random_bytes=noise)
    with rotten(private, image):
        path = bench.scenario(SCENARIO.format(well=busybox, rotten=image))
        done = bench("run", path, "--keep-going", "--progress", "quiet")
    assert done.returncode == 3, done.stdout
    run = bench.latest()
    assert "cannot be had" in run.failed_images["rotten"]
    assert of(run, "rotten") == []
    assert [one.status for one in of(run, "well")] == ["ok"]
    assert left(run.run_id, measuring, building) == []
