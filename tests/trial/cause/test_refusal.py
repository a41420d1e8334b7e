"""Whose fault a refused start is: decided by what the image holds, not by words in a path."""

from __future__ import annotations

import dataclasses
import shutil
from collections import namedtuple

import pytest

from bench.core.errors import EngineRefusedError, EngineTimeoutError, NoProgramError
from bench.runtimes.docker.refusals import workload_fault
from bench.runtimes.images import ImageInfo
from bench.runtimes.specs import WorkloadSpec
from bench.trial.cause import disk
from bench.trial.cause.refusal import creation_cause, disk_error, image_cause
from tests.fakes import FACTS, FakeRuntime, Script
from tests.trial.cause.container import files, setup

STEPS = (
    "failed to create task for container: failed to create shim task: "
    "OCI runtime create failed: runc create failed: unable to start container process: "
)
SPEC = WorkloadSpec(image="web", name="web", labels={})


def refused(text: str, status: int = 400) -> EngineRefusedError:
    return EngineRefusedError(
        "c", f"the engine refused: {text}", status=status, fault=workload_fault(text)
    )


def cause_of(text: str, *command: str):
    engine = FakeRuntime(Script(setup=setup(*command), files=files()))
    return image_cause(engine.create(SPEC), "amd64", refused(text))


@pytest.mark.parametrize("path", ["/nope", "/mount/device", "/no space left/cgroup", "/network"])
def test_a_program_that_is_not_there_is_the_images_fault_whatever_it_is_called(path):
    found = cause_of(f'{STEPS}exec: "{path}": stat {path}: no such file or directory', path)
    assert found is not None
    assert found.words == f"there is no {path} in the image"


def test_the_words_of_the_engine_do_not_matter_where_the_files_say_it():
    assert cause_of("a sentence of an engine that nobody has seen before", "/nope") is not None


def test_a_program_that_is_fine_is_not_to_blame_for_a_mount_that_is_called_like_one():
    text = (
        f'{STEPS}error during container init: error mounting "/exec: \\"x\\": not found" to rootfs'
    )
    assert cause_of(text, "sh") is None


def test_what_no_file_tells_is_told_by_the_step_the_runtime_was_at():
    found = cause_of(f'{STEPS}exec: "sh": too many levels of symbolic links: unknown', "sh")
    assert found is not None
    assert found.kind == "refused"
    assert found.words.endswith('exec: "sh": too many levels of symbolic links: unknown')


def test_an_engine_that_cannot_be_asked_leaves_it_to_the_step():
    engine = FakeRuntime(Script(setup=setup("/nope"), files=files()))
    engine.trouble("file", EngineTimeoutError("c", "the engine did not answer in time"))
    made = engine.create(SPEC)
    assert image_cause(made, "amd64", refused("the disk is on fire", 500)) is None


def test_a_plain_process_without_a_program_is_to_blame_itself():
    error = NoProgramError(
        "serve", "serve: executable file not found", "write its path", status=400
    )
    found = image_cause(FakeRuntime().workload("p"), "amd64", error)
    assert found is not None
    assert found.remedy == "write its path"


def with_config(**config: object) -> FakeRuntime:
    """An engine whose image has this configuration."""
    engine = FakeRuntime(Script(files=files()))
    engine.image = ImageInfo("sha256:1", config=config)
    return engine


@pytest.mark.parametrize(
    ("config", "changes", "words"),
    [
        ({}, {}, "says what to run"),
        ({"Cmd": ["sh"]}, {"working_dir": "app"}, "working folder app is no absolute path"),
        ({"Cmd": ["sh"], "WorkingDir": "/app/run/x"}, {}, "/app/run is a file"),
    ],
)
def test_what_cannot_be_created_for_its_image_or_its_case_is_their_fault(config, changes, words):
    engine = with_config(**config)
    found = creation_cause(engine, dataclasses.replace(SPEC, **changes))
    assert found is not None
    assert words in found.words
    assert engine.leftovers == []


@pytest.mark.parametrize(
    ("config", "changes"),
    [
        ({"Entrypoint": ["sh"], "WorkingDir": "/app"}, {}),
        ({}, {"command": ("sh",), "working_dir": "/app/new/folder"}),
    ],
)
def test_an_image_that_can_be_created_is_not_to_blame(config, changes):
    engine = with_config(**config)
    assert creation_cause(engine, dataclasses.replace(SPEC, **changes)) is None


def test_a_refusal_on_a_full_disk_says_so(monkeypatch):
    usage = namedtuple("usage", "total used free")  # noqa: PYI024 - as shutil has it
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(2**30, 2**30, 2**20))
    facts = dataclasses.replace(FACTS, is_local=True, data_folder="/var/lib/docker")
    error = disk_error(FakeRuntime(facts=facts), refused("no space left on device", 500))
    assert error is not None
    assert "1.00 MiB free in /var/lib/docker" in error.cause
    assert "free some disk space" in error.remedy
    assert disk.full_disk(dataclasses.replace(facts, is_local=False)) is None
