"""What is removed of what runs left: what is bench's own and whose run is named, no more."""

from __future__ import annotations

import pytest

from bench.cgroup.mounts import CgroupMounts, CgroupVersion
from bench.runner.leftovers import remove_cgroups, remove_from
from bench.runtimes.protocol import LABEL
from bench.runtimes.specs import WorkloadSpec
from tests.fakes import FakeRuntime

DEAD, OTHER = "20261122T083105Z-quick", "20261122T083105Z-quick-2"


@pytest.fixture
def engine() -> FakeRuntime:
    """An engine with something of two runs, of the private builder's cache, and of somebody."""
    engine = FakeRuntime()
    owners: tuple[tuple[str, dict[str, str]], ...] = (
        ("dead", {LABEL: DEAD}),
        ("other", {LABEL: OTHER}),
        ("kept", {LABEL: "kept"}),
        ("theirs", {}),
    )
    for name, labels in owners:
        engine.present_images[name] = labels
        if name != "kept":
            engine.volumes.create(name, labels)
            engine.create(WorkloadSpec(image=name, name=name, labels=labels))
    return engine


def is_dead(run_id: str) -> bool:
    return run_id == DEAD


def test_what_that_run_made_goes_and_all_else_stays(engine):
    removed = remove_from(engine, is_dead)
    assert engine.leftovers == ["other", "theirs", "other", "theirs"]
    assert set(engine.present_images) == {"other", "kept", "theirs"}
    assert [one.partition(" ")[0] for one in removed] == ["container", "volume", "image"]
    assert all(one.endswith(f" of {DEAD}") for one in removed)


def test_images_may_stay(engine):
    remove_from(engine, is_dead, images=False)
    assert "dead" in engine.present_images


def test_the_builders_cache_is_nobodys_leftover(engine):
    remove_from(engine, lambda _: True)
    assert set(engine.present_images) == {"kept", "theirs"}


@pytest.fixture
def mounts(tmp_path) -> CgroupMounts:
    mounts = CgroupMounts(CgroupVersion.V1, {name: tmp_path / name for name in ("memory", "cpu")})
    for run_id in (DEAD, OTHER):
        for trial in ("t0001", "t0002-r3", "t0003.2", "t0004-r1.1", "t0005-my-db.1"):
            mounts.path("memory", f"container-bench/{run_id}-{trial}").mkdir(parents=True)
    mounts.path("cpu", f"container-bench/{DEAD}-t0009").mkdir(parents=True)
    return mounts


def test_cgroups_are_told_apart_by_the_run_that_their_trial_belongs_to(mounts):
    removed = remove_cgroups(mounts, is_dead)
    assert len(removed) == 6
    left = sorted(one.name for one in mounts.path("memory", "container-bench").iterdir())
    assert [name.removeprefix(OTHER) for name in left] == [
        "-t0001",
        "-t0002-r3",
        "-t0003.2",
        "-t0004-r1.1",
        "-t0005-my-db.1",
    ]


def test_a_host_without_cgroups_has_none_to_remove():
    assert remove_cgroups(None, is_dead) == []
