"""Folders of small runs, and recorded runs without a journal, for the tests of histories."""

from __future__ import annotations

import dataclasses
import datetime as dt
import random
from typing import TYPE_CHECKING, Any

from bench.results.history import RecordedRuns
from bench.results.run_figures import Gap, RecordedRun, Sample
from tests.journals import GOOD, SHAPES, Build, Trouble, write_journal

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

BEGUN = dt.datetime(2026, 1, 1, 8, tzinfo=dt.UTC)
CRASHED = Trouble("failed", "exited with code 1 before it was ready")


def at(number: int) -> str:
    return (BEGUN + dt.timedelta(days=number)).isoformat()


def run_name(number: int, scenario: str = "shop") -> str:
    return f"{BEGUN + dt.timedelta(days=number):%Y%m%dT%H%M%SZ}-{scenario}"


def write_run(
    out: Path, number: int, *, ready_s: float = 1.35, crashed: int = 0, **build: Any
) -> Path:
    """A run of one case and six trials, the first `crashed` of which failed."""
    name = run_name(number)
    shapes = SHAPES | {"good": dataclasses.replace(GOOD, ready_s=ready_s)}
    header = {"at": at(number), "run_id": name} | build.pop("header", {})
    small = Build(
        cases=("good",),
        calibrate=False,
        need=False,
        cut=False,
        replicas=(),
        samples_each=2,
        troubles={("good", one, 0): CRASHED for one in range(crashed)},
        shapes=shapes,
        scenario={"name": "shop", **build.pop("scenario", {})},
        header=header,
        seed=number,
    )
    return write_journal(out / name, dataclasses.replace(small, **build))


def recorded(
    levels: Sequence[float | None],
    *,
    scenario: str = "shop",
    case: str = "web",
    metric: str = "ready_s",
    state: tuple[str, str] = ("cold", "fit"),
    circumstances: Sequence[dict[str, str]] = (),
    trials: int = 6,
    first: int = 0,
    **run: Any,
) -> RecordedRuns:
    """A run for each level, whose trials scatter a little; None where the case failed."""
    rng = random.Random(scenario + case + metric)
    runs, samples = [], {}
    for place, level in enumerate(levels):
        number = first + place
        name = run_name(number, scenario)
        how = circumstances[place] if circumstances else {"engine version": "26.1"}
        gaps = () if level is not None else (Gap(case, *state, "6 of 6 trials failed"),)
        runs.append(RecordedRun(name, name, at(number), scenario, {case: how}, gaps, **run))
        if level is not None:
            values = tuple(level * (1 + 0.02 * rng.uniform(-1, 1)) for _ in range(trials))
            samples[name] = [Sample(case, *state, metric, values, 0, 0.005)]
    return RecordedRuns(tuple(runs), samples)


def together(parts: Iterable[RecordedRuns]) -> RecordedRuns:
    """The runs of all of them, those of one folder merged."""
    runs: dict[str, RecordedRun] = {}
    samples: dict[str, list[Sample]] = {}
    for part in parts:
        for run in part.runs:
            before = runs.get(run.folder)
            cases = {**(before.cases if before else {}), **run.cases}
            gaps = (*(before.gaps if before else ()), *run.gaps)
            runs[run.folder] = dataclasses.replace(run, cases=cases, gaps=gaps)
        for name, own in part.samples.items():
            samples.setdefault(name, []).extend(own)
    ordered = sorted(runs.values(), key=lambda run: (run.at, run.folder))
    return RecordedRuns(tuple(ordered), samples)
