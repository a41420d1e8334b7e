"""Why a container ended, or did not get ready: counters, files and settings before words."""

from __future__ import annotations

import dataclasses
import os
import shutil
from collections import namedtuple
from typing import Any

import pytest

from bench.core.errors import EngineError
from bench.runtimes.specs import WorkloadSpec
from bench.scenario.model import Case
from bench.trial.cause.ending import FailedContainer, causes
from tests.fakes import FACTS, FakeRuntime, Script
from tests.trial.cause.container import files, setup

LIVES = FailedContainer(exit_code=None, kills=0, forks_refused=0, tasks_peak=None, output="")


def found(changes: dict[str, object] | None = None, *, free: int | None = None, **ending: Any):
    facts = dataclasses.replace(FACTS, is_local=free is not None, data_folder="/data")
    engine = FakeRuntime(Script(setup=setup("sh"), files=files()), facts=facts)
    made = engine.create(WorkloadSpec(image="x", name="x", labels={}))
    case = Case.model_validate({"image": "x", "ready": {"exit": True}} | (changes or {}))
    try:
        return causes(made, engine.info, case, dataclasses.replace(LIVES, **ending))
    finally:
        engine.end_all()


def test_nothing_is_named_where_nothing_is_known():
    assert found() == []
    assert found(exit_code=3) == []


def test_kills_for_memory_are_named_with_the_limit():
    (one,) = found({"limits": {"memory": "128m"}}, kills=69)
    assert one.words == "the kernel killed 69 processes of it for memory"
    assert "(128 MiB now)" in one.remedy


def test_forks_that_were_refused_are_named_with_the_limit():
    (one,) = found({"limits": {"pids": 20}}, forks_refused=1)
    assert one.words.endswith("the kernel refused 1 fork")
    assert "(20 now)" in one.remedy


@pytest.mark.parametrize(("peak", "count"), [(20, 1), (19, 0), (None, 0)])
def test_a_limit_that_was_reached_counts_where_the_refusals_were_not_seen(peak, count):
    said = "sh: can't fork: Resource temporarily unavailable"
    assert len(found({"limits": {"pids": 20}}, tasks_peak=peak, output=said)) == count


@pytest.mark.parametrize(
    ("changes", "output", "count"),
    [
        ({"read_only": True}, "touch: /x: Read-only file system", 1),
        ({"read_only": True}, "EROFS: read-only file system, open '/x'", 1),
        ({"volumes": ["./data:/data:ro"]}, "/data/x: Read-only file system", 1),
        ({}, "touch: /sys/x: Read-only file system", 0),
        ({"read_only": True}, "cannot find /srv/read-only file system/x", 0),
        ({"read_only": True}, "all is well", 0),
    ],
)
def test_a_read_only_file_system_is_named_where_one_is_asked_for(changes, output, count):
    assert [one.kind for one in found(changes, output=output)] == ["read_only"] * count


def test_a_full_file_system_in_memory_is_named_with_its_size():
    (one,) = found({"tmpfs": ["/data:size=1m"]}, output="dd: /data/x: No space left on device")
    assert "/data holds size=1m" in one.words
    assert "`tmpfs` at /data" in one.remedy


@pytest.mark.parametrize(("path", "count"), [("/proc", 1), ("/proc/", 1), ("/bin", 0), ("/x", 0)])
def test_only_what_the_kernel_calls_mounted_is_looked_at(monkeypatch, path, count):
    full = os.statvfs_result((4096, 4096, 16, 0, 0, 0, 0, 0, 0, 255))
    monkeypatch.setattr(os, "statvfs", lambda _: full)
    said = found({"tmpfs": [f"{path}:size=1m"]}, pid=os.getpid())
    assert len([one for one in said if "is full (size=1m)" in one.words]) == count


def test_a_path_that_reads_like_a_full_disk_is_none():
    assert found({"tmpfs": ["/d:size=1m"]}, output="no /no space left on device/x here") == []


def test_a_full_disk_of_the_engine_is_no_fault_of_the_image(monkeypatch):
    usage = namedtuple("usage", "total used free")  # noqa: PYI024 - as shutil has it
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(2**30, 2**30, 4096))
    with pytest.raises(EngineError, match="the engine's disk is full"):
        found(output="write: No space left on device", free=4096)
    assert found(output="write: something else", free=4096) == []
