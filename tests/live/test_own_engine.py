"""On somebody's own engine: what was there before is there afterwards, and no cold is claimed.

The builder of the private engine plays the part of that engine unless another is named: it holds
images of others.
"""

from __future__ import annotations

import docker
import pytest

SCENARIO = """
version: 1
name: own
defaults:
  repeat: 1
  cache: {cache}
  observe: 0s
  stop_grace_period: 0s
  volumes: ["data:/data"]
  ready: {{http: {{port: 8080, path: /healthz}}, timeout: 15s}}
cases:
  web: {{build: {context}}}
thresholds: {{ready_s: "<= 15s"}}
"""


@pytest.fixture
def context(tmp_path, busybox):
    folder = tmp_path / "image"
    folder.mkdir()
    (folder / "Dockerfile").write_text(f"FROM {busybox}\nRUN echo more > /www/more\n")
    return folder


def _inventory(address: str) -> dict[str, object]:
    api = docker.APIClient(base_url=address, version="auto")
    try:
        return {
            "containers": sorted(one["Id"] for one in api.containers(all=True)),
            "images": sorted((one["Id"], tuple(one["RepoTags"] or ())) for one in api.images()),
            "networks": sorted(one["Id"] for one in api.networks()),
            "volumes": sorted(one["Name"] for one in api.volumes()["Volumes"] or ()),
        }
    finally:
        api.close()


def test_what_was_there_before_is_there_afterwards(bench, context, own_address):
    before = _inventory(own_address)
    path = bench.scenario(SCENARIO.format(context=context, cache="warm"))
    done = bench("run", path, "--engine", own_address, "--progress", "quiet")
    assert done.returncode == 0, done.stderr
    assert _inventory(own_address) == before


def test_a_pull_onto_layers_that_were_there_is_never_a_fast_cold_one(bench, context, own_address):
    path = bench.scenario(SCENARIO.format(context=context, cache="cold"))
    done = bench("run", path, "--engine", own_address, "--progress", "quiet")
    assert done.returncode == 3, done.stdout
    trials = [one for one in bench.latest().results if one.key.case == "web"]
    assert [one.status for one in trials] == ["invalid"] * 3
    assert trials[0].reason.startswith("not a cold pull")
    assert "private engine" in trials[0].reason
