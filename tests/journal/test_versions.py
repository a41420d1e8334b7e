"""Run folders of every version are read for ever, with the figures that they had."""

from __future__ import annotations

import gzip
import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from bench.journal.lines import Lines
from bench.journal.upgrade import STEPS
from bench.journal.writer import FILE_NAME, SCHEMA_VERSION
from bench.results.listing import list_runs
from bench.results.run import Run, load_run
from tests.journals import events, write_events
from tests.results.test_load import SMALL

if TYPE_CHECKING:
    from collections.abc import Callable

KEPT = Path(__file__).parent / "runs"
VERSIONS = [f"v{version}" for version in range(1, SCHEMA_VERSION + 1)]


def kept(version: str, folder: Path) -> Run:
    """The run of a version, in a folder of its own."""
    (folder / FILE_NAME).write_bytes(
        gzip.decompress((KEPT / version / "events.jsonl.gz").read_bytes())
    )
    return load_run(folder)


def without_checksums(run: Run, folder: Path) -> Run:
    """The same run as version 1 would have written it."""
    made = list(Lines(run.folder / FILE_NAME).events())
    made[0]["schema_version"] = 1
    folder.mkdir()
    (folder / FILE_NAME).write_text("".join(f"{json.dumps(one)}\n" for one in made))
    return load_run(folder)


def test_every_version_has_a_run_that_is_kept_and_a_step_to_the_next():
    assert sorted(one.name for one in KEPT.iterdir() if one.is_dir()) == VERSIONS
    assert sorted(STEPS) == list(range(1, SCHEMA_VERSION))


@pytest.mark.parametrize("version", VERSIONS)
def test_a_kept_run_has_the_figures_that_it_had(tmp_path, version):
    run = kept(version, tmp_path)
    figures = pd.read_csv(KEPT / version / "trials.csv")
    pd.testing.assert_frame_equal(run.trials[list(figures.columns)], figures, check_dtype=False)
    (entry,) = [one for one in list_runs(tmp_path.parent) if one.folder == tmp_path]
    assert (entry.run_id, entry.problem) == (run.run_id, "")


def test_what_version_1_cannot_say_is_a_note(tmp_path):
    (note,) = kept("v1", tmp_path).notes
    assert "carry no checksums" in note


def test_the_same_run_has_the_same_figures_in_each_version(tmp_path):
    new = kept("v2", tmp_path)
    old = without_checksums(new, tmp_path / "old")
    pd.testing.assert_frame_equal(old.trials, new.trials)
    assert old.verdicts == new.verdicts
    assert old.exit_code == new.exit_code


def changed_scenario(folder: Path, change: Callable[[dict[str, Any]], None]) -> Run:
    made = json.loads(json.dumps(events(SMALL)))
    change(made[0]["scenario"])
    return load_run(write_events(folder, made))


def test_fields_of_a_scenario_that_a_later_bench_knows_are_left_out_with_a_note(tmp_path):
    def change(tree: dict[str, Any]) -> None:
        tree["colour"] = "red"
        tree["cases"]["good"]["mood"] = {"is": "fine"}
        tree["cases"]["good"]["ready"]["http"]["hue"] = 7

    plain, other = (
        changed_scenario(tmp_path / "a", lambda _: None),
        changed_scenario(tmp_path / "b", change),
    )
    pd.testing.assert_frame_equal(plain.trials, other.trials)
    assert plain.verdicts == other.verdicts
    (note,) = other.notes
    assert "fields that this bench does not know: " in note
    assert all(name in note for name in ("colour", "cases.good.mood", "hue"))
    assert other.header.scenario["colour"] == "red"


def test_a_kept_run_is_listed_from_a_copy_too(tmp_path):
    kept("v2", tmp_path)
    shutil.copytree(tmp_path, tmp_path.parent / "copy-of-it")
    assert load_run(tmp_path.parent / "copy-of-it").exit_code == load_run(tmp_path).exit_code
