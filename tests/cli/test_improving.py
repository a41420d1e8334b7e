"""What `bench improve` makes of the trials of variants: broken, working, or not to be told."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from bench.cli import improving, measuring
from bench.cli.improving import _Improvement
from bench.cli.measuring import RunOptions
from bench.core.domain import TrialStatus
from bench.core.errors import EngineError
from bench.dockerfile.mends.sources import read_sources
from bench.improve.cases import Basis
from bench.scenario.loading.load import scenario_from_tree
from tests.judge.build import trial

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def tried(tmp_path, monkeypatch):
    """What is found of an image whose one trial ended so."""
    dockerfile: Path = tmp_path / "Dockerfile"
    dockerfile.write_text("FROM a:1\n")

    def call(
        status: TrialStatus,
        failed_images: dict[str, str] | None = None,
        faultless: frozenset[str] = frozenset(),
    ) -> dict[str, str]:
        one = dataclasses.replace(
            trial(0, case="improved", figures={}), status=status, reason="because"
        )
        run: Any = SimpleNamespace(
            results=[one], failed_images=failed_images or {}, faultless_images=faultless
        )
        monkeypatch.setattr(
            measuring, "start", lambda *_: SimpleNamespace(interrupted=0, folder=tmp_path)
        )
        monkeypatch.setattr(improving, "load_run", lambda _: run)
        tree = {
            "version": 1,
            "name": "s",
            "cases": {"image": {"build": {"context": str(tmp_path)}}},
        }
        say: Any = SimpleNamespace(say=lambda _: None)
        settings = RunOptions(tmp_path, engine=None, progress=say)
        basis = Basis(scenario_from_tree(tree, "Dockerfile"), "image", 1)
        sources = read_sources(dockerfile, tmp_path)
        improvement = _Improvement(dockerfile, basis, settings, tmp_path / "work")
        return improvement._failures({"improved": sources})

    return call


def test_an_image_that_gets_ready_works(tried):
    assert tried(TrialStatus.OK) == {}


def test_one_that_fails_or_is_not_built_does_not(tried):
    assert tried(TrialStatus.FAILED) == {"improved": "because"}
    assert tried(TrialStatus.OK, {"improved": "no such base"}) == {"improved": "no such base"}


def test_an_image_that_bench_or_the_builder_could_not_make_breaks_no_mend(tried):
    with pytest.raises(EngineError, match="could not be tried: disk full"):
        tried(TrialStatus.OK, {"improved": "disk full"}, frozenset({"improved"}))


@pytest.mark.parametrize("status", [TrialStatus.INVALID, TrialStatus.ERROR])
def test_a_trial_that_says_nothing_of_the_image_breaks_no_mend(status, tried):
    with pytest.raises(EngineError, match="could not be tried: because"):
        tried(status)
