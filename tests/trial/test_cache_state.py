"""What is on the host when a trial starts."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from bench.core.capability import Capability
from bench.core.domain import CacheState
from bench.runtimes.process.runtime import ProcessRuntime
from bench.trial import cache_state as cachestate
from bench.trial.cache_state import CacheKeeper
from tests.fakes import FakeRuntime

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

REFERENCE = "127.0.0.1:5000/quick/web@sha256:1"


@pytest.fixture
def engine():
    engine = FakeRuntime()
    engine.present_images |= {REFERENCE: {}, "calibration": {}, "of-another-case": {}}
    return engine


@pytest.fixture
def drops(tmp_path, monkeypatch):
    """A file in the place of the kernel's; what is written there is all that happens."""
    file = tmp_path / "drop_caches"
    file.write_text("")
    monkeypatch.setattr(cachestate, "DROP_CACHES", file)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(os, "sync", lambda: None)
    return file


def keeper(
    engine: FakeRuntime,
    *,
    blob_path: Callable[[str], Path] | None = None,
) -> CacheKeeper:
    return CacheKeeper(engine, blob_path)


def test_cold_leaves_no_image_on_an_engine_of_benchs_own(engine, drops):
    keeper(engine).establish(CacheState.COLD, [REFERENCE], [])
    assert engine.present_images == {}


def test_cold_removes_only_its_own_image_from_somebodys_engine(engine, drops):
    engine.lacking[Capability.EXCLUSIVE_STORE] = "shared"
    keeper(engine).establish(CacheState.COLD, [REFERENCE], [])
    assert set(engine.present_images) == {"calibration", "of-another-case"}


@pytest.mark.parametrize("state", [CacheState.IMAGE, CacheState.WARM])
def test_the_other_states_have_the_image_and_touch_no_other(engine, drops, state):
    keeper(engine).establish(state, [REFERENCE], [])
    assert engine.pulls_of == []
    del engine.present_images[REFERENCE]
    keeper(engine).establish(state, [REFERENCE], [])
    assert engine.pulls_of == [REFERENCE]
    assert set(engine.present_images) == {REFERENCE, "calibration", "of-another-case"}


@pytest.mark.parametrize(
    ("state", "dropped"),
    [(CacheState.COLD, True), (CacheState.IMAGE, True), (CacheState.WARM, False)],
)
def test_the_page_cache_is_dropped_but_for_a_warm_trial(engine, drops, state, dropped):
    keeper(engine).establish(state, [REFERENCE], [])
    assert drops.read_text() == ("3\n" if dropped else "")


def test_without_root_it_is_left_as_it_is(engine, drops, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    one = keeper(engine)
    one.establish(CacheState.COLD, [REFERENCE], [])
    assert not one.drops_page_cache
    assert drops.read_text() == ""


def test_the_registrys_blobs_are_in_memory_again_before_a_cold_pull(engine, drops, tmp_path):
    read = []

    def blob_path(digest):
        read.append(digest)
        path = tmp_path / digest
        if digest != "gone":
            path.write_bytes(b"x" * 3_000_000)
        return path

    one = keeper(engine, blob_path=blob_path)
    one.establish(CacheState.COLD, [REFERENCE], ["a", "gone", "b"])
    assert read == ["a", "gone", "b"]
    one.establish(CacheState.IMAGE, [REFERENCE], ["c"])
    assert read == ["a", "gone", "b"]


def test_base_leaves_the_layers_of_the_base_alone(engine, drops):
    keeper(engine).establish(CacheState.BASE, [REFERENCE], [], "base@sha256:2")
    assert engine.present_images == {"base@sha256:2": {}}
    assert engine.pulls_of == ["base@sha256:2"]
    assert drops.read_text() == "3\n"


def test_cold_after_base_removes_the_base_from_somebodys_engine_too(engine, drops):
    engine.lacking[Capability.EXCLUSIVE_STORE] = "shared"
    one = keeper(engine)
    one.establish(CacheState.BASE, [REFERENCE], [], "base@sha256:2")
    one.establish(CacheState.COLD, [REFERENCE], [], "base@sha256:2")
    assert set(engine.present_images) == {"calibration", "of-another-case"}


@pytest.mark.parametrize(("state", "dropped"), [("image", "3\n"), ("warm", "")])
def test_of_a_plain_process_only_the_page_cache_counts(drops, state, dropped):
    CacheKeeper(ProcessRuntime()).establish(CacheState(state), [""], [])
    assert drops.read_text() == dropped
