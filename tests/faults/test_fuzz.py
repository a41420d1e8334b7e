"""Ten thousand broken scenarios and ten thousand broken journals: bench's own errors, or none.

The seed of a failure is in its message. `python -m tests.faults.test_fuzz scenario|journal SEED`
shows what that seed makes.
"""

from __future__ import annotations

import shutil
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from bench.core.errors import BenchError, ScenarioError
from bench.journal.lines import Lines
from bench.report.text.console import end_block
from bench.report.text.github import annotations_text
from bench.report.text.junit import junit_text
from bench.report.text.markdown import markdown_text
from bench.results.export import run_json
from bench.results.run import load_run
from bench.runner.history import read_history
from bench.runner.plan import check_trials, make_plan
from bench.scenario.loading.load import load_scenario
from bench.standard.checklist import load_checklist
from tests.faults.fuzz import broken_journal, broken_scenario
from tests.journals import CRASHED, Build, events
from tests.scenario.examples import EVERYTHING, QUICKSTART, prepare

ROOT = Path(__file__).parents[2]
EACH = 500
SEEDS = range(0, 10_000, EACH)


@cache
def scenario_texts() -> tuple[str, ...]:
    """The ready-made scenarios, and the examples that have every key."""
    ready_made = sorted((ROOT / "scenarios").glob("*.yaml"))
    return (QUICKSTART, EVERYTHING, *(path.read_text() for path in ready_made))


def name_of(text: str) -> str:
    return text.partition("\nname: ")[2].partition("\n")[0]


@cache
def scenario_trees(folder: Path) -> tuple[Any, ...]:
    trees = []
    for text in scenario_texts()[:2]:
        (folder / "whole.yaml").write_text(text)
        trees.append(load_scenario(folder / "whole.yaml").tree)
    return tuple(trees)


@cache
def journals() -> tuple[list[dict[str, Any]], ...]:
    """Made-up ones with every arm and with failures, and the first trials of a real one."""
    small = Build(rounds=1, samples_each=3, troubles={})
    failed = Build(rounds=2, samples_each=2, troubles=CRASHED, calibrate=False)
    real: list[dict[str, Any]] = []
    for event in Lines(ROOT / "reports" / "sample" / "events.jsonl").events():
        if event.get("trial_id", "t0000") <= "t0002" and event["event"] != "threads":
            few = {name: values[:3] for name, values in event.get("columns", {}).items()}
            real.append(event | {"columns": few} if few else event)
    return events(small), events(failed), real


def place_of_scenarios(folder: Path) -> Path:
    """Where all of them are good as long as nobody breaks them."""
    shutil.copytree(ROOT / "images", folder / "images")
    place = prepare(folder)
    for inner in (ROOT / "scenarios").iterdir():  # what they name beside themselves
        if inner.is_dir():
            shutil.copytree(inner, place / inner.name, dirs_exist_ok=True)
    return place


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return place_of_scenarios(tmp_path_factory.mktemp("fuzz"))


def read_scenario(path: Path) -> bool:
    """All that `bench validate` and `bench run --dry-run` do; whether it was taken."""
    try:
        loaded = load_scenario(path)
        name = loaded.scenario.checklist
        checks = check_trials(
            loaded.scenario, load_checklist(name, loaded.folder) if name else None
        )
        make_plan(loaded.scenario.cases, 1, checks=checks, calibrate=True)
    except ScenarioError as error:
        assert error.diagnostics  # noqa: PT017 - an error without a place is a failure too
        assert str(error).encode()  # noqa: PT017
        return False
    except BenchError as error:
        assert str(error).encode()  # noqa: PT017
        return False
    return True


def read_run(path: Path) -> bool:
    """All that is computed of a run and is not a picture; whether it was taken."""
    try:
        read_history(path)
        run = load_run(path)
        for make in (run_json, end_block, markdown_text, junit_text, annotations_text):
            (make(run) or "").encode()
        for frame in (run.trials, run.phases, run.layers, run.samples):
            assert frame is not None
    except BenchError as error:
        assert str(error).encode()  # noqa: PT017
        return False
    return True


@pytest.mark.parametrize("text", scenario_texts(), ids=name_of)
def test_what_is_not_broken_is_taken(folder, text):
    (folder / "whole.yaml").write_text(text)
    assert read_scenario(folder / "whole.yaml")


@pytest.mark.parametrize("first", SEEDS)
def test_a_broken_scenario_is_taken_or_refused_in_words(folder, first):
    taken = 0
    for seed in range(first, first + EACH):
        path = folder / f"broken-{first}.yaml"
        path.write_bytes(broken_scenario(seed, scenario_texts(), scenario_trees(folder)))
        try:
            taken += read_scenario(path)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the failure
            pytest.fail(f"seed {seed}: {type(error).__name__}: {error}")
    assert 0 < taken < EACH, "the changes are either harmless or all alike"


@pytest.mark.parametrize("first", SEEDS)
def test_a_broken_journal_is_read_or_refused_in_words(tmp_path, first):
    taken = 0
    for seed in range(first, first + EACH):
        (tmp_path / "events.jsonl").write_bytes(broken_journal(seed, journals()))
        try:
            taken += read_run(tmp_path)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the failure
            pytest.fail(f"seed {seed}: {type(error).__name__}: {error}")
    assert 0 < taken < EACH, "the changes are either harmless or all alike"


if __name__ == "__main__":
    import tempfile

    kind, number = sys.argv[1], int(sys.argv[2])
    with tempfile.TemporaryDirectory() as name:
        place = place_of_scenarios(Path(name))
        if kind == "scenario":
            (place / "broken.yaml").write_bytes(
                broken_scenario(number, scenario_texts(), scenario_trees(place))
            )
            read_scenario(place / "broken.yaml")
        else:
            (place / "events.jsonl").write_bytes(broken_journal(number, journals()))
            read_run(place)
